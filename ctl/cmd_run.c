/* SPDX-License-Identifier: Apache-2.0 */
/*
 * eunomiactl run: the engine in the foreground, without an agent. One slot, one thread; events are
 * formatted by the library straight into the output buffer, which is written after each turn of
 * the engine or when it is full. SIGINT and SIGTERM end the loop; taking the slot out closes its
 * gate, hands up what its rings hold and detaches.
 */
#include <eunomia/engine.h>

#include "base/clock.h"
#include "base/error.h"
#include "cmd_engine.h"
#include "ctl.h"
#include "events_output.h"
#include "ctl_limits.h"
#include "stop_signal.h"

#include <inttypes.h>

const struct option_row cmd_run_options[] = { { 0 } };

static const enum eun_format formats[_OUTPUT_FORMAT_MAX] = {
	[OUTPUT_TEXT] = EUN_FORMAT_TEXT,
	[OUTPUT_JSONL] = EUN_FORMAT_JSON,
	[OUTPUT_RAW_JSON] = EUN_FORMAT_RAW_JSON,
	[OUTPUT_RAW] = EUN_FORMAT_RAW,
};

/* An event type of the slot. */
struct run_source {
	const struct eun_schema *schema; /* the slot's */
	struct event_source lines;
};

/* What a run owns beside the engine. */
struct run {
	const struct ctl *ctl;
	enum eun_format format;
	struct events_output out;
	struct run_source *sources;
	size_t n_sources;
	size_t last; /* source of the event before: mostly that of the next, too */
};

static const struct event_source *find_source(struct run *run, const struct eun_schema *schema)
{
	if (run->sources[run->last].schema == schema)
		return &run->sources[run->last].lines;
	for (size_t i = 0; i < run->n_sources; i++) {
		if (run->sources[i].schema == schema) {
			run->last = i;
			return &run->sources[i].lines;
		}
	}
	return NULL;
}

/* Formats into the free room of @buf; once more if that was too small. */
static void append_event(struct eub_buf *buf, const struct eun_event *event, enum eun_format format)
{
	size_t room = buf->cap - buf->len;
	size_t n = eun_event_format(event, format, room > 0 ? buf->data + buf->len : NULL, room);

	if (n > room) {
		if (eub_buf_reserve(buf, n) < 0)
			return; /* remembered in buf->has_failed */
		n = eun_event_format(event, format, buf->data + buf->len, n);
	}
	buf->len += n;
}

static void on_event(struct eun_slot *slot, const struct eun_event *event, void *userdata)
{
	struct run *run = userdata;
	const struct event_source *source = find_source(run, event->schema);

	(void)slot; /* there is one */
	if (!source || events_output_is_over(&run->out))
		return;
	events_output_begin(&run->out, source, event->seq, event->time_wall_ns);
	append_event(&run->out.buf, event, run->format);
	events_output_end(&run->out);
}

static void on_lost(struct eun_slot *slot, uint64_t count, const char *reason, void *userdata)
{
	struct run *run = userdata;
	const struct event_loss loss = {
		.slot = eun_slot_get_name(slot),
		.count = count,
		.reason = reason,
		.time_wall_ns = eub_clock_wall_ns(),
	};

	/* In other forms the end tells the sum: a flood of losses must not fill the terminal. */
	if (run->ctl->output == OUTPUT_JSONL && !events_output_is_over(&run->out))
		events_output_lost(&run->out, &loss);
}

static int make_sources(struct run *run, const struct eun_slot *slot, struct eun_error *err)
{
	size_t n = 0;

	while (eun_slot_get_schema(slot, n))
		n++;
	run->sources = calloc(n + 1, sizeof(*run->sources));
	for (size_t i = 0; i < n && run->sources; i++) {
		const struct eun_schema *schema = eun_slot_get_schema(slot, i);

		if (event_source_init(&run->sources[i].lines, eun_slot_get_name(slot),
				      eun_slot_get_generation(slot), eun_schema_get_name(schema),
				      eun_schema_get_text_header(schema)) < 0)
			break;
		run->sources[i].schema = schema;
		run->n_sources++;
	}
	if (!run->sources || run->n_sources < n)
		return eub_error_no_memory(err);
	return 0;
}

static void run_done(struct run *run)
{
	for (size_t i = 0; i < run->n_sources; i++)
		event_source_done(&run->sources[i].lines);
	free(run->sources);
	events_output_done(&run->out);
}

/* Turns until a bound is reached, a signal comes, or writing fails. */
static int loop(struct run *run, struct eun_engine *engine, struct eun_error *err)
{
	uint64_t deadline_ns = UINT64_MAX;

	if (run->ctl->options.timeout_ms > 0)
		deadline_ns =
		    eub_clock_mono_ns() + (uint64_t)run->ctl->options.timeout_ms * 1000000u;
	while (!events_output_is_over(&run->out) && !stop_signal_came()) {
		int wait_ms = stop_signal_get_wait_ms(deadline_ns);
		int r;

		if (wait_ms == 0)
			break;
		r = eun_engine_poll(engine, wait_ms);
		if (r < 0 && r != -EINTR)
			return eun_error_set(err, r, EUN_REASON_INTERNAL,
					     "waiting for events failed: %s", strerror(-r));
		(void)events_output_flush(&run->out); /* the loop looks at out.error */
	}
	return 0;
}

static void tell_losses(const struct run *run, struct eun_slot *slot)
{
	const char *name = eun_slot_get_name(slot);
	struct eun_slot_stats stats;

	eun_slot_get_stats(slot, &stats);
	if (stats.lost > 0)
		ctl_remark(run->ctl, "'%s' lost %" PRIu64 " events of %" PRIu64, name, stats.lost,
			   stats.lost + stats.events);
	if (stats.ring_full > 0)
		ctl_remark(run->ctl,
			   "'%s' found its ring full %" PRIu64 " times: events may be missing",
			   name, stats.ring_full);
}

/* Everything between loading and detaching. */
static int run_slot(struct run *run, struct eun_engine *engine, struct eun_slot *slot,
		    struct eun_error *err)
{
	int r = make_sources(run, slot, err);

	if (r == 0)
		r = eun_engine_add(engine, slot, err);
	if (r < 0) {
		eun_slot_free(slot);
		return r;
	}
	for (size_t i = 0; eun_slot_get_note(slot, i); i++)
		ctl_remark(run->ctl, "note: %s", eun_slot_get_note(slot, i));
	if (run->n_sources == 1)
		events_output_announce(&run->out, &run->sources[0].lines);
	(void)events_output_flush(&run->out); /* the loop looks at out.error */
	r = loop(run, engine, err);
	slot = eun_engine_remove(engine, slot);
	(void)events_output_flush(&run->out); /* looked at by the caller */
	tell_losses(run, slot);
	eun_slot_free(slot);
	return r;
}

static int run_package(struct run *run, const char *spec, struct eun_error *err)
{
	const struct eun_engine_options options = {
		.size = sizeof(options),
		.on_event = on_event,
		.on_lost = on_lost,
		.userdata = run,
	};
	struct eun_engine *engine = NULL;
	struct eun_slot *slot = NULL;
	int r = eun_engine_new(&options, &engine, err);

	if (r == 0)
		r = engine_new_slot(run->ctl, engine, spec, &slot, err);
	if (r == 0)
		r = run_slot(run, engine, slot, err);
	eun_engine_free(engine);
	if (r == 0 && run->out.error < 0 && run->out.error != -EPIPE)
		r = eun_error_set(err, run->out.error, EUN_REASON_IO,
				  "cannot write to standard output: %s", strerror(-run->out.error));
	return r;
}

enum ctl_exit cmd_run(struct ctl *ctl)
{
	const char *spec = ctl->arguments.positional.items[0];
	struct eun_error err = EUN_ERROR_INIT;
	enum ctl_exit status = CTL_EXIT_OK;
	struct run run = {
		.ctl = ctl,
		.format = formats[ctl->output],
		.out = {
			.format = ctl->output,
			.has_no_headers = ctl->options.has_no_headers,
			.limit = ctl->options.count,
		},
	};

	stop_signal_catch();
	if (events_output_check(ctl->output, &err) < 0 || run_package(&run, spec, &err) < 0)
		status = ctl_fail(ctl, spec, &err);
	run_done(&run);
	eun_error_done(&err);
	return status;
}
