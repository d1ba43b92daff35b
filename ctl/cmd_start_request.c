/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the command line to a StartRequest. protobuf-c packs requests without writing to them, but
 * its types are not const: what is borrowed here is only read.
 */
#include "cmd_start_request.h"

#include "base/error.h"
#include "base/str.h"
#include "cmd_settings.h"

/* Words of the command line as protobuf-c wants them. */
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

static int set_settings(struct start_request *request, const struct words *words,
			struct eun_error *err)
{
	size_t n = words->n;
	int r = settings_parse(words, &request->parsed_settings, err);

	if (r < 0)
		return r;
	request->settings = calloc(n + 1, sizeof(*request->settings));
	request->setting_pointers = calloc(n + 1, sizeof(*request->setting_pointers));
	if (!request->settings || !request->setting_pointers)
		return eub_error_no_memory(err);
	for (size_t i = 0; i < n; i++) {
		eunomia__v1__setting__init(&request->settings[i]);
		request->settings[i].key = *as_strings(&request->parsed_settings[i].key);
		request->settings[i].value = *as_strings(&request->parsed_settings[i].value);
		request->setting_pointers[i] = &request->settings[i];
	}
	request->message.settings = request->setting_pointers;
	request->message.n_settings = n;
	return 0;
}

static int set_package(struct start_request *request, const char *spec, struct eun_error *err)
{
	Eunomia__V1__StartRequest *message = &request->message;
	int r = source_load(spec, SOURCE_MAY_BE_REMOTE, &request->source, err);

	if (r < 0)
		return r;
	if (request->source.tracker)
		message->tracker = request->source.tracker;
	message->package.data = (uint8_t *)request->source.data.data;
	message->package.len = request->source.data.len;
	return 0;
}

static void set_options(struct start_request *request, const struct ctl *ctl)
{
	Eunomia__V1__StartRequest *message = &request->message;
	const struct options *options = &ctl->options;

	message->args = as_strings(ctl->arguments.tail);
	message->n_args = ctl->arguments.n_tail;
	message->types = as_strings(options->types.items);
	message->n_types = options->types.n;
	message->attach = as_strings(options->attach.items);
	message->n_attach = options->attach.n;
	message->ring_bytes = options->ring_bytes;
	message->enable = options->is_enabling;
	if (options->budget_events == 0 && options->budget_bytes == 0)
		return;
	eunomia__v1__budget__init(&request->budget);
	request->budget.events_per_second = options->budget_events;
	request->budget.bytes_per_second = options->budget_bytes;
	message->budget = &request->budget;
}

int start_request_init(struct start_request *request, const struct ctl *ctl, const char *spec,
		       const char *name, struct eun_error *err)
{
	int r;

	*request = (struct start_request){ 0 };
	eunomia__v1__start_request__init(&request->message);
	set_options(request, ctl);
	r = set_settings(request, &ctl->options.settings, err);
	if (r == 0 && spec)
		r = set_package(request, spec, err);
	if (r < 0)
		return r;
	request->name = name ? strdup(name) : choose_name(ctl, &request->source);
	if (!request->name)
		return eub_error_no_memory(err);
	request->message.name = request->name;
	return 0;
}

void start_request_done(struct start_request *request)
{
	source_done(&request->source);
	free(request->settings);
	free(request->setting_pointers);
	free(request->parsed_settings);
	free(request->name);
	*request = (struct start_request){ 0 };
}
