/* SPDX-License-Identifier: Apache-2.0 */
/*
 * eunomiactl events: prints the agent's event stream. The agent formats, this side copies: a batch
 * is turned into lines in one buffer and written at once. Schemas arrive before the batches that
 * refer to them and are kept for as long as the stream lasts.
 */
#include "base/clock.h"
#include "base/error.h"
#include "base/macro.h"
#include "client.h"
#include "ctl.h"
#include "events_output.h"
#include "ctl_limits.h"
#include "rpc/client.h"
#include "stop_signal.h"

#include "eunomia/v1/eunomia.pb-c.h"

#include <assert.h>

const struct option_row cmd_events_options[] = { { 0 } };

static const Eunomia__V1__Format formats[_OUTPUT_FORMAT_MAX] = {
	[OUTPUT_TEXT] = EUNOMIA__V1__FORMAT__FORMAT_TEXT,
	[OUTPUT_JSONL] = EUNOMIA__V1__FORMAT__FORMAT_JSON,
	[OUTPUT_RAW_JSON] = EUNOMIA__V1__FORMAT__FORMAT_RAW_JSON,
	[OUTPUT_RAW] = EUNOMIA__V1__FORMAT__FORMAT_RAW,
};

/* An event type that the agent announced. */
struct known_schema {
	uint32_t id;
	struct event_source *source; /* owned; its address stays when the array grows */
};

struct stream {
	struct events_output out;
	struct known_schema *schemas; /* owned */
	size_t n_schemas;
	size_t last; /* index of the schema of the batch before */
};

static void stream_done(struct stream *stream)
{
	for (size_t i = 0; i < stream->n_schemas; i++) {
		event_source_done(stream->schemas[i].source);
		free(stream->schemas[i].source);
	}
	free(stream->schemas);
	events_output_done(&stream->out);
}

static const struct event_source *find_source(struct stream *stream, uint32_t id)
{
	if (stream->last < stream->n_schemas && stream->schemas[stream->last].id == id)
		return stream->schemas[stream->last].source;
	for (size_t i = stream->n_schemas; i-- > 0;) {
		if (stream->schemas[i].id == id) {
			stream->last = i;
			return stream->schemas[i].source;
		}
	}
	return NULL;
}

static int on_schema(struct stream *stream, const Eunomia__V1__Schema *schema,
		     struct eun_error *err)
{
	struct known_schema *schemas;
	struct event_source *source;

	if (stream->n_schemas >= CTL_STREAM_SCHEMAS_MAX)
		return eun_error_set(err, -E2BIG, EUN_REASON_TOO_LARGE,
				     "the agent announced more than %d event types",
				     CTL_STREAM_SCHEMAS_MAX);
	schemas = reallocarray(stream->schemas, stream->n_schemas + 1, sizeof(*schemas));
	if (!schemas)
		return eub_error_no_memory(err);
	stream->schemas = schemas;
	source = malloc(sizeof(*source));
	if (!source || event_source_init(source, schema->slot, schema->generation, schema->type,
					 schema->text_header) < 0) {
		free(source);
		return eub_error_no_memory(err);
	}
	schemas[stream->n_schemas++] = (struct known_schema){ .id = schema->id, .source = source };
	return 0;
}

static void append_body(struct eub_buf *buf, const Eunomia__V1__Event *event)
{
	switch (event->body_case) {
	case EUNOMIA__V1__EVENT__BODY_JSON:
		eub_buf_append_str(buf, event->json);
		break;
	case EUNOMIA__V1__EVENT__BODY_TEXT:
		eub_buf_append_str(buf, event->text);
		break;
	case EUNOMIA__V1__EVENT__BODY_RAW:
		eub_buf_append(buf, event->raw.data, event->raw.len);
		break;
	case EUNOMIA__V1__EVENT__BODY__NOT_SET:
	case _EUNOMIA__V1__EVENT__BODY__CASE_IS_INT_SIZE:
	default:
		eub_buf_append_str(buf, "null"); /* an event without members */
		break;
	}
}

static int on_batch(struct stream *stream, const Eunomia__V1__EventBatch *batch,
		    struct eun_error *err)
{
	const struct event_source *source = find_source(stream, batch->schema_id);

	if (!source)
		return eun_error_set(err, -EPROTO, EUN_REASON_INTERNAL,
				     "the agent sent events of a type it had not announced (%u)",
				     batch->schema_id);
	for (size_t i = 0; i < batch->n_events && !events_output_is_over(&stream->out); i++) {
		const Eunomia__V1__Event *event = batch->events[i];

		events_output_begin(&stream->out, source, event->seq, event->time_unix_ns);
		append_body(&stream->out.buf, event);
		events_output_end(&stream->out);
	}
	return 0;
}

static void on_lost(struct stream *stream, const Eunomia__V1__Lost *lost)
{
	const struct event_loss loss = {
		.slot = lost->slot,
		.count = lost->count,
		.from_seq = lost->from_seq,
		.to_seq = lost->to_seq,
		.reason = lost->reason,
		.time_wall_ns = lost->time_unix_ns,
	};

	events_output_lost(&stream->out, &loss);
}

static int on_message(struct stream *stream, const Eunomia__V1__StreamReply *reply,
		      struct eun_error *err)
{
	int r = 0;

	switch (reply->kind_case) {
	case EUNOMIA__V1__STREAM_REPLY__KIND_SCHEMA:
		r = on_schema(stream, reply->schema, err);
		break;
	case EUNOMIA__V1__STREAM_REPLY__KIND_BATCH:
		r = on_batch(stream, reply->batch, err);
		break;
	case EUNOMIA__V1__STREAM_REPLY__KIND_LOST:
		on_lost(stream, reply->lost);
		break;
	case EUNOMIA__V1__STREAM_REPLY__KIND__NOT_SET:
	case _EUNOMIA__V1__STREAM_REPLY__KIND__CASE_IS_INT_SIZE:
	default:
		break; /* a kind that a newer agent knows */
	}
	(void)events_output_flush(&stream->out); /* the loop looks at out.error */
	return r;
}

/* Reads until the stream ends, a bound is reached, a signal comes, or writing fails. */
static int loop(const struct ctl *ctl, struct stream *stream, struct eun_error *err)
{
	uint64_t deadline_ns = UINT64_MAX;

	if (ctl->options.timeout_ms > 0)
		deadline_ns = eub_clock_mono_ns() + (uint64_t)ctl->options.timeout_ms * 1000000u;
	while (!events_output_is_over(&stream->out) && !stop_signal_came()) {
		int wait_ms = stop_signal_get_wait_ms(deadline_ns);
		ProtobufCMessage *message = NULL;
		int r;

		if (wait_ms == 0)
			return 0;
		r = rpc_client_next(ctl->client, wait_ms, &message, err);
		if (r == 0)
			return 0;
		if (r == -ETIMEDOUT || r == -EINTR) {
			eun_error_done(err);
			continue;
		}
		if (r > 0)
			r = on_message(stream, (const Eunomia__V1__StreamReply *)message, err);
		if (message)
			protobuf_c_message_free_unpacked(message, NULL);
		if (r < 0)
			return r;
	}
	return 0;
}

static int read_events(struct ctl *ctl, struct stream *stream, struct eun_error *err)
{
	Eunomia__V1__StreamRequest request = EUNOMIA__V1__STREAM_REQUEST__INIT;
	int r = events_output_check(ctl->output, err);

	if (r < 0)
		return r;
	/* protobuf-c packs requests without writing to them, but its types are not const. */
	request.slots = (char **)(uintptr_t)ctl->arguments.positional.items;
	request.n_slots = ctl->arguments.positional.n;
	request.format = formats[ctl->output];
	request.limit = ctl->options.count;
	r = client_open_stream(ctl, "/eunomia.v1.Events/Stream", &request.base,
			       &eunomia__v1__stream_reply__descriptor, err);
	if (r == 0)
		r = loop(ctl, stream, err);
	if (r == 0 && stream->out.error < 0 && stream->out.error != -EPIPE)
		r = eun_error_set(err, stream->out.error, EUN_REASON_IO,
				  "cannot write to standard output: %s",
				  strerror(-stream->out.error));
	return r;
}

enum ctl_exit cmd_events(struct ctl *ctl)
{
	struct eun_error err = EUN_ERROR_INIT;
	enum ctl_exit status = CTL_EXIT_OK;
	struct stream stream = {
		.out = {
			.format = ctl->output,
			.has_no_headers = ctl->options.has_no_headers,
			.has_many_slots = ctl->arguments.positional.n != 1,
			.limit = ctl->options.count,
		},
	};

	stop_signal_catch();
	if (read_events(ctl, &stream, &err) < 0)
		status = ctl_fail(ctl, NULL, &err);
	stream_done(&stream);
	eun_error_done(&err);
	return status;
}
