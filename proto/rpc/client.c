/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The blocking client: a non-blocking Unix socket, poll(2), and one exchange at a time.
 *
 * A unary call costs a send, a poll and a recv: the whole request (with the connection's preface,
 * the first time) leaves in one write, and acknowledgements that the answer calls for travel with
 * the next call. Messages are taken from the socket only as the caller asks for them, so that a
 * slow reader slows the server down instead of filling memory here.
 *
 * After a connection broke the client stays dead; the caller makes a new one. An exchange that is
 * given up (timeout, signal, the next call) is cancelled at the server by RST_STREAM.
 */
#include "rpc/client_internal.h"
#include "rpc/decode.h"
#include "rpc/frame.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/str.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#define NS_PER_MS    1000000u
#define EAGER_NS     50000u /* two or three answers' time */
#define HINT_RUNNING "is eunomiad running? systemctl status eunomiad"
#define HINT_GROUP   "run it as root, or join the group: usermod -aG eunomia USER, then log in again"

EUB_DEFINE_CLEANUP(struct rpc_client *, rpc_client_free);

/* Failures of connect(2) that have a meaning of their own; "%s" is the path. */
static const struct connect_failure {
	int code;
	enum eun_reason reason;
	const char *message;
	const char *hint;
} connect_failures[] = {
	{ ENOENT, EUN_REASON_UNREACHABLE, "there is no socket at", HINT_RUNNING },
	{ ECONNREFUSED, EUN_REASON_UNREACHABLE,
	  "nobody listens at this socket, it was left by an agent that ended:", HINT_RUNNING },
	{ EACCES, EUN_REASON_PERMISSION, "no permission to connect to", HINT_GROUP },
	{ EPERM, EUN_REASON_PERMISSION, "no permission to connect to", HINT_GROUP },
	{ EAGAIN, EUN_REASON_UNREACHABLE, "the agent does not accept connections at",
	  HINT_RUNNING },
	{ EINTR, EUN_REASON_INTERNAL, "interrupted while connecting to", "" },
	{ 0, EUN_REASON_UNREACHABLE, "cannot connect to", HINT_RUNNING },
};

static int set_connect_error(struct eun_error *err, int code, const char *path)
{
	const struct connect_failure *failure = connect_failures;

	while (failure->code != 0 && failure->code != code)
		failure++;
	(void)eun_error_set(err, -code, failure->reason, "%s '%s': %s", failure->message, path,
			    strerrordesc_np(code));
	if (failure->hint[0])
		eun_error_set_hint(err, "%s", failure->hint);
	return -code;
}

static int connect_socket(const char *path, int *ret_fd)
{
	/* connect(2) waits while the listener's queue is full: not for ever. */
	const struct timeval patience = { .tv_sec = RPC_CLIENT_CONNECT_TIMEOUT_S };
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	_cleanup_(eub_closep) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	memcpy(address.sun_path, path, strlen(path));
	if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)) < 0 ||
	    connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
		return -errno;
	*ret_fd = EUB_TAKE_FD(fd);
	return 0;
}

int rpc_client_new(int fd, struct rpc_client **ret_client, struct eun_error *err)
{
	_cleanup_(rpc_client_freep) struct rpc_client *client = calloc(1, sizeof(*client));
	int flags;

	if (!client) {
		(void)close(fd); /* nothing was written */
		return eub_error_no_memory(err);
	}
	client->fd = fd;
	flags = fcntl(fd, F_GETFL);
	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
		return eun_error_set(err, -errno, EUN_REASON_INTERNAL,
				     "cannot make the socket non-blocking");
	client->read_buf = malloc(RPC_CLIENT_READ_BYTES);
	if (!client->read_buf || rpc_client_http2_new(client) < 0)
		return eub_error_no_memory(err);
	*ret_client = EUB_TAKE_PTR(client);
	return 0;
}

int rpc_client_connect(const char *path, struct rpc_client **ret_client, struct eun_error *err)
{
	int fd = -EBADF;
	int r;

	if (strlen(path) >= sizeof(((struct sockaddr_un *)NULL)->sun_path))
		return eun_error_set(err, -ENAMETOOLONG, EUN_REASON_INVALID_ARGUMENT,
				     "'%s' is too long for a socket's path (107 bytes)", path);
	r = connect_socket(path, &fd);
	if (r < 0)
		return set_connect_error(err, -r, path);
	return rpc_client_new(fd, ret_client, err);
}

int rpc_client_get_fd(const struct rpc_client *client)
{
	return client->fd;
}

/* Lets nghttp2 write as much as the output queue may hold. */
static int fill_output(struct rpc_client *client)
{
	while (rpc_queue_get_size(&client->output) < RPC_CLIENT_OUTPUT_BYTES) {
		const uint8_t *data;
		ssize_t n = nghttp2_session_mem_send(client->http2, &data);

		if (n == 0)
			return 0;
		if (n > 0)
			eub_buf_append(&client->output.buf, data, (size_t)n);
		if (n < 0 || client->output.buf.has_failed)
			return -ENOMEM;
	}
	return 0;
}

/* Sends until there is no more or the socket is full. */
static int flush_output(struct rpc_client *client)
{
	for (;;) {
		ssize_t n;
		int r = fill_output(client);

		if (r < 0)
			return r;
		if (rpc_queue_get_size(&client->output) == 0)
			return 0;
		n = send(client->fd, rpc_queue_get_data(&client->output),
			 rpc_queue_get_size(&client->output), MSG_NOSIGNAL);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return 0;
		if (n < 0)
			return -errno;
		rpc_queue_consume(&client->output, (size_t)n);
	}
}

static int set_dead(struct rpc_client *client, struct eun_error *err, int code)
{
	client->is_dead = true;
	if (code == -ENOMEM)
		return eub_error_no_memory(err);
	(void)eun_error_set(err, code, EUN_REASON_UNREACHABLE, "the connection to the agent %s",
			    code == -EPROTO ? "carries something that is not gRPC" : "is closed");
	eun_error_set_hint(err, "%s", HINT_RUNNING);
	return code;
}

static int read_input(struct rpc_client *client, struct eun_error *err)
{
	ssize_t n = recv(client->fd, client->read_buf, RPC_CLIENT_READ_BYTES, 0);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n <= 0)
		return set_dead(client, err, -ECONNRESET);
	n = nghttp2_session_mem_recv(client->http2, (const uint8_t *)client->read_buf, (size_t)n);
	if (n < 0)
		return set_dead(client, err, n == NGHTTP2_ERR_NOMEM ? -ENOMEM : -EPROTO);
	return 0;
}

/* Milliseconds to @deadline_ns for poll(2), rounded up; -1 without a deadline. */
static int remaining_ms(uint64_t deadline_ns)
{
	uint64_t now_ns;

	if (deadline_ns == UINT64_MAX)
		return -1;
	now_ns = eub_clock_mono_ns();
	if (now_ns >= deadline_ns)
		return 0;
	return (int)EUB_MIN((deadline_ns - now_ns + NS_PER_MS - 1) / NS_PER_MS, (uint64_t)INT_MAX);
}

static uint64_t deadline_after(int timeout_ms)
{
	return timeout_ms < 0 ? UINT64_MAX : eub_clock_mono_ns() + (uint64_t)timeout_ms * NS_PER_MS;
}

/*
 * Waits as poll(2). Most unary calls are answered within microseconds, sooner than an idle
 * processor goes to sleep and wakes again: so for such a while the socket is asked again and again,
 * and the processor offered to others, before the process sleeps.
 */
static int poll_eagerly(struct rpc_client *client, struct pollfd *pollfd, uint64_t deadline_ns)
{
	uint64_t sleep_at_ns = eub_clock_mono_ns() + EAGER_NS;
	int r = 0;

	while (r == 0 && client->exchange.is_unary && eub_clock_mono_ns() < sleep_at_ns) {
		r = poll(pollfd, 1, 0);
		if (r == 0)
			(void)sched_yield(); /* cannot fail */
	}
	return r != 0 ? r : poll(pollfd, 1, remaining_ms(deadline_ns));
}

/**
 * step() - send what is to be sent, wait for bytes, process them
 *
 * Return: 0; -ETIMEDOUT or -EINTR, the exchange can go on; other -errno, the client is dead.
 */
static int step(struct rpc_client *client, uint64_t deadline_ns, struct eun_error *err)
{
	struct pollfd pollfd = { .fd = client->fd, .events = POLLIN };
	int r;

	if (client->is_dead)
		return set_dead(client, err, -ENOTCONN);
	/* A peer that closed may have told why before: look at what can be read first. */
	r = flush_output(client);
	if (r == -ENOMEM)
		return set_dead(client, err, r);
	/* nghttp2 has ended the session by a GOAWAY of its own. */
	if (!nghttp2_session_want_read(client->http2))
		return set_dead(client, err, -EPROTO);
	if (r == 0 && rpc_queue_get_size(&client->output) > 0)
		pollfd.events |= POLLOUT;
	r = poll_eagerly(client, &pollfd, deadline_ns);
	if (r < 0)
		return eun_error_set(err, -errno, EUN_REASON_INTERNAL, "waiting was interrupted");
	if (r == 0)
		return eun_error_set(err, -ETIMEDOUT, EUN_REASON_TIMEOUT,
				     "no answer from the agent within the time allowed");
	return pollfd.revents & ~POLLOUT ? read_input(client, err) : 0;
}

/* Forgets the exchange; the server is told if it is still at work. */
static void end_exchange(struct rpc_client *client)
{
	struct rpc_exchange *exchange = &client->exchange;

	if (exchange->stream_id != 0 && !client->is_dead) {
		/* Best effort: the stream also ends with the connection. */
		(void)nghttp2_submit_rst_stream(client->http2, NGHTTP2_FLAG_NONE,
						exchange->stream_id, NGHTTP2_CANCEL);
	}
	rpc_queue_done(&exchange->request);
	rpc_queue_done(&exchange->input);
	eub_buf_done(&exchange->message);
	eub_buf_done(&exchange->details);
	*exchange = (struct rpc_exchange){ .stream_id = 0 };
}

/* Ends an exchange that the server does not know to be over, and tells it so at once. */
static void cancel_exchange(struct rpc_client *client)
{
	bool was_open = client->exchange.stream_id != 0 && !client->is_dead;

	end_exchange(client);
	if (was_open)
		(void)flush_output(client); /* a failure shows at the next call */
}

static int begin_exchange(struct rpc_client *client, const char *path,
			  const ProtobufCMessage *request, const ProtobufCMessageDescriptor *reply,
			  int timeout_ms, struct eun_error *err)
{
	struct rpc_exchange *exchange = &client->exchange;

	end_exchange(client);
	if (client->is_dead)
		return set_dead(client, err, -ENOTCONN);
	if (!nghttp2_session_check_request_allowed(client->http2)) {
		(void)eun_error_set(err, -ENOTCONN, EUN_REASON_UNREACHABLE,
				    "the agent is stopping and takes no more calls");
		eun_error_set_hint(err, "%s", HINT_RUNNING);
		return -ENOTCONN;
	}
	exchange->reply = reply;
	if (rpc_frame_append(&exchange->request.buf, request) < 0 ||
	    rpc_client_http2_submit(client, path, timeout_ms) < 0) {
		end_exchange(client);
		return eub_error_no_memory(err);
	}
	return 0;
}

/* Fills @err from the answer's trailers. Return: 0 if they say OK; -errno. */
static int conclude(const struct rpc_exchange *exchange, struct eun_error *err)
{
	struct eun_error unwanted = EUN_ERROR_INIT;
	struct eun_error *error = err ? err : &unwanted;
	enum rpc_status status = exchange->status;
	const char *text = exchange->message.data;
	int length = (int)exchange->message.len;
	int code;

	if (exchange->has_status && status == RPC_OK)
		return 0;
	if (!exchange->has_status) {
		status = rpc_client_http2_get_failure(exchange, &text);
		length = (int)strlen(text);
	}
	if (exchange->details.len > 0)
		rpc_error_decode_details(exchange->details.data, exchange->details.len, error);
	(void)eun_error_set(error, rpc_status_to_errno(status), rpc_status_to_reason(status),
			    "%.*s", length, text ? text : "");
	if (!error->message[0])
		(void)snprintf(error->message, sizeof(error->message), "the server says %s",
			       rpc_status_to_string(status));
	if (error->reason == EUN_REASON_UNREACHABLE && !error->hint[0])
		eun_error_set_hint(error, "%s", HINT_RUNNING);
	code = error->code;
	eun_error_done(&unwanted);
	return code;
}

/* Return: 1 and the next message of the answer; 0 if none is whole; -errno. */
static int take_message(struct rpc_exchange *exchange, ProtobufCMessage **ret_message,
			struct eun_error *err)
{
	struct rpc_frame frame = { .data = NULL };
	int r = rpc_frame_parse(rpc_queue_get_data(&exchange->input),
				rpc_queue_get_size(&exchange->input), RPC_CLIENT_MAX_MESSAGE_BYTES,
				&frame);

	if (r == 0)
		return 0;
	if (r == -EMSGSIZE)
		return eun_error_set(err, -EMSGSIZE, EUN_REASON_TOO_LARGE,
				     "the agent sent a message of %zu bytes, the limit is %d",
				     frame.n_bytes, RPC_CLIENT_MAX_MESSAGE_BYTES);
	if (r < 0 || frame.is_compressed)
		return eun_error_set(err, -EPROTO, EUN_REASON_INTERNAL,
				     "the agent sent bytes that are no gRPC message");
	*ret_message = rpc_decode(exchange->reply, frame.data, frame.n_bytes);
	if (!*ret_message)
		return eun_error_set(err, -EPROTO, EUN_REASON_INTERNAL,
				     "the agent sent a message that cannot be decoded");
	rpc_queue_consume(&exchange->input, RPC_FRAME_PREFIX_BYTES + frame.n_bytes);
	return 1;
}

/* Waits for the end of the exchange. */
static int run_exchange(struct rpc_client *client, int timeout_ms, struct eun_error *err)
{
	uint64_t deadline_ns = deadline_after(timeout_ms);

	while (!client->exchange.is_over) {
		int r = step(client, deadline_ns, err);

		if (r < 0)
			return r;
		if (rpc_queue_get_size(&client->exchange.input) >
		    RPC_CLIENT_MAX_MESSAGE_BYTES + RPC_CLIENT_READ_BYTES)
			return eun_error_set(err, -EMSGSIZE, EUN_REASON_TOO_LARGE,
					     "the agent's answer is larger than %d bytes",
					     RPC_CLIENT_MAX_MESSAGE_BYTES);
	}
	return conclude(&client->exchange, err);
}

int rpc_client_call(struct rpc_client *client, const char *path, const ProtobufCMessage *request,
		    const ProtobufCMessageDescriptor *reply, int timeout_ms,
		    ProtobufCMessage **ret_reply, struct eun_error *err)
{
	int r = begin_exchange(client, path, request, reply, timeout_ms, err);

	if (r < 0)
		return r;
	client->exchange.is_unary = true;
	r = run_exchange(client, timeout_ms, err);
	if (r == 0) {
		r = take_message(&client->exchange, ret_reply, err);
		if (r == 0)
			r = eun_error_set(err, -EPROTO, EUN_REASON_INTERNAL,
					  "the agent said OK but sent no reply");
	}
	cancel_exchange(client);
	return EUB_MIN(r, 0);
}

int rpc_client_open_stream(struct rpc_client *client, const char *path,
			   const ProtobufCMessage *request, const ProtobufCMessageDescriptor *reply,
			   struct eun_error *err)
{
	int r = begin_exchange(client, path, request, reply, -1, err);

	if (r < 0)
		return r;
	/* The server begins before rpc_client_next() asks; a closed socket shows there. */
	(void)flush_output(client);
	return 0;
}

int rpc_client_next(struct rpc_client *client, int timeout_ms, ProtobufCMessage **ret_message,
		    struct eun_error *err)
{
	uint64_t deadline_ns = UINT64_MAX;
	int r = take_message(&client->exchange, ret_message, err);

	if (r == 0 && !client->exchange.is_over)
		deadline_ns = deadline_after(timeout_ms);
	while (r == 0 && !client->exchange.is_over) {
		r = step(client, deadline_ns, err);
		if (r == 0)
			r = take_message(&client->exchange, ret_message, err);
	}
	return r == 0 ? conclude(&client->exchange, err) : r;
}

struct rpc_client *rpc_client_free(struct rpc_client *client)
{
	if (!client)
		return NULL;
	if (client->http2)
		cancel_exchange(client);
	nghttp2_session_del(client->http2);
	rpc_queue_done(&client->output);
	free(client->read_buf);
	(void)close(client->fd); /* what was sent is with the kernel already */
	free(client);
	return NULL;
}
