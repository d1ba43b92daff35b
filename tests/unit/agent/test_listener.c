/* SPDX-License-Identifier: Apache-2.0 */
/* The control socket: rights, stale and live paths, sockets passed by systemd. */
#include "listener.h"

#include "agent_test.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/un.h>

struct fixture {
	struct test_folder folder;
	char *path;
	uv_loop_t loop;
	struct log log;
	struct config config;
	struct listener listener;
	unsigned int n_connections;
	uv_pipe_t client;
	struct eun_error err;
};

static void on_connection(uv_stream_t *server, void *userdata)
{
	struct fixture *f = userdata;

	assert_int_equal(uv_pipe_init(server->loop, &f->client, 0), 0);
	assert_int_equal(uv_accept(server, (uv_stream_t *)&f->client), 0);
	f->n_connections++;
	uv_stop(server->loop);
}

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	test_folder_make(&f->folder);
	f->path = test_path(&f->folder, "control.sock");
	assert_int_equal(uv_loop_init(&f->loop), 0);
	log_init(&f->log, LOG_TARGET_STDERR, LOG_LEVEL_ERR, NULL);
	assert_int_equal(config_init(&f->config, NULL), 0);
	assert_int_equal(config_set(&f->config, config_find_key("Agent", "Socket"), f->path, NULL),
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
	uv_walk(&f->loop, close_handle, NULL);
	(void)uv_run(&f->loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&f->loop), 0);
	assert_int_equal(access(f->path, F_OK), -1); /* the path is gone */
	assert_int_equal(rmdir(f->folder.path), 0);
	free(f->path);
	config_done(&f->config);
	eun_error_done(&f->err);
	free(f);
	return 0;
}

static int open_listener(struct fixture *f, struct listener *listener)
{
	return listener_open(listener, &f->loop, &f->config, (gid_t)-1, &f->log, on_connection, f,
			     &f->err);
}

static int connect_to(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int r;

	assert_true(fd >= 0);
	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	r = connect(fd, (const struct sockaddr *)&address, sizeof(address));
	if (r < 0) {
		r = -errno;
		(void)close(fd);
		return r;
	}
	return fd;
}

static void test_rights_and_connection(void **state)
{
	struct fixture *f = *state;
	struct stat st;
	int fd;

	assert_int_equal(open_listener(f, &f->listener), 0);
	assert_int_equal(stat(f->path, &st), 0);
	assert_true(S_ISSOCK(st.st_mode));
	assert_int_equal(st.st_mode & 07777, 0660);
	fd = connect_to(f->path);
	assert_true(fd >= 0);
	(void)uv_run(&f->loop, UV_RUN_DEFAULT);
	assert_int_equal(f->n_connections, 1);
	(void)close(fd);
}

static void test_mode_is_settable(void **state)
{
	struct fixture *f = *state;
	struct stat st;

	f->config.socket_mode = 0600;
	assert_int_equal(open_listener(f, &f->listener), 0);
	assert_int_equal(stat(f->path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
}

/* As an agent that was killed leaves it. */
static void test_stale_socket_is_taken_over(void **state)
{
	struct fixture *f = *state;
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", f->path);
	assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	(void)close(fd);
	assert_int_equal(connect_to(f->path), -ECONNREFUSED);
	assert_int_equal(open_listener(f, &f->listener), 0);
	fd = connect_to(f->path);
	assert_true(fd >= 0);
	(void)close(fd);
}

static void test_live_socket_is_left_alone(void **state)
{
	struct fixture *f = *state;
	struct listener second;
	int fd;

	assert_int_equal(open_listener(f, &f->listener), 0);
	assert_int_equal(open_listener(f, &second), -EADDRINUSE);
	assert_non_null(strstr(f->err.message, "another agent is running at"));
	listener_close(&second);
	fd = connect_to(f->path);
	assert_true(fd >= 0);
	(void)close(fd);
}

static void test_other_files_are_left_alone(void **state)
{
	struct fixture *f = *state;

	test_write_file(f->path, "precious");
	assert_int_equal(open_listener(f, &f->listener), -ENOTSOCK);
	assert_int_equal(access(f->path, F_OK), 0);
	assert_int_equal(unlink(f->path), 0);
}

/* Somebody else's socket at our path is not removed when we go. */
static void test_replaced_path_is_left_alone(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(open_listener(f, &f->listener), 0);
	assert_int_equal(unlink(f->path), 0);
	test_write_file(f->path, "new");
	listener_close(&f->listener);
	assert_int_equal(access(f->path, F_OK), 0);
	assert_int_equal(unlink(f->path), 0);
}

static void test_folder_that_cannot_be_made(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(config_set(&f->config, config_find_key("Agent", "Socket"),
				    "/proc/eunomia/deep/control.sock", NULL),
			 0);
	assert_true(open_listener(f, &f->listener) < 0);
	assert_non_null(strstr(f->err.message, "/proc/eunomia/deep"));
}

static void test_passed_socket_of_another_process_is_not_taken(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(setenv("LISTEN_PID", "1", 1), 0);
	assert_int_equal(setenv("LISTEN_FDS", "1", 1), 0);
	assert_int_equal(open_listener(f, &f->listener), 0);
	assert_true(f->listener.is_bound);
	assert_int_equal(unsetenv("LISTEN_PID"), 0);
	assert_int_equal(unsetenv("LISTEN_FDS"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		TEST(test_rights_and_connection),
		TEST(test_mode_is_settable),
		TEST(test_stale_socket_is_taken_over),
		TEST(test_live_socket_is_left_alone),
		TEST(test_other_files_are_left_alone),
		TEST(test_replaced_path_is_left_alone),
		TEST(test_folder_that_cannot_be_made),
		TEST(test_passed_socket_of_another_process_is_not_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
