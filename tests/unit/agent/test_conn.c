/* SPDX-License-Identifier: Apache-2.0 */
/* Clients on real sockets: limits, garbage, clean ends, nothing left behind. */
#include "conn.h"

#include "agent_test.h"
#include "listener.h"

#include <errno.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>

/* Client's connection preface (RFC 9113, 3.4) with an empty SETTINGS frame. */
static const char preface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0";
#define FRAME_HEAD_BYTES    9
#define FRAME_TYPE_SETTINGS 4
#define FRAME_TYPE_GOAWAY   7

struct fixture {
	struct test_folder folder;
	uv_loop_t loop;
	struct log log;
	struct config config;
	struct peer_policy policy;
	struct rpc_server server;
	struct listener listener;
	struct conn_set set;
	unsigned int n_changes;
};

static void on_connection(uv_stream_t *server, void *userdata)
{
	struct fixture *f = userdata;

	conn_set_accept(&f->set, server);
}

static void on_changed(void *userdata)
{
	struct fixture *f = userdata;

	f->n_changes++;
}

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	char *path;

	assert_non_null(f);
	test_folder_make(&f->folder);
	path = test_path(&f->folder, "socket");
	assert_int_equal(uv_loop_init(&f->loop), 0);
	log_init(&f->log, LOG_TARGET_STDERR, (enum log_level)0, NULL); /* silent */
	assert_int_equal(config_init(&f->config, NULL), 0);
	assert_int_equal(config_set(&f->config, config_find_key("Agent", "Socket"), path, NULL), 0);
	free(path);
	peer_policy_init(&f->policy, &f->config);
	f->server.on_dirty = conn_on_dirty;
	assert_int_equal(
	    conn_set_init(&f->set, &f->loop, &f->server, &f->config, &f->policy, &f->log), 0);
	f->set.on_changed = on_changed;
	f->set.userdata = f;
	assert_int_equal(listener_open(&f->listener, &f->loop, &f->config, (gid_t)-1, &f->log,
				       on_connection, f, NULL),
			 0);
	*state = f;
	return 0;
}

static void close_handle(uv_handle_t *handle, void *userdata)
{
	(void)userdata;
	if (!uv_is_closing(handle))
		uv_close(handle, NULL);
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	listener_close(&f->listener);
	conn_set_close(&f->set);
	assert_int_equal(f->set.n_conns, 0);
	uv_walk(&f->loop, close_handle, NULL);
	(void)uv_run(&f->loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&f->loop), 0);
	assert_int_equal(rmdir(f->folder.path), 0);
	config_done(&f->config);
	log_done(&f->log);
	free(f);
	return 0;
}

static int connect_client(const struct fixture *f)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", f->config.socket_path);
	assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

/* Lets the loop work until the set has seen @n_changes more changes. */
static void run_until_changes(struct fixture *f, unsigned int n_changes)
{
	unsigned int wanted = f->n_changes + n_changes;

	while (f->n_changes < wanted)
		(void)uv_run(&f->loop, UV_RUN_ONCE);
}

/* The type of the next frame that the agent sent; -1 when it has closed. */
static int receive_frame(struct fixture *f, int fd)
{
	unsigned char head[FRAME_HEAD_BYTES], payload[1024];
	size_t size;

	(void)uv_run(&f->loop, UV_RUN_NOWAIT);
	if (recv(fd, head, sizeof(head), MSG_WAITALL) != (ssize_t)sizeof(head))
		return -1;
	size = (size_t)head[1] << 8 | head[2];
	assert_true(head[0] == 0 && size <= sizeof(payload));
	if (size > 0)
		assert_int_equal(recv(fd, payload, size, MSG_WAITALL), size);
	return head[3];
}

static void test_settings_are_sent_unasked(void **state)
{
	struct fixture *f = *state;
	int fd = connect_client(f);

	run_until_changes(f, 1);
	assert_int_equal(f->set.n_conns, 1);
	assert_int_equal(receive_frame(f, fd), FRAME_TYPE_SETTINGS);
	(void)close(fd);
	run_until_changes(f, 1);
	assert_int_equal(f->set.n_conns, 0);
}

static void test_garbage_ends_the_connection(void **state)
{
	static const char garbage[] = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
	struct fixture *f = *state;
	int fd = connect_client(f);
	int type;

	run_until_changes(f, 1);
	assert_int_equal(send(fd, garbage, sizeof(garbage) - 1, MSG_NOSIGNAL), sizeof(garbage) - 1);
	run_until_changes(f, 1);
	assert_int_equal(f->set.n_conns, 0);
	do {
		type = receive_frame(f, fd);
	} while (type >= 0);
	(void)close(fd);
}

static void test_limit_of_clients(void **state)
{
	struct fixture *f = *state;
	int fds[3];
	char byte;

	f->config.max_connections = 2;
	for (size_t i = 0; i < 3; i++)
		fds[i] = connect_client(f);
	run_until_changes(f, 2);
	while (recv(fds[2], &byte, 1, MSG_DONTWAIT) != 0) { /* the third is closed */
		assert_int_equal(errno, EAGAIN);
		(void)uv_run(&f->loop, UV_RUN_ONCE);
	}
	assert_int_equal(f->set.n_conns, 2);
	assert_int_equal(f->set.n_refused, 1);
	(void)close(fds[0]);
	run_until_changes(f, 1);
	(void)close(fds[2]);
	fds[2] = connect_client(f);
	run_until_changes(f, 1); /* there is room again */
	assert_int_equal(f->set.n_refused, 0);
	(void)close(fds[1]);
	(void)close(fds[2]);
	run_until_changes(f, 2);
}

static void test_limit_of_a_user(void **state)
{
	struct fixture *f = *state;
	int fds[2];
	char byte;

	f->config.max_connections_per_user = 1;
	fds[0] = connect_client(f);
	fds[1] = connect_client(f);
	run_until_changes(f, 1);
	while (recv(fds[1], &byte, 1, MSG_DONTWAIT) != 0)
		(void)uv_run(&f->loop, UV_RUN_ONCE);
	assert_int_equal(f->set.n_conns, 1);
	(void)close(fds[0]);
	(void)close(fds[1]);
	run_until_changes(f, 1);
}

/* At the end a client without calls is told and closed, in that order. */
static void test_end_closes_idle_clients(void **state)
{
	struct fixture *f = *state;
	int fd = connect_client(f);
	int type = 0, last = 0;

	run_until_changes(f, 1);
	assert_int_equal(send(fd, preface, sizeof(preface) - 1, MSG_NOSIGNAL), sizeof(preface) - 1);
	assert_int_equal(receive_frame(f, fd), FRAME_TYPE_SETTINGS);
	conn_set_shutdown(&f->set);
	conn_set_end(&f->set);
	run_until_changes(f, 1);
	while ((type = receive_frame(f, fd)) >= 0)
		last = type;
	assert_int_equal(last, FRAME_TYPE_GOAWAY);
	(void)close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		TEST(test_settings_are_sent_unasked), TEST(test_garbage_ends_the_connection),
		TEST(test_limit_of_clients),	      TEST(test_limit_of_a_user),
		TEST(test_end_closes_idle_clients),
	};

	assert_true(signal(SIGPIPE, SIG_IGN) != SIG_ERR); /* as main.c does */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
