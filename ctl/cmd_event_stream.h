/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the agent's event stream tells, turned into lines. It outlives a connection: after
 * event_stream_begin() the same events may come again, and are printed once.
 */
#pragma once

#include "events_output.h"
#include "positions.h"

#include "eunomia/v1/eunomia.pb-c.h"

/* An event type that the agent announced on the present connection. */
struct known_schema {
	uint32_t id;
	uint32_t ring;
	const struct event_source *source;
};

struct event_stream {
	struct events_output out;
	struct positions positions;
	struct event_source **sources; /* owned; of all connections, all different */
	size_t n_sources;
	struct known_schema *schemas; /* owned */
	size_t n_schemas;
	size_t last;	     /* index of the schema of the batch before */
	uint64_t n_received; /* events on the present connection, printed or not */
};

void event_stream_done(struct event_stream *stream);
/* A new connection: forgets what the agent announced, but not what was printed. */
void event_stream_begin(struct event_stream *stream);
/**
 * event_stream_take() - print what a message tells
 *
 * Everything is written when this returns; a failure of writing is in stream->out.error.
 *
 * Return: 0; -EPROTO, -E2BIG, -ENOMEM.
 */
int event_stream_take(struct event_stream *stream, const Eunomia__V1__StreamReply *reply,
		      struct eun_error *err);
