/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Prints a stream of events, for "events" and "run" alike. Lines are put together in one buffer and
 * written in large pieces: no formatting function of libc and no system call per event.
 *
 *	events_output_begin(&out, source, seq, time);
 *	... append the event's body to out.buf ...
 *	events_output_end(&out);
 */
#pragma once

#include <eunomia/error.h>

#include "base/buf.h"
#include "output.h"

#include <stdbool.h>
#include <stdint.h>

/* One event type of one generation of a slot: what is the same in all its lines. */
struct event_source {
	char *slot;
	char *type;
	char *header; /* header line of the text form */
	char *before; /* JSON between the time and the sequence number */
	char *after;  /* JSON between the sequence number and the data */
	size_t before_size;
	size_t after_size;
};

struct events_output {
	enum output_format format; /* of OUTPUTS_EVENTS */
	bool has_no_headers;
	bool has_many_slots;		    /* say which slot text lines belong to */
	uint64_t limit;			    /* events to print; 0: no bound */
	uint64_t n_events;		    /* printed so far */
	uint64_t n_lost;		    /* told of so far */
	struct eub_buf buf;		    /* what is not written yet */
	const struct event_source *current; /* whose header was printed last; borrowed */
	int error;			    /* of writing: -EPIPE or another -errno; 0 */
};

/* A loss, as the agent or the engine tells it. */
struct event_loss {
	const char *slot;
	uint64_t count;	   /* 0 if not known */
	uint64_t from_seq; /* 0 if not known */
	uint64_t to_seq;
	const char *reason;
	uint64_t time_wall_ns;
};

/* Return: 0; -ENOMEM, and then nothing need be released. */
int event_source_init(struct event_source *source, const char *slot, uint32_t generation,
		      const char *type, const char *header);
void event_source_done(struct event_source *source);
/* Whether events of both are printed alike. */
bool event_source_is_like(const struct event_source *a, const struct event_source *b);

/**
 * events_output_check() - may events be printed in this form?
 *
 * Return: 0; -EINVAL if raw bytes would go to a terminal.
 */
int events_output_check(enum output_format format, struct eun_error *err);
void events_output_done(struct events_output *out);
/* The bound of --count is reached, or nothing can be written any more. */
bool events_output_is_over(const struct events_output *out);
/* Prints the header of @source before its first event comes. */
void events_output_announce(struct events_output *out, const struct event_source *source);
/* Begins a line. @source must stay where it is while @out lives. */
void events_output_begin(struct events_output *out, const struct event_source *source, uint64_t seq,
			 uint64_t time_wall_ns);
/* Ends the line that events_output_begin() began, and writes when enough has gathered. */
void events_output_end(struct events_output *out);
/* A line among the events in JSON lines, else one on standard error. */
void events_output_lost(struct events_output *out, const struct event_loss *loss);
/**
 * events_output_flush() - write what has gathered
 *
 * Return: 0; out->error.
 */
int events_output_flush(struct events_output *out);
