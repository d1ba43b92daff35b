/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The agent formats, this side copies: a batch is turned into lines in one buffer and written at
 * once. Schemas arrive before the batches that refer to them and count for one connection; the
 * constant parts of the lines that they stand for are kept for all, so that a header is not
 * repeated because the agent was restarted.
 */
#include "cmd_event_stream.h"

#include "base/error.h"
#include "base/macro.h"
#include "ctl_limits.h"

void event_stream_done(struct event_stream *stream)
{
	for (size_t i = 0; i < stream->n_sources; i++) {
		event_source_done(stream->sources[i]);
		free(stream->sources[i]);
	}
	free(stream->sources);
	free(stream->schemas);
	positions_done(&stream->positions);
	events_output_done(&stream->out);
}

void event_stream_begin(struct event_stream *stream)
{
	stream->n_schemas = 0;
	stream->n_received = 0;
}

static const struct known_schema *find_schema(struct event_stream *stream, uint32_t id)
{
	if (stream->last < stream->n_schemas && stream->schemas[stream->last].id == id)
		return &stream->schemas[stream->last];
	for (size_t i = stream->n_schemas; i-- > 0;) {
		if (stream->schemas[i].id == id) {
			stream->last = i;
			return &stream->schemas[i];
		}
	}
	return NULL;
}

/* Gives @source an owner, or back to nobody if its like is there already. */
static int keep_source(struct event_stream *stream, struct event_source *source,
		       const struct event_source **ret_source)
{
	struct event_source **sources;

	for (size_t i = 0; i < stream->n_sources; i++) {
		if (event_source_is_like(stream->sources[i], source)) {
			event_source_done(source);
			free(source);
			*ret_source = stream->sources[i];
			return 0;
		}
	}
	sources = reallocarray(stream->sources, stream->n_sources + 1, sizeof(*sources));
	if (!sources)
		return -ENOMEM;
	stream->sources = sources;
	sources[stream->n_sources++] = source;
	*ret_source = source;
	return 0;
}

static int find_source(struct event_stream *stream, const Eunomia__V1__Schema *schema,
		       const struct event_source **ret_source)
{
	struct event_source *source = malloc(sizeof(*source));

	if (!source || event_source_init(source, schema->slot, schema->generation, schema->type,
					 schema->text_header) < 0) {
		free(source);
		return -ENOMEM;
	}
	if (keep_source(stream, source, ret_source) < 0) {
		event_source_done(source);
		free(source);
		return -ENOMEM;
	}
	return 0;
}

static int on_schema(struct event_stream *stream, const Eunomia__V1__Schema *schema,
		     struct eun_error *err)
{
	const struct event_source *source = NULL;
	struct known_schema *schemas;

	if (stream->n_schemas >= CTL_STREAM_SCHEMAS_MAX)
		return eun_error_set(err, -E2BIG, EUN_REASON_TOO_LARGE,
				     "the agent announced more than %d event types",
				     CTL_STREAM_SCHEMAS_MAX);
	schemas = reallocarray(stream->schemas, stream->n_schemas + 1, sizeof(*schemas));
	if (!schemas)
		return eub_error_no_memory(err);
	stream->schemas = schemas;
	if (find_source(stream, schema, &source) < 0 ||
	    positions_announce(&stream->positions, schema->slot, schema->ring, schema->next_seq) <
		0)
		return eub_error_no_memory(err);
	schemas[stream->n_schemas++] = (struct known_schema){
		.id = schema->id,
		.ring = schema->ring,
		.source = source,
	};
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

static int on_batch(struct event_stream *stream, const Eunomia__V1__EventBatch *batch,
		    struct eun_error *err)
{
	const struct known_schema *schema = find_schema(stream, batch->schema_id);
	struct position *position;

	if (!schema)
		return eun_error_set(err, -EPROTO, EUN_REASON_INTERNAL,
				     "the agent sent events of a type it had not announced (%u)",
				     batch->schema_id);
	stream->n_received += batch->n_events;
	position = positions_find(&stream->positions, batch->slot, schema->ring);
	for (size_t i = 0; i < batch->n_events && !events_output_is_over(&stream->out); i++) {
		const Eunomia__V1__Event *event = batch->events[i];

		if (!position_take(position, event->seq))
			continue;
		events_output_begin(&stream->out, schema->source, event->seq, event->time_unix_ns);
		append_body(&stream->out.buf, event);
		events_output_end(&stream->out);
	}
	return 0;
}

static void on_lost(struct event_stream *stream, const Eunomia__V1__Lost *lost)
{
	const struct event_loss loss = {
		.slot = lost->slot,
		.count = lost->count,
		.from_seq = lost->from_seq,
		.to_seq = lost->to_seq,
		.reason = lost->reason,
		.time_wall_ns = lost->time_unix_ns,
	};

	if (lost->to_seq > 0)
		positions_skip(&stream->positions, lost->slot, lost->to_seq);
	events_output_lost(&stream->out, &loss);
}

int event_stream_take(struct event_stream *stream, const Eunomia__V1__StreamReply *reply,
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
	(void)events_output_flush(&stream->out); /* kept in out.error */
	return r;
}
