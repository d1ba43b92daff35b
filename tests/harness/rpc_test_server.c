/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rpc_test_server SOCKET: the test service of rpc_service.h behind a Unix socket, so that real gRPC
 * clients can be tried on it. Prints "ready" when it listens; on SIGTERM it ends as the agent does:
 * GOAWAY, health NOT_SERVING, and when the calls are over, exit status 0.
 */
#include "rpc_service.h"

#include "base/cleanup.h"
#include "base/clock.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>

#define CONNECTIONS_MAX 64
#define CHUNK_BYTES	65536
#define NS_PER_MS	1000000u

struct connection {
	int fd; /* -EBADF: unused */
	struct rpc_session *session;
	struct eub_buf out;
	size_t n_written;
};

struct program {
	struct rpc_test_service service;
	int listener;
	int signals;
	bool is_stopping;
	struct connection connections[CONNECTIONS_MAX];
	char bytes[CHUNK_BYTES];
};

static int listen_at(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	_cleanup_(eub_closep) int fd =
	    socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0 || strlen(path) >= sizeof(address.sun_path))
		return -EINVAL;
	memcpy(address.sun_path, path, strlen(path));
	if (bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0 ||
	    listen(fd, SOMAXCONN) < 0)
		return -errno;
	return EUB_TAKE_FD(fd);
}

static void close_connection(struct connection *connection)
{
	connection->session = rpc_session_free(connection->session);
	eub_buf_done(&connection->out);
	connection->n_written = 0;
	(void)close(connection->fd);
	connection->fd = -EBADF;
}

static void accept_connection(struct program *program)
{
	int fd = accept4(program->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd < 0)
		return;
	for (size_t i = 0; i < CONNECTIONS_MAX; i++) {
		struct connection *connection = &program->connections[i];

		if (connection->fd >= 0)
			continue;
		if (rpc_session_new(&program->service.server, NULL, &connection->session) < 0)
			break;
		connection->fd = fd;
		return;
	}
	(void)close(fd);
}

/* Return: 0; -errno when the connection is to be closed. */
static int write_connection(struct connection *connection)
{
	for (;;) {
		ssize_t n;

		if (connection->n_written == connection->out.len) {
			eub_buf_clear(&connection->out);
			connection->n_written = 0;
			if (rpc_session_pump(connection->session, &connection->out, CHUNK_BYTES) <
			    0)
				return -EPROTO;
			if (connection->out.len == 0)
				return rpc_session_is_over(connection->session) ? -EPIPE : 0;
		}
		n = send(connection->fd, connection->out.data + connection->n_written,
			 connection->out.len - connection->n_written, MSG_NOSIGNAL);
		if (n < 0)
			return errno == EAGAIN ? 0 : -errno;
		connection->n_written += (size_t)n;
	}
}

static int read_connection(struct program *program, struct connection *connection)
{
	ssize_t n = recv(connection->fd, program->bytes, sizeof(program->bytes), 0);

	if (n < 0 && errno == EAGAIN)
		return 0;
	if (n <= 0)
		return -ECONNRESET;
	return rpc_session_feed(connection->session, program->bytes, (size_t)n);
}

static void serve_connection(struct program *program, struct connection *connection, short events)
{
	int r = 0;

	rpc_session_tick(connection->session, eub_clock_mono_ns());
	if (events & (POLLIN | POLLHUP | POLLERR))
		r = read_connection(program, connection);
	if (r == 0)
		r = write_connection(connection);
	if (r < 0)
		close_connection(connection);
}

static void begin_stop(struct program *program)
{
	program->is_stopping = true;
	rpc_health_shutdown(program->service.health);
	(void)close(program->listener);
	program->listener = -EBADF;
	for (size_t i = 0; i < CONNECTIONS_MAX; i++)
		if (program->connections[i].fd >= 0)
			rpc_session_goaway(program->connections[i].session);
}

static int wait_ms(const struct program *program)
{
	uint64_t earliest_ns = UINT64_MAX;
	uint64_t now_ns = eub_clock_mono_ns();

	for (size_t i = 0; i < CONNECTIONS_MAX; i++)
		if (program->connections[i].fd >= 0)
			earliest_ns =
			    EUB_MIN(earliest_ns,
				    rpc_session_get_deadline_ns(program->connections[i].session));
	if (earliest_ns == UINT64_MAX)
		return -1;
	return earliest_ns <= now_ns ? 0 : (int)((earliest_ns - now_ns) / NS_PER_MS) + 1;
}

/* Return: false when everything is over. */
static bool turn(struct program *program)
{
	struct pollfd fds[CONNECTIONS_MAX + 2] = {
		{ .fd = program->listener, .events = POLLIN },
		{ .fd = program->signals, .events = POLLIN },
	};
	size_t n_open = 0;

	for (size_t i = 0; i < CONNECTIONS_MAX; i++) {
		const struct connection *connection = &program->connections[i];

		fds[i + 2].fd = connection->fd;
		fds[i + 2].events = POLLIN;
		if (connection->n_written < connection->out.len)
			fds[i + 2].events |= POLLOUT;
		n_open += connection->fd >= 0;
	}
	if (program->is_stopping && n_open == 0)
		return false;
	if (poll(fds, CONNECTIONS_MAX + 2, wait_ms(program)) < 0)
		return errno == EINTR;
	if (fds[0].revents)
		accept_connection(program);
	if (fds[1].revents && !program->is_stopping)
		begin_stop(program);
	for (size_t i = 0; i < CONNECTIONS_MAX; i++)
		if (fds[i + 2].fd >= 0)
			serve_connection(program, &program->connections[i], fds[i + 2].revents);
	return true;
}

int main(int argc, char **argv)
{
	static struct program program;
	sigset_t mask;

	if (argc != 2) {
		(void)fprintf(stderr, "usage: %s SOCKET\n", argv[0]);
		return 2;
	}
	for (size_t i = 0; i < CONNECTIONS_MAX; i++)
		program.connections[i].fd = -EBADF;
	(void)sigemptyset(&mask);
	(void)sigaddset(&mask, SIGTERM);
	(void)sigprocmask(SIG_BLOCK, &mask, NULL);
	program.signals = signalfd(-1, &mask, SFD_CLOEXEC);
	program.listener = listen_at(argv[1]);
	if (program.signals < 0 || program.listener < 0 ||
	    rpc_test_service_init(&program.service) < 0) {
		(void)fprintf(stderr, "%s: cannot listen at '%s'\n", argv[0], argv[1]);
		return 1;
	}
	(void)puts("ready");
	(void)fflush(stdout);
	while (turn(&program))
		;
	rpc_test_service_done(&program.service);
	return program.service.n_begun == program.service.n_done ? 0 : 1;
}
