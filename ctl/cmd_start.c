/* SPDX-License-Identifier: Apache-2.0 */
/*
 * eunomiactl start: finds the package here, hands it to the agent and prints the slot's name. A
 * name that is not installed here is left to the agent, whose trackers may be others.
 */
#include "cmd_settings.h"
#include "cmd_slot.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "base/str.h"
#include "source.h"

#include <assert.h>

const struct option_row cmd_start_options[] = { { 0 } };

/*
 * Words of the command line as protobuf-c wants them: it packs requests without writing to them,
 * but its types are not const.
 */
static char **as_strings(const char *const *words)
{
	return (char **)(uintptr_t)words;
}

/*
 * The agent sees no file name, so what has no name of its own gets it from its file here. A package
 * that does not parse is sent all the same: the agent's word counts.
 *
 * Return: the name, "" to leave it to the agent; free() it; NULL if there is no memory.
 */
static char *choose_name(const struct ctl *ctl, const struct source *source)
{
	struct eun_package *package = NULL;
	char *name;

	if (ctl->options.name)
		return strdup(ctl->options.name);
	if (!source->name || !eun_slot_name_is_valid(source->name) ||
	    eun_package_parse(source->data.data, source->data.len, source->name, &package, NULL) <
		0)
		return strdup("");
	name = strdup(eub_streq(eun_package_get_name(package), source->name) ? source->name : "");
	eun_package_free(package);
	return name;
}

static int call_start(struct ctl *ctl, const struct source *source,
		      const struct eun_setting *settings, Eunomia__V1__SlotReply **ret_reply,
		      struct eun_error *err)
{
	Eunomia__V1__StartRequest request;
	const struct options *options = &ctl->options;
	size_t n = options->settings.n;
	_cleanup_(eub_freep) Eunomia__V1__Setting *list = calloc(n + 1, sizeof(*list));
	_cleanup_(eub_freep) Eunomia__V1__Setting **pointers = calloc(n + 1, sizeof(void *));
	_cleanup_(eub_freep) char *name = choose_name(ctl, source);

	if (!list || !pointers || !name)
		return eub_error_no_memory(err);
	for (size_t i = 0; i < n; i++) {
		eunomia__v1__setting__init(&list[i]);
		list[i].key = *as_strings(&settings[i].key);
		list[i].value = *as_strings(&settings[i].value);
		pointers[i] = &list[i];
	}
	eunomia__v1__start_request__init(&request);
	if (source->tracker) {
		request.tracker = source->tracker;
	} else {
		request.package.data = (uint8_t *)source->data.data;
		request.package.len = source->data.len;
	}
	request.name = name;
	request.settings = pointers;
	request.n_settings = n;
	request.args = as_strings(ctl->arguments.tail);
	request.n_args = ctl->arguments.n_tail;
	request.types = as_strings(options->types.items);
	request.n_types = options->types.n;
	request.ring_bytes = options->ring_bytes;
	return slot_call(ctl, "/eunomia.v1.Trackers/Start", &request.base, ret_reply, err);
}

static int start(struct ctl *ctl, const char *spec, Eunomia__V1__SlotReply **ret_reply,
		 struct eun_error *err)
{
	_cleanup_(eub_freep) struct eun_setting *settings = NULL;
	struct source source = { 0 };
	int r = settings_parse(&ctl->options.settings, &settings, err);

	if (r == 0)
		r = source_load(spec, SOURCE_MAY_BE_REMOTE, &source, err);
	if (r == 0)
		r = call_start(ctl, &source, settings, ret_reply, err);
	source_done(&source);
	return r;
}

enum ctl_exit cmd_start(struct ctl *ctl)
{
	const char *spec = ctl->arguments.positional.items[0];
	struct eun_error err = EUN_ERROR_INIT;
	Eunomia__V1__SlotReply *reply = NULL;
	enum ctl_exit status;

	if (start(ctl, spec, &reply, &err) < 0) {
		status = ctl_fail(ctl, ctl->options.name ? ctl->options.name : spec, &err);
	} else {
		assert(reply);
		for (size_t i = 0; i < reply->slot->n_notes; i++)
			ctl_remark(ctl, "note: %s", reply->slot->notes[i]);
		status = record_print(ctl, &slot_kind, reply->slot);
		eunomia__v1__slot_reply__free_unpacked(reply, NULL);
	}
	eun_error_done(&err);
	return status;
}
