/* SPDX-License-Identifier: Apache-2.0 */
/* No shell stands between: words of the command line reach the program as they are. */
#include "process.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/error.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

static bool is_executable(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0;
}

int process_find(const char *name, char **ret_path)
{
	const char *folders = getenv("PATH");
	const char *next;

	if (strchr(name, '/')) {
		if (!is_executable(name))
			return -ENOENT;
		*ret_path = strdup(name);
		return *ret_path ? 0 : -ENOMEM;
	}
	for (; *name && folders; folders = next ? next + 1 : NULL) {
		_cleanup_(eub_freep) char *path = NULL;
		int n;

		next = strchr(folders, ':');
		n = next ? (int)(next - folders) : (int)strlen(folders);
		/* An empty entry is the working folder (execvp(3)): not searched. */
		if (n == 0)
			continue;
		if (asprintf(&path, "%.*s/%s", n, folders, name) < 0) {
			path = NULL;
			return -ENOMEM;
		}
		if (is_executable(path)) {
			*ret_path = EUB_TAKE_PTR(path);
			return 0;
		}
	}
	return -ENOENT;
}

/* As posix_spawn(3); the program gets SIGPIPE back, which eunomiactl itself ignores. */
static int spawn(const char *path, const char *const *argv,
		 const posix_spawn_file_actions_t *actions, pid_t *ret_pid)
{
	posix_spawnattr_t attributes;
	sigset_t signals;
	int r = posix_spawnattr_init(&attributes);

	if (r != 0)
		return r;
	(void)sigemptyset(&signals); /* these cannot fail for valid signals and flags */
	(void)sigaddset(&signals, SIGPIPE);
	(void)posix_spawnattr_setsigdefault(&attributes, &signals);
	(void)posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
	/* POSIX's type lacks const for history's sake; the words are not changed. */
	r = posix_spawn(ret_pid, path, actions, &attributes, (char *const *)(uintptr_t)argv,
			environ);
	(void)posix_spawnattr_destroy(&attributes);
	return r;
}

/* Waits for the end of a process. Return: its exit status; -ECANCELED; -errno. */
static int wait_for(pid_t pid, const char *path, struct eun_error *err)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return eun_error_set(err, -errno, EUN_REASON_INTERNAL,
					     "cannot wait for '%s': %s", path, strerror(errno));
	if (WIFSIGNALED(status))
		return eun_error_set(err, -ECANCELED, EUN_REASON_INTERNAL,
				     "'%s' was ended by signal %d", path, WTERMSIG(status));
	return WEXITSTATUS(status);
}

static int fail_start(const char *path, int r, struct eun_error *err)
{
	return eun_error_set(err, -r, EUN_REASON_IO, "cannot start '%s': %s", path, strerror(r));
}

int process_run(const char *path, const char *const *argv, struct eun_error *err)
{
	pid_t pid;
	int r = spawn(path, argv, NULL, &pid);

	return r != 0 ? fail_start(path, r, err) : wait_for(pid, path, err);
}

/* Starts a program whose standard output is @fd. Return: 0; an errno. */
static int spawn_into(const char *path, const char *const *argv, int fd, pid_t *ret_pid)
{
	posix_spawn_file_actions_t actions;
	int r = posix_spawn_file_actions_init(&actions);

	if (r != 0)
		return r;
	r = posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	if (r == 0)
		r = posix_spawn_file_actions_adddup2(&actions, fd, STDOUT_FILENO);
	if (r == 0)
		r = posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY,
						     0);
	if (r == 0)
		r = spawn(path, argv, &actions, ret_pid);
	(void)posix_spawn_file_actions_destroy(&actions);
	return r;
}

/* Reads @fd. Return: 0 at its end; 1 after as much as is wanted; -ETIMEDOUT, -ENOMEM, -errno of
 * read(2). */
static int gather(int fd, const struct process_limits *limits, struct eub_buf *out)
{
	uint64_t end_ns = eub_clock_mono_ns() + (uint64_t)limits->timeout_ms * 1000000;
	size_t left = limits->max_bytes;

	while (left > 0 && !out->has_failed) {
		struct pollfd pollfd = { .fd = fd, .events = POLLIN };
		uint64_t now_ns = eub_clock_mono_ns();
		char bytes[4096];
		ssize_t n;

		if (now_ns >= end_ns || poll(&pollfd, 1, (int)((end_ns - now_ns) / 1000000)) == 0)
			return -ETIMEDOUT;
		n = read(fd, bytes, EUB_MIN(sizeof(bytes), left));
		if (n == 0)
			return 0;
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		eub_buf_append(out, bytes, (size_t)n);
		left -= (size_t)n;
	}
	return out->has_failed ? -ENOMEM : 1;
}

int process_capture(const char *path, const char *const *argv, const struct process_limits *limits,
		    struct eub_buf *out, struct eun_error *err)
{
	_cleanup_(eub_closep) int read_fd = -EBADF;
	_cleanup_(eub_closep) int write_fd = -EBADF;
	int fds[2];
	pid_t pid;
	int r;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return fail_start(path, errno, err);
	read_fd = fds[0];
	write_fd = fds[1];
	r = spawn_into(path, argv, write_fd, &pid);
	if (r != 0)
		return fail_start(path, r, err);
	eub_closep(&write_fd); /* or its end would never come */
	write_fd = -EBADF;
	r = gather(read_fd, limits, out);
	if (r == 0)
		return wait_for(pid, path, err);
	(void)kill(pid, SIGKILL); /* it is ours, and was not waited for yet */
	(void)wait_for(pid, path, NULL);
	if (r > 0)
		return 0;
	if (r == -ENOMEM)
		return eub_error_no_memory(err);
	return eun_error_set(err, r, EUN_REASON_IO, "cannot read what '%s' says: %s", path,
			     strerror(-r));
}
