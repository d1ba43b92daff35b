/* SPDX-License-Identifier: Apache-2.0 */
/* From the command line to the engine's options, once for all commands that need it. */
#include "cmd_engine.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "cmd_settings.h"
#include "source.h"

#include <string.h>

EUB_DEFINE_CLEANUP(struct eun_package *, eun_package_free);

int engine_read_package(const char *spec, struct eun_package **ret_package, struct eun_error *err)
{
	struct source source = { 0 };
	int r = source_load(spec, 0, &source, err);

	if (r == 0)
		r = eun_package_parse(source.data.data, source.data.len, source.name, ret_package,
				      err);
	source_done(&source);
	return r;
}

/* @settings outlives the options, which borrow everything. */
static struct eun_slot_options make_options(const struct ctl *ctl,
					    const struct eun_setting *settings)
{
	const struct options *options = &ctl->options;

	return (struct eun_slot_options){
		.size = sizeof(struct eun_slot_options),
		.name = options->name,
		.settings = settings,
		.n_settings = options->settings.n,
		.args = ctl->arguments.tail,
		.n_args = ctl->arguments.n_tail,
		.types = options->types.items,
		.n_types = options->types.n,
		.ring_bytes = options->ring_bytes,
		.attach = options->attach.items,
		.n_attach = options->attach.n,
	};
}

/*
 * Reads what a slot is made of. @ret_settings and @ret_package are the caller's to release also
 * after a failure; the options borrow the settings.
 */
static int prepare(const struct ctl *ctl, const char *spec, struct eun_setting **ret_settings,
		   struct eun_package **ret_package, struct eun_slot_options *ret_options,
		   struct eun_error *err)
{
	int r = settings_parse(&ctl->options.settings, ret_settings, err);

	if (r == 0)
		r = engine_read_package(spec, ret_package, err);
	if (r == 0)
		*ret_options = make_options(ctl, *ret_settings);
	return r;
}

int engine_new_slot(const struct ctl *ctl, struct eun_engine *engine, const char *spec,
		    struct eun_slot **ret_slot, struct eun_error *err)
{
	_cleanup_(eub_freep) struct eun_setting *settings = NULL;
	_cleanup_(eun_package_freep) struct eun_package *package = NULL;
	struct eun_slot_options options;
	int r = prepare(ctl, spec, &settings, &package, &options, err);

	if (r == 0)
		r = eun_slot_new(engine, package, &options, ret_slot, err);
	if (r < 0)
		return r;
	package = NULL; /* the slot's now */
	return 0;
}

int engine_check(const struct ctl *ctl, struct eun_engine *engine, const char *spec,
		 char **ret_name, struct eun_error *err)
{
	_cleanup_(eub_freep) struct eun_setting *settings = NULL;
	_cleanup_(eun_package_freep) struct eun_package *package = NULL;
	struct eun_slot_options options;
	int r = prepare(ctl, spec, &settings, &package, &options, err);

	if (r == 0)
		r = eun_package_check(engine, package, &options, err);
	if (r < 0)
		return r;
	*ret_name = strdup(eun_package_get_name(package));
	return *ret_name ? 0 : eub_error_no_memory(err);
}
