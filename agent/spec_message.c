/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Everything is copied, because the client may go while a job works on the spec. A bare object file
 * has no name of its own: it gets the slot's, or the installed tracker's.
 */
#include "spec_message.h"

#include "base/cleanup.h"
#include "base/error.h"

#include <eunomia/package.h>

#include "eunomia/v1/eunomia.pb-c.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int add_texts(struct spec *spec, struct spec_list *list, char **texts, size_t n,
		     struct eun_error *err)
{
	int r = 0;

	for (size_t i = 0; i < n && r == 0; i++)
		r = spec_add(spec, list, texts[i], err);
	return r;
}

static int add_options(struct spec *spec, const Eunomia__V1__StartRequest *message,
		       struct eun_error *err)
{
	int r = add_texts(spec, &spec->args, message->args, message->n_args, err);

	if (r == 0)
		r = add_texts(spec, &spec->types, message->types, message->n_types, err);
	if (r == 0)
		r = add_texts(spec, &spec->attach, message->attach, message->n_attach, err);
	for (size_t i = 0; i < message->n_settings && r == 0; i++)
		r = spec_set(spec, message->settings[i]->key, message->settings[i]->value, err);
	if (message->ring_bytes > 0)
		spec->ring_bytes = message->ring_bytes;
	return r;
}

static int find_tracker(const struct config *config, const char *tracker, char **ret_path,
			struct eun_error *err)
{
	int r = eun_tracker_find(config->trackers_dir, tracker, ret_path, err);

	if (r == -ENOENT && !err->hint[0])
		eun_error_set_hint(err, "'eunomiactl info' lists the installed trackers");
	return r;
}

/* Bytes, or the path of an installed tracker's file. */
static int add_source(struct spec *spec, const Eunomia__V1__StartRequest *message,
		      const struct config *config, struct eun_error *err)
{
	const char *name = message->tracker[0] ? message->tracker : message->name;

	if (name[0]) {
		spec->package_name = strdup(name);
		if (!spec->package_name)
			return eub_error_no_memory(err);
	}
	if (message->tracker[0])
		return find_tracker(config, message->tracker, &spec->package_path, err);
	eub_buf_append(&spec->package, message->package.data, message->package.len);
	return spec->package.has_failed ? eub_error_no_memory(err) : 0;
}

int spec_from_message(struct spec *spec, const Eunomia__V1__StartRequest *message,
		      const struct config *config, enum spec_package_rule rule,
		      struct eun_error *err)
{
	int n_sources = (message->tracker[0] != '\0') + (message->package.len > 0);
	int r;

	if (n_sources > 1 || (n_sources == 0 && rule == SPEC_PACKAGE_NEEDED))
		return eun_error_set(err, -EINVAL, EUN_REASON_INVALID_ARGUMENT,
				     "a start needs a package or the name of a tracker, and not "
				     "both");
	r = n_sources > 0 ? add_source(spec, message, config, err) : 0;
	return r < 0 ? r : add_options(spec, message, err);
}
