/* SPDX-License-Identifier: Apache-2.0 */
/* Other programs: finding them and running them, without a shell. */
#pragma once

#include <eunomia/error.h>

#include "base/buf.h"

/**
 * process_find() - the file that a command name stands for
 * @name: with a slash: that file; else searched in PATH
 *
 * Return: 0 with an executable file's path, free() it; -ENOENT, -ENOMEM.
 */
int process_find(const char *name, char **ret_path);
/**
 * process_run() - run a program and wait for its end
 * @path: executable file
 * @argv: words, the first of which names the program; ends with NULL
 *
 * Standard streams and environment are ours.
 *
 * Return: its exit status, 0..255; -ECANCELED (INTERNAL) if a signal ended it; -errno of
 * posix_spawn(3).
 */
int process_run(const char *path, const char *const *argv, struct eun_error *err);

struct process_limits {
	int timeout_ms;
	size_t max_bytes; /* of its output; the rest is left out */
};

/**
 * process_capture() - run a program and gather what it writes to standard output
 * @path: executable file
 * @argv: as for process_run()
 * @out:  appended to, also by a failure
 *
 * Its other streams are /dev/null. It is killed when the time is over, or when it has more to say
 * than is wanted.
 *
 * Return: its exit status, 0..255; 0 if it had more to say; -ETIMEDOUT; as process_run().
 */
int process_capture(const char *path, const char *const *argv, const struct process_limits *limits,
		    struct eub_buf *out, struct eun_error *err);
