/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where clients come in. Under systemd the socket is there before the agent (sd_listen_fds(3));
 * else it is bound here.
 *
 * Binding without a window of wider rights: fchmod(2) before bind(2) gives the path's inode mode
 * 0600 from its first moment (unix(7): the inode takes the socket's mode), owner and mode are set
 * next, and only then listen(2) lets anybody in. The process-wide umask, which other threads share,
 * is not touched. Two agents that start at once on one path are serialised by a lock on the folder,
 * held until the winner listens, so the loser finds it alive.
 */
#include "listener.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

/* The most that the kernel's own default (net.core.somaxconn) lets wait. */
#define BACKLOG 4096

static int fail(struct eun_error *err, const char *what, const char *path)
{
	int r = -errno;

	(void)eun_error_set(err, r, EUN_REASON_IO, "cannot %s '%s': %s", what, path, strerror(-r));
	if (r == -EACCES || r == -EPERM)
		eun_error_set_hint(err, "run eunomiad as root, or give --socket a path of yours");
	return r;
}

/* Return: the first usable passed socket; -ENOENT if none was passed to this process; -ENOTSOCK. */
static int take_passed_socket(void)
{
	int n = sd_listen_fds(1);

	if (n <= 0)
		return -ENOENT;
	for (int fd = SD_LISTEN_FDS_START; fd < SD_LISTEN_FDS_START + n; fd++)
		if (sd_is_socket_unix(fd, SOCK_STREAM, 1, NULL, 0) > 0)
			return fd;
	return -ENOTSOCK;
}

static int set_address(struct sockaddr_un *address, const char *path, struct eun_error *err)
{
	*address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (strlen(path) >= sizeof(address->sun_path))
		return eun_error_set(err, -ENAMETOOLONG, EUN_REASON_INVALID_ARGUMENT,
				     "the socket's path is longer than %zu bytes: '%s'",
				     sizeof(address->sun_path) - 1, path);
	memcpy(address->sun_path, path, strlen(path) + 1);
	return 0;
}

/* Makes the last folder of the path if it is missing, and locks it. Return: a descriptor. */
static int lock_folder(const char *path, struct eun_error *err)
{
	_cleanup_(eub_freep) char *folder = strdup(path);
	_cleanup_(eub_closep) int fd = -EBADF;
	char *slash;

	if (!folder)
		return eub_error_no_memory(err);
	slash = strrchr(folder, '/'); /* the path is absolute */
	slash[slash == folder ? 1 : 0] = '\0';
	if (mkdir(folder, 0755) < 0 && errno != EEXIST)
		return fail(err, "make the folder", folder);
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return fail(err, "open the folder", folder);
	if (flock(fd, LOCK_EX) < 0)
		return fail(err, "lock the folder", folder);
	return EUB_TAKE_FD(fd);
}

/* Removes a socket that nobody listens on. Anything else at the path is left, and an error. */
static int clear_path(const struct sockaddr_un *address, struct eun_error *err)
{
	_cleanup_(eub_closep) int probe = -EBADF;
	const char *path = address->sun_path;
	struct stat st;

	if (lstat(path, &st) < 0)
		return errno == ENOENT ? 0 : fail(err, "look at", path);
	if (!S_ISSOCK(st.st_mode))
		return eun_error_set(err, -ENOTSOCK, EUN_REASON_IO,
				     "'%s' is there and is no socket", path);
	probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (probe < 0)
		return fail(err, "make a socket for", path);
	if (connect(probe, (const struct sockaddr *)address, sizeof(*address)) < 0 &&
	    errno == ECONNREFUSED)
		return unlink(path) < 0 ? fail(err, "remove the stale socket", path) : 0;
	(void)eun_error_set(err, -EADDRINUSE, EUN_REASON_BUSY, "another agent is running at '%s'",
			    path);
	eun_error_set_hint(err, "stop it first, or give this one another --socket");
	return -EADDRINUSE;
}

static int bind_and_listen(struct listener *listener, const struct sockaddr_un *address,
			   const struct config *config, gid_t group, struct eun_error *err)
{
	const char *path = address->sun_path;
	_cleanup_(eub_closep) int fd =
	    socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct stat st;

	if (fd < 0)
		return fail(err, "make the socket", path);
	if (fchmod(fd, 0600) < 0)
		return fail(err, "restrict the socket", path);
	if (bind(fd, (const struct sockaddr *)address, sizeof(*address)) < 0)
		return fail(err, "bind", path);
	listener->is_bound = true;
	if (lstat(path, &st) < 0)
		return fail(err, "look at", path);
	listener->device = st.st_dev;
	listener->inode = st.st_ino;
	if (group != (gid_t)-1 && lchown(path, (uid_t)-1, group) < 0 && errno != EPERM)
		return fail(err, "give to its group", path);
	if (chmod(path, (mode_t)config->socket_mode) < 0)
		return fail(err, "set the mode of", path);
	if (listen(fd, BACKLOG) < 0)
		return fail(err, "listen at", path);
	return EUB_TAKE_FD(fd);
}

static int open_own_socket(struct listener *listener, const struct config *config, gid_t group,
			   struct eun_error *err)
{
	_cleanup_(eub_closep) int lock = -EBADF;
	struct sockaddr_un address;
	int r = set_address(&address, config->socket_path, err);

	if (r < 0)
		return r;
	lock = lock_folder(config->socket_path, err);
	if (lock < 0)
		return lock;
	r = clear_path(&address, err);
	if (r < 0)
		return r;
	return bind_and_listen(listener, &address, config, group, err);
}

static void on_uv_connection(uv_stream_t *server, int status)
{
	struct listener *listener = server->data;

	if (status < 0)
		log_warning(listener->log, "cannot accept a client: %s, continuing without it",
			    uv_strerror(status));
	else
		listener->on_connection(server, listener->userdata);
}

static void remove_path(struct listener *listener)
{
	struct stat st;

	if (listener->is_bound && lstat(listener->path, &st) == 0 &&
	    st.st_dev == listener->device && st.st_ino == listener->inode)
		(void)unlink(listener->path); /* else the next start finds it stale */
	listener->is_bound = false;
	free(listener->path);
	listener->path = NULL;
}

static int attach_to_loop(struct listener *listener, uv_loop_t *loop, int fd)
{
	int r = uv_pipe_init(loop, &listener->pipe, 0);

	if (r < 0) {
		(void)close(fd); /* nothing was sent on it */
		return r;
	}
	listener->is_open = true;
	listener->pipe.data = listener;
	r = uv_pipe_open(&listener->pipe, fd);
	if (r < 0) {
		(void)close(fd); /* the handle did not take it */
		return r;
	}
	return uv_listen((uv_stream_t *)&listener->pipe, BACKLOG, on_uv_connection);
}

int listener_open(struct listener *listener, uv_loop_t *loop, const struct config *config,
		  gid_t group, struct log *log, listener_fn on_connection, void *userdata,
		  struct eun_error *err)
{
	int fd, r;

	*listener =
	    (struct listener){ .log = log, .on_connection = on_connection, .userdata = userdata };
	listener->path = strdup(config->socket_path);
	if (!listener->path)
		return eub_error_no_memory(err);
	fd = take_passed_socket();
	if (fd == -ENOTSOCK)
		log_warning(log, "no passed descriptor is a listening Unix socket, ignoring them");
	if (fd < 0)
		fd = open_own_socket(listener, config, group, err);
	r = fd < 0 ? fd : attach_to_loop(listener, loop, fd);
	if (r < 0) {
		(void)eun_error_set(err, r, EUN_REASON_IO, "cannot listen at '%s': %s",
				    listener->path, uv_strerror(r));
		listener_close(listener);
	}
	return r;
}

void listener_close(struct listener *listener)
{
	remove_path(listener);
	if (!listener->is_open)
		return;
	listener->is_open = false;
	uv_close((uv_handle_t *)&listener->pipe, NULL);
}
