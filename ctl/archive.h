/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A compressed archive of files, made in memory: POSIX ustar (IEEE 1003.1, pax), gzip. The same
 * files and time give the same bytes.
 */
#pragma once

#include "base/buf.h"

struct archive;

/**
 * archive_new() - begin an archive
 * @time_s: of all files, Unix time
 *
 * Return: 0; -ENOMEM.
 */
int archive_new(uint64_t time_s, struct archive **ret_archive);
/* Accepts NULL. Returns NULL. */
struct archive *archive_free(struct archive *archive);
/**
 * archive_add() - add a file, readable by its owner only
 * @name: relative path; at most 255 bytes, of which the last part at most 100
 *
 * Return: 0; -ENAMETOOLONG; -ENOMEM.
 */
int archive_add(struct archive *archive, const char *name, const void *data, size_t n);
/**
 * archive_finish() - end the archive; nothing can be added any more
 *
 * Return: 0 with its bytes, the caller's; -ENOMEM.
 */
int archive_finish(struct archive *archive, struct eub_buf *ret_bytes);
