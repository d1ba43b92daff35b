/* SPDX-License-Identifier: Apache-2.0 */
/*
 * eunomiactl events: prints the agent's event stream, across restarts of the agent. When the
 * connection breaks, it is made again after short waits that grow, and the agent is told where to
 * go on; what it tells once more is passed over. Only the first connection must succeed at once.
 */
#include "base/clock.h"
#include "base/error.h"
#include "client.h"
#include "ctl.h"
#include "ctl_limits.h"
#include "cmd_event_stream.h"
#include "reconnect.h"
#include "rpc/client.h"
#include "stop_signal.h"

#define NS_PER_MS 1000000u

const struct option_row cmd_events_options[] = {
	{ "from", 0, OPTION_NUMBER, OPTION_OFFSET(from), "SEQ", COMPLETE_NOTHING,
	  "go on at this sequence number of the one slot that is named" },
	{ 0 },
};

static const Eunomia__V1__Format formats[_OUTPUT_FORMAT_MAX] = {
	[OUTPUT_TEXT] = EUNOMIA__V1__FORMAT__FORMAT_TEXT,
	[OUTPUT_JSONL] = EUNOMIA__V1__FORMAT__FORMAT_JSON,
	[OUTPUT_RAW_JSON] = EUNOMIA__V1__FORMAT__FORMAT_RAW_JSON,
	[OUTPUT_RAW] = EUNOMIA__V1__FORMAT__FORMAT_RAW,
};

/* Times are CLOCK_MONOTONIC. */
struct follower {
	struct ctl *ctl;
	struct event_stream stream;
	uint64_t end_ns; /* of --timeout; UINT64_MAX: none */
	uint64_t limit;	 /* that was sent with the present stream; 0: none */
	struct reconnect reconnect;
};

/* A bound is reached, a signal came, or nothing can be written any more. */
static bool is_over(const struct follower *follower)
{
	return events_output_is_over(&follower->stream.out) || stop_signal_came() ||
	       eub_clock_mono_ns() >= follower->end_ns;
}

/* The positions as the request wants them: @ret_items and @ret_pointers to free(). */
static int make_positions(const struct positions *positions, Eunomia__V1__Position **ret_items,
			  Eunomia__V1__Position ***ret_pointers)
{
	*ret_items = calloc(positions->n + 1, sizeof(**ret_items));
	*ret_pointers = calloc(positions->n + 1, sizeof(**ret_pointers));
	if (!*ret_items || !*ret_pointers)
		return -ENOMEM;
	for (size_t i = 0; i < positions->n; i++) {
		Eunomia__V1__Position *item = &(*ret_items)[i];

		eunomia__v1__position__init(item);
		item->slot = positions->items[i].slot;
		item->ring = positions->items[i].ring;
		item->next_seq = positions->items[i].next_seq;
		(*ret_pointers)[i] = item;
	}
	return 0;
}

/* Opens a stream that goes on where the one before it ended. */
static int open_stream(struct follower *follower, struct eun_error *err)
{
	const struct events_output *out = &follower->stream.out;
	struct ctl *ctl = follower->ctl;
	Eunomia__V1__StreamRequest request = EUNOMIA__V1__STREAM_REQUEST__INIT;
	_cleanup_(eub_freep) Eunomia__V1__Position *items = NULL;
	_cleanup_(eub_freep) Eunomia__V1__Position **from = NULL;
	int r = client_connect(ctl, err);

	if (r < 0)
		return r;
	follower->reconnect.was_connected = true;
	if (make_positions(&follower->stream.positions, &items, &from) < 0)
		return eub_error_no_memory(err);
	follower->limit = out->limit > 0 ? out->limit - out->n_events : 0;
	/* protobuf-c packs requests without writing to them, but its types are not const. */
	request.slots = (char **)(uintptr_t)ctl->arguments.positional.items;
	request.n_slots = ctl->arguments.positional.n;
	request.format = formats[ctl->output];
	request.limit = follower->limit;
	request.from = from;
	request.n_from = follower->stream.positions.n;
	event_stream_begin(&follower->stream);
	return client_open_stream(ctl, "/eunomia.v1.Events/Stream", &request.base,
				  &eunomia__v1__stream_reply__descriptor, err);
}

/* Reads until the stream ends or is_over(). */
static int read_stream(struct follower *follower, struct eun_error *err)
{
	while (!is_over(follower)) {
		ProtobufCMessage *message = NULL;
		int r = rpc_client_next(follower->ctl->client,
					stop_signal_get_wait_ms(follower->end_ns), &message, err);

		if (r == 0)
			return 0;
		if (r == -ETIMEDOUT)
			reconnect_set_settled(&follower->reconnect, follower->ctl);
		if (r == -ETIMEDOUT || r == -EINTR) {
			eun_error_done(err);
			continue;
		}
		if (r > 0) {
			reconnect_set_settled(&follower->reconnect, follower->ctl);
			r = event_stream_take(&follower->stream,
					      (const Eunomia__V1__StreamReply *)message, err);
		}
		if (message)
			protobuf_c_message_free_unpacked(message, NULL);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Waits before the next attempt, if the failure in @err may pass; then empties it. Return: whether
 * to try again. */
static bool wait_for_retry(struct follower *follower, struct eun_error *err)
{
	if (is_over(follower) ||
	    !reconnect_wait(&follower->reconnect, follower->ctl, follower->end_ns, err) ||
	    is_over(follower))
		return false;
	eun_error_done(err);
	return true;
}

/* The agent ended the stream at its limit, but what it sent had partly been printed before. */
static bool wants_rest(const struct follower *follower)
{
	return follower->limit > 0 && follower->stream.n_received >= follower->limit &&
	       !is_over(follower);
}

static int follow(struct follower *follower, struct eun_error *err)
{
	int r;

	do {
		r = open_stream(follower, err);
		if (r == 0)
			r = read_stream(follower, err);
	} while (r < 0 ? wait_for_retry(follower, err) : wants_rest(follower));
	/* A bound or a signal ends it well, also while the agent is away. */
	if (follower->reconnect.was_connected && is_over(follower) &&
	    (r == -EINTR || reconnect_is_passing(&follower->reconnect, err)))
		return 0;
	return r;
}

/* Looks at what the tables of options cannot. */
static int prepare(struct follower *follower, struct eun_error *err)
{
	const struct ctl *ctl = follower->ctl;
	const struct words *slots = &ctl->arguments.positional;
	int r = events_output_check(ctl->output, err);

	if (r < 0)
		return r;
	if (ctl->options.timeout_ms > 0)
		follower->end_ns =
		    eub_clock_mono_ns() + (uint64_t)ctl->options.timeout_ms * NS_PER_MS;
	if (!ctl->options.from.is_given)
		return 0;
	if (slots->n != 1)
		return eun_error_set(err, -EINVAL, EUN_REASON_INVALID_ARGUMENT,
				     "option '--from' needs the name of one slot");
	r = positions_expect(&follower->stream.positions, slots->items[0], ctl->options.from.value);
	return r < 0 ? eub_error_no_memory(err) : 0;
}

static int print_events(struct follower *follower, struct eun_error *err)
{
	const struct events_output *out = &follower->stream.out;
	int r = prepare(follower, err);

	if (r == 0)
		r = follow(follower, err);
	if (r == 0 && out->error < 0 && out->error != -EPIPE)
		r = eun_error_set(err, out->error, EUN_REASON_IO,
				  "cannot write to standard output: %s", strerror(-out->error));
	return r;
}

enum ctl_exit cmd_events(struct ctl *ctl)
{
	struct eun_error err = EUN_ERROR_INIT;
	enum ctl_exit status = CTL_EXIT_OK;
	struct follower follower = {
		.ctl = ctl,
		.end_ns = UINT64_MAX,
		.stream.out = {
			.format = ctl->output,
			.has_no_headers = ctl->options.has_no_headers,
			.has_many_slots = ctl->arguments.positional.n != 1,
			.limit = ctl->options.count,
		},
	};

	stop_signal_catch();
	if (print_events(&follower, &err) < 0)
		status = ctl_fail(ctl, NULL, &err);
	event_stream_done(&follower.stream);
	eun_error_done(&err);
	return status;
}
