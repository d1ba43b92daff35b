/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One file of the state folder: its payload behind a head that tells damage from content. Blocks;
 * any thread.
 */
#pragma once

#include "base/buf.h"

#include <eunomia/error.h>

#include <stdbool.h>

enum state_file_kind {
	STATE_FILE_SLOT,    /* the record of a slot */
	STATE_FILE_PACKAGE, /* the package of a generation */
	_STATE_FILE_KIND_MAX,
};

enum state_durability {
	STATE_FAST,    /* outlasts the process */
	STATE_DURABLE, /* outlasts a power failure */
};

/**
 * state_file_write() - replace a file, or leave it as it was
 *
 * Return: 0; -E2BIG; -ENOMEM; -errno, with a hint of what to do in @err.
 */
int state_file_write(const char *path, enum state_file_kind kind, const struct eub_buf *payload,
		     enum state_durability durability, struct eun_error *err);
/**
 * state_file_read() - append a file's payload to @payload
 *
 * Return: 0; -ENOENT; -EBADMSG (damaged; the message says how); -ENOMEM; other -errno.
 */
int state_file_read(const char *path, enum state_file_kind kind, struct eub_buf *payload,
		    struct eun_error *err);
/* The failure to @verb ("write") the file or folder @path, with what to do next. Return: @code. */
int state_file_fail(struct eun_error *err, int code, const char *verb, const char *path);
