/* SPDX-License-Identifier: Apache-2.0 */
/* Files and descriptors: bounded reads, atomic writes. Every descriptor is born close-on-exec. */
#pragma once

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>

/**
 * eub_read_fd() - append everything up to the end of file to @buf
 * @max_bytes: what is larger is refused
 *
 * Return: 0; -EFBIG if there is more than @max_bytes; -ENOMEM; -errno of read(2).
 */
int eub_read_fd(int fd, size_t max_bytes, struct eub_buf *buf);
/* As eub_read_fd() for the file at @path; also -errno of open(2). */
int eub_read_file(const char *path, size_t max_bytes, struct eub_buf *buf);
/* The first line of a small file, without its line feed. @size: of @ret_line, > 0; a file that does
 * not fit is refused. Return: as eub_read_file(). */
int eub_read_line(const char *path, char *ret_line, size_t size);
/**
 * eub_write_all() - write @n bytes, going on after short writes and signals
 *
 * Return: 0; -errno of write(2).
 */
int eub_write_all(int fd, const void *data, size_t n);
struct eub_replace_options {
	unsigned int mode; /* permission bits */
	bool is_durable;   /* outlasts a power failure, not only the end of the process */
	/* Told before each step; a negative errno fails the step instead. NULL: none. */
	int (*on_step)(const char *step);
};

/**
 * eub_replace_file() - replace the file at @path, or leave it as it was
 *
 * Temporary file "PATH.XXXXXX" in the same folder, rename; if durable, with fsync of the file
 * before and of the folder after. A process that is killed leaves the temporary file behind.
 *
 * Return: 0; -errno. If only the last fsync failed, the file is replaced all the same.
 */
int eub_replace_file(const char *path, const void *data, size_t n,
		     const struct eub_replace_options *options);
/* As eub_replace_file(), durable and without steps. */
int eub_write_file_atomic(const char *path, const void *data, size_t n, unsigned int mode);
/**
 * eub_path_exists() - is there something at @path, as far as this process may see?
 *
 * Not access(2): that asks for the real user, for whom ambient capabilities do not count.
 *
 * Return: whether there is; if not, errno says why (stat(2)).
 */
bool eub_path_exists(const char *path);
/* fsync() of a file or folder by its path. Return: 0; -errno. */
int eub_sync_path(const char *path);
