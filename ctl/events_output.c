/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See events_output.h. The constant parts of a JSON line are made once per event type, so an event
 * costs a time stamp, a number, three copies and its body. A failed write is kept in out->error:
 * the callers run inside callbacks of the engine and look once per turn.
 *
 * Bodies in text and JSON come from the library's formatter, here or in the agent, which escapes
 * hostile bytes; they are copied as they are.
 */
#include "events_output.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/str.h"
#include "ctl_limits.h"

void event_source_done(struct event_source *source)
{
	free(source->slot);
	free(source->type);
	free(source->header);
	free(source->before);
	free(source->after);
	*source = (struct event_source){ 0 };
}

static char *make_before(const char *slot, uint32_t generation)
{
	struct eub_buf buf = EUB_BUF_INIT;

	eub_buf_append_str(&buf, "\",\"slot\":");
	eub_append_json_string(&buf, slot, strlen(slot));
	eub_buf_append_str(&buf, ",\"generation\":");
	eub_buf_append_u64(&buf, generation);
	eub_buf_append_str(&buf, ",\"seq\":");
	return eub_buf_take_string(&buf);
}

static char *make_after(const char *type)
{
	struct eub_buf buf = EUB_BUF_INIT;

	eub_buf_append_str(&buf, ",\"type\":");
	eub_append_json_string(&buf, type, strlen(type));
	eub_buf_append_str(&buf, ",\"data\":");
	return eub_buf_take_string(&buf);
}

static char *make_printable(const char *text)
{
	struct eub_buf buf = EUB_BUF_INIT;

	eub_append_printable(&buf, text, strlen(text));
	return eub_buf_take_string(&buf);
}

int event_source_init(struct event_source *source, const char *slot, uint32_t generation,
		      const char *type, const char *header)
{
	*source = (struct event_source){
		.slot = make_printable(slot),
		.type = make_printable(type),
		.header = make_printable(header),
		.before = make_before(slot, generation),
		.after = make_after(type),
	};
	if (!source->slot || !source->type || !source->header || !source->before ||
	    !source->after) {
		event_source_done(source);
		return -ENOMEM;
	}
	source->before_size = strlen(source->before);
	source->after_size = strlen(source->after);
	return 0;
}

bool event_source_is_like(const struct event_source *a, const struct event_source *b)
{
	/* What stands before the number holds the slot and its generation. */
	return eub_streq(a->before, b->before) && eub_streq(a->after, b->after) &&
	       eub_streq(a->header, b->header);
}

int events_output_check(enum output_format format, struct eun_error *err)
{
	if (format != OUTPUT_RAW || !output_is_terminal())
		return 0;
	(void)eun_error_set(err, -EINVAL, EUN_REASON_INVALID_ARGUMENT,
			    "raw records are no text for a terminal");
	eun_error_set_hint(err, "redirect them to a file or a program");
	return -EINVAL;
}

void events_output_done(struct events_output *out)
{
	eub_buf_done(&out->buf);
}

bool events_output_is_over(const struct events_output *out)
{
	return out->error < 0 || (out->limit > 0 && out->n_events >= out->limit);
}

static void append_header(struct events_output *out, const struct event_source *source)
{
	if (out->has_many_slots) {
		eub_buf_append_str(&out->buf, out->current ? "\n==> " : "==> ");
		eub_buf_append_str(&out->buf, source->slot);
		eub_buf_append_str(&out->buf, " <==\n");
	}
	eub_buf_append_str(&out->buf, source->header);
	eub_buf_append_char(&out->buf, '\n');
}

void events_output_announce(struct events_output *out, const struct event_source *source)
{
	if (out->current == source)
		return;
	if (out->format == OUTPUT_TEXT && !out->has_no_headers)
		append_header(out, source);
	out->current = source;
}

void events_output_begin(struct events_output *out, const struct event_source *source, uint64_t seq,
			 uint64_t time_wall_ns)
{
	static const char time_key[] = "{\"time\":\"";

	if (out->format != OUTPUT_JSONL) {
		events_output_announce(out, source);
		return;
	}
	eub_buf_append(&out->buf, time_key, sizeof(time_key) - 1);
	eub_append_rfc3339(&out->buf, time_wall_ns);
	eub_buf_append(&out->buf, source->before, source->before_size);
	eub_buf_append_u64(&out->buf, seq);
	eub_buf_append(&out->buf, source->after, source->after_size);
}

void events_output_end(struct events_output *out)
{
	if (out->format == OUTPUT_JSONL)
		eub_buf_append(&out->buf, "}\n", 2);
	else if (out->format != OUTPUT_RAW)
		eub_buf_append_char(&out->buf, '\n');
	out->n_events++;
	if (out->buf.len >= CTL_EVENTS_FLUSH_BYTES)
		(void)events_output_flush(out); /* the error is kept in out->error */
}

static void append_loss(struct eub_buf *buf, const struct event_loss *loss)
{
	eub_buf_append_str(buf, "{\"time\":\"");
	eub_append_rfc3339(buf, loss->time_wall_ns);
	eub_buf_append_str(buf, "\",\"slot\":");
	eub_append_json_string(buf, loss->slot, strlen(loss->slot));
	eub_buf_append_str(buf, ",\"lost\":");
	eub_buf_append_u64(buf, loss->count);
	eub_buf_append_str(buf, ",\"from_seq\":");
	eub_buf_append_u64(buf, loss->from_seq);
	eub_buf_append_str(buf, ",\"to_seq\":");
	eub_buf_append_u64(buf, loss->to_seq);
	eub_buf_append_str(buf, ",\"reason\":");
	eub_append_json_string(buf, loss->reason, strlen(loss->reason));
	eub_buf_append_str(buf, "}\n");
}

void events_output_lost(struct events_output *out, const struct event_loss *loss)
{
	struct eub_buf line = EUB_BUF_INIT;

	out->n_lost += loss->count;
	if (out->format == OUTPUT_JSONL) {
		append_loss(&out->buf, loss);
		return;
	}
	eub_buf_append_str(&line, "eunomiactl: slot '");
	eub_append_printable(&line, loss->slot, strlen(loss->slot));
	eub_buf_append_str(&line, "' lost ");
	if (loss->count > 0)
		eub_buf_append_u64(&line, loss->count);
	else
		eub_buf_append_str(&line, "an unknown number of");
	eub_buf_append_str(&line, " events (");
	eub_append_printable(&line, loss->reason, strlen(loss->reason));
	eub_buf_append_str(&line, ")\n");
	/* A loss is worth no failure of its own: the events go on. */
	(void)eub_write_all(STDERR_FILENO, line.data, line.len);
	eub_buf_done(&line);
}

int events_output_flush(struct events_output *out)
{
	if (out->error == 0 && out->buf.has_failed)
		out->error = -ENOMEM;
	if (out->error == 0 && out->buf.len > 0)
		out->error = eub_write_all(STDOUT_FILENO, out->buf.data, out->buf.len);
	eub_buf_clear(&out->buf);
	return out->error;
}
