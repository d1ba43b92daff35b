/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A client: bytes from its socket go into its rpc_session, bytes of the session go out. It owns
 * the session, the output buffer and two libuv handles, and is freed by the last close callback.
 *
 *   new -> open -> closing (handles are being closed, data is ignored) -> freed
 *     `-> closing (refused)
 *
 * Output is pulled, not pushed: a session that has something to say marks its client dirty, and
 * before the loop sleeps each dirty client is asked for bytes until its socket is full. At most one
 * write is in flight, so HTTP/2 output is produced only as fast as the peer reads. A client that
 * always has more gets a share a turn; an idle handle then keeps the loop from sleeping.
 */
#include "conn.h"

#include "base/cleanup.h"
#include "base/clock.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define PUMP_BYTES  65536  /* pulled from a session at once */
#define SHARE_BYTES 524288 /* written to one client a turn */
#define KEPT_BYTES  4096   /* output memory that an idle client may keep */

enum conn_state {
	CONN_NEW, /* accepted, not yet let in */
	CONN_OPEN,
	CONN_CLOSING,
};

struct conn {
	struct eub_list link;	    /* in conn_set.conns */
	struct eub_list dirty_link; /* in conn_set.dirty */
	struct conn_set *set;
	enum conn_state state;
	unsigned int n_handles; /* not yet closed */
	struct peer peer;
	struct rpc_session *session;
	uv_pipe_t pipe;
	uv_timer_t deadline; /* one-shot: the earliest deadline of its calls */
	uv_write_t write;
	bool is_writing;
	bool is_failed; /* the session is broken: write what it still says, then close */
	struct eub_buf out;
	size_t n_sent; /* of out */
};

static void conn_log(const struct conn *conn, enum log_level level, const char *id,
		     const char *what)
{
	char uid[16], pid[16];

	(void)snprintf(uid, sizeof(uid), "%u", (unsigned int)conn->peer.uid);
	(void)snprintf(pid, sizeof(pid), "%d", (int)conn->peer.pid);
	log_write(conn->set->log, level, id,
		  LOG_FIELDS({ "EUNOMIA_PEER_UID", uid }, { "EUNOMIA_PEER_PID", pid }),
		  "client uid %s pid %s: %s", uid, pid, what);
}

static void tell_changed(const struct conn_set *set)
{
	if (set->on_changed)
		set->on_changed(set->userdata);
}

static void on_handle_closed(uv_handle_t *handle)
{
	struct conn *conn = handle->data;

	if (--conn->n_handles > 0)
		return;
	eub_buf_done(&conn->out);
	free(conn);
}

/* The only place that changes a state. @what is said in the log. */
static void set_state(struct conn *conn, enum conn_state state, const char *what)
{
	bool was_open = conn->state == CONN_OPEN;

	assert(state > conn->state);
	conn->state = state;
	if (state != CONN_OPEN && !was_open)
		return; /* was refused, and that was said */
	if (state == CONN_OPEN)
		conn->set->n_conns++;
	else
		conn->set->n_conns--;
	conn_log(conn, LOG_LEVEL_INFO, NULL, what);
	tell_changed(conn->set);
}

/* May be called twice. Ends the calls, which must not be running on the stack. */
static void conn_close(struct conn *conn, const char *why)
{
	if (conn->state == CONN_CLOSING)
		return;
	eub_list_remove(&conn->link);
	eub_list_remove(&conn->dirty_link);
	set_state(conn, CONN_CLOSING, why);
	conn->session = rpc_session_free(conn->session);
	uv_close((uv_handle_t *)&conn->pipe, on_handle_closed);
	uv_close((uv_handle_t *)&conn->deadline, on_handle_closed);
}

static void on_idle(uv_idle_t *idle EUB_UNUSED)
{
}

/* The idle handle makes the loop come round to on_prepare() before it sleeps. */
static void mark_dirty(struct conn *conn)
{
	if (conn->state != CONN_OPEN || !eub_list_is_empty(&conn->dirty_link))
		return;
	eub_list_append(&conn->set->dirty, &conn->dirty_link);
	(void)uv_idle_start(&conn->set->idle, on_idle); /* cannot fail */
}

static void on_deadline(uv_timer_t *timer);

static void arm_deadline(struct conn *conn)
{
	uint64_t deadline_ns = rpc_session_get_deadline_ns(conn->session);
	uint64_t now_ns = eub_clock_mono_ns();
	uint64_t wait_ms;

	if (deadline_ns == UINT64_MAX) {
		(void)uv_timer_stop(&conn->deadline); /* cannot fail */
		return;
	}
	wait_ms = deadline_ns > now_ns ? (deadline_ns - now_ns) / 1000000 + 1 : 0;
	(void)uv_timer_start(&conn->deadline, on_deadline, wait_ms, 0);
}

static void on_deadline(uv_timer_t *timer)
{
	struct conn *conn = timer->data;

	if (conn->state != CONN_OPEN)
		return;
	rpc_session_tick(conn->session, eub_clock_mono_ns());
	arm_deadline(conn);
}

static void on_written(uv_write_t *write, int status)
{
	struct conn *conn = EUB_CONTAINER_OF(write, struct conn, write);

	conn->is_writing = false;
	if (conn->state != CONN_OPEN)
		return;
	if (status < 0) {
		conn_close(conn, uv_strerror(status));
		return;
	}
	rpc_session_note_written(conn->session, conn->out.len - conn->n_sent);
	eub_buf_clear(&conn->out);
	conn->n_sent = 0;
	mark_dirty(conn);
}

/* Writes what is in the buffer. Return: bytes written at once; -errno. */
static int write_out(struct conn *conn)
{
	uv_buf_t rest = uv_buf_init(conn->out.data, (unsigned int)conn->out.len);
	int n = uv_try_write((uv_stream_t *)&conn->pipe, &rest, 1);

	if (n == UV_EAGAIN)
		n = 0;
	if (n < 0)
		return n;
	rpc_session_note_written(conn->session, (size_t)n);
	if ((size_t)n == conn->out.len) {
		eub_buf_clear(&conn->out);
		return n;
	}
	conn->n_sent = (size_t)n;
	rest = uv_buf_init(conn->out.data + n, (unsigned int)(conn->out.len - (size_t)n));
	conn->is_writing = true;
	return uv_write(&conn->write, (uv_stream_t *)&conn->pipe, &rest, 1, on_written) < 0 ? -EIO
											    : n;
}

static bool is_finished(const struct conn *conn)
{
	if (conn->is_writing || conn->out.len > 0)
		return false;
	if (conn->is_failed || rpc_session_is_over(conn->session))
		return true;
	return conn->set->is_ending && rpc_session_get_n_calls(conn->session) == 0;
}

static void release_idle_memory(struct conn *conn)
{
	if (conn->out.len == 0 && conn->out.cap > KEPT_BYTES && !conn->is_writing &&
	    rpc_session_get_n_calls(conn->session) == 0)
		eub_buf_done(&conn->out);
}

/* Writes until nothing is left, the socket is full, or the client had its share. */
static void conn_flush(struct conn *conn)
{
	size_t n_written = 0;

	while (!conn->is_writing) {
		int n;

		if (n_written >= SHARE_BYTES) {
			mark_dirty(conn);
			return;
		}
		if (rpc_session_pump(conn->session, &conn->out, PUMP_BYTES) < 0)
			conn->is_failed = true;
		if (conn->out.len == 0)
			break;
		n = write_out(conn);
		if (n < 0) {
			conn_close(conn, uv_strerror(n));
			return;
		}
		n_written += (size_t)n;
	}
	if (is_finished(conn))
		conn_close(conn, conn->is_failed ? "broke the protocol, closed" : "closed");
	else
		release_idle_memory(conn);
}

static void on_prepare(uv_prepare_t *prepare)
{
	struct conn_set *set = prepare->data;
	struct eub_list now;

	/* Taken over into a list of its own: who is marked again waits for the next turn. */
	eub_list_init(&now);
	EUB_LIST_FOREACH (conn, &set->dirty, struct conn, dirty_link) {
		eub_list_remove(&conn->dirty_link);
		eub_list_append(&now, &conn->dirty_link);
	}
	EUB_LIST_FOREACH (conn, &now, struct conn, dirty_link) {
		eub_list_remove(&conn->dirty_link);
		conn_flush(conn);
	}
	if (eub_list_is_empty(&set->dirty))
		(void)uv_idle_stop(&set->idle); /* cannot fail */
	if (set->on_flushed)
		set->on_flushed(set->userdata);
}

static void on_alloc(uv_handle_t *handle, size_t suggested EUB_UNUSED, uv_buf_t *buf)
{
	const struct conn *conn = handle->data;

	/* libuv reads and calls on_read() before it asks for another client's buffer. */
	*buf = uv_buf_init(conn->set->read_buffer, sizeof(conn->set->read_buffer));
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
	struct conn *conn = stream->data;

	if (conn->state != CONN_OPEN || n == 0)
		return;
	if (n < 0) {
		conn_close(conn, n == UV_EOF ? "went away" : uv_strerror((int)n));
		return;
	}
	if (conn->is_failed)
		return;
	if (rpc_session_feed(conn->session, buf->base, (size_t)n) < 0)
		conn->is_failed = true;
	arm_deadline(conn);
	mark_dirty(conn);
}

void conn_on_dirty(struct rpc_session *session)
{
	mark_dirty(rpc_session_get_userdata(session));
}

const struct peer *conn_get_peer(const struct rpc_session *session)
{
	const struct conn *conn = rpc_session_get_userdata(session);

	return &conn->peer;
}

int conn_set_init(struct conn_set *set, uv_loop_t *loop, const struct rpc_server *server,
		  const struct config *config, const struct peer_policy *policy, struct log *log)
{
	int r;

	set->loop = loop;
	set->server = server;
	set->config = config;
	set->policy = policy;
	set->log = log;
	eub_list_init(&set->conns);
	eub_list_init(&set->dirty);
	r = uv_prepare_init(loop, &set->prepare);
	if (r < 0)
		return r;
	r = uv_idle_init(loop, &set->idle);
	if (r < 0)
		return r;
	set->prepare.data = set;
	return uv_prepare_start(&set->prepare, on_prepare);
}

static size_t count_of_user(const struct conn_set *set, uid_t uid)
{
	size_t n = 0;

	EUB_LIST_FOREACH (conn, &set->conns, struct conn, link)
		n += conn->peer.uid == uid;
	return n;
}

/* Whether one more client of @conn's user is welcome; it is counted nowhere yet. */
static bool is_within_limits(struct conn *conn)
{
	struct conn_set *set = conn->set;

	if (!set->is_ending && set->n_conns < set->config->max_connections &&
	    count_of_user(set, conn->peer.uid) < set->config->max_connections_per_user) {
		set->n_refused = 0;
		return true;
	}
	/* One line until somebody is let in again: refusals can be a flood. */
	if (set->n_refused++ == 0)
		conn_log(conn, LOG_LEVEL_WARNING, LOG_ID_CONNECTION_REFUSED,
			 "refused: too many clients (MaxConnections=, MaxConnectionsPerUser=)");
	return false;
}

/* Return: 0; -EUSERS if there are too many; other -errno. The caller closes @conn then. */
static int conn_begin(struct conn *conn, uv_stream_t *server)
{
	struct conn_set *set = conn->set;
	uv_os_fd_t fd;
	int r = uv_accept(server, (uv_stream_t *)&conn->pipe);

	if (r == 0)
		r = uv_fileno((uv_handle_t *)&conn->pipe, &fd);
	if (r == 0)
		r = peer_identify(fd, set->policy, &conn->peer);
	if (r < 0)
		return r;
	if (!is_within_limits(conn))
		return -EUSERS;
	r = rpc_session_new(set->server, conn, &conn->session);
	if (r < 0)
		return r;
	return uv_read_start((uv_stream_t *)&conn->pipe, on_alloc, on_read);
}

void conn_set_accept(struct conn_set *set, uv_stream_t *server)
{
	struct conn *conn = calloc(1, sizeof(*conn));
	int r;

	if (!conn) {
		log_warning(set->log, "out of memory, continuing without a client that waits");
		return;
	}
	conn->set = set;
	eub_list_init(&conn->link);
	eub_list_init(&conn->dirty_link);
	/* Neither fails on Linux: both only fill a struct. */
	r = uv_pipe_init(set->loop, &conn->pipe, 0);
	assert(r == 0);
	r = uv_timer_init(set->loop, &conn->deadline);
	assert(r == 0);
	conn->pipe.data = conn;
	conn->deadline.data = conn;
	conn->n_handles = 2;
	r = conn_begin(conn, server);
	if (r < 0) {
		if (r != -EUSERS)
			log_warning(set->log, "cannot serve a client: %s, continuing without it",
				    uv_strerror(r));
		conn_close(conn, "refused");
		return;
	}
	eub_list_append(&set->conns, &conn->link);
	set_state(conn, CONN_OPEN, "connected");
	mark_dirty(conn); /* the server's settings go first */
}

void conn_set_shutdown(struct conn_set *set)
{
	EUB_LIST_FOREACH (conn, &set->conns, struct conn, link) {
		rpc_session_shutdown(conn->session);
		mark_dirty(conn);
	}
}

void conn_set_end(struct conn_set *set)
{
	set->is_ending = true;
	EUB_LIST_FOREACH (conn, &set->conns, struct conn, link) {
		rpc_session_goaway(conn->session);
		mark_dirty(conn);
	}
}

void conn_set_close(struct conn_set *set)
{
	EUB_LIST_FOREACH (conn, &set->conns, struct conn, link)
		conn_close(conn, "closed: the agent stops");
}
