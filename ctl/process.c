/* SPDX-License-Identifier: Apache-2.0 */
/* No shell stands between: words of the command line reach the program as they are. */
#include "process.h"

#include "base/cleanup.h"

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
static int spawn(const char *path, const char *const *argv, pid_t *ret_pid)
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
	r = posix_spawn(ret_pid, path, NULL, &attributes, (char *const *)(uintptr_t)argv, environ);
	(void)posix_spawnattr_destroy(&attributes);
	return r;
}

int process_run(const char *path, const char *const *argv, struct eun_error *err)
{
	pid_t pid;
	int status;
	int r = spawn(path, argv, &pid);

	if (r != 0)
		return eun_error_set(err, -r, EUN_REASON_IO, "cannot start '%s': %s", path,
				     strerror(r));
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return eun_error_set(err, -errno, EUN_REASON_INTERNAL,
					     "cannot wait for '%s': %s", path, strerror(errno));
	if (WIFSIGNALED(status))
		return eun_error_set(err, -ECANCELED, EUN_REASON_INTERNAL,
				     "'%s' was ended by signal %d", path, WTERMSIG(status));
	return WEXITSTATUS(status);
}
