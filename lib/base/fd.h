/* SPDX-License-Identifier: Apache-2.0 */
/* Files and descriptors: bounded reads, atomic writes. Every descriptor is born close-on-exec. */
#pragma once

#include "base/buf.h"

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
/**
 * eub_write_all() - write @n bytes, going on after short writes and signals
 *
 * Return: 0; -errno of write(2).
 */
int eub_write_all(int fd, const void *data, size_t n);
/**
 * eub_write_file_atomic() - replace the file at @path, or leave it as it was
 * @mode: permission bits of a new file
 *
 * Temporary file in the same folder, fsync, rename, fsync of the folder.
 *
 * Return: 0; -errno.
 */
int eub_write_file_atomic(const char *path, const void *data, size_t n, unsigned int mode);
