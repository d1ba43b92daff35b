/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Entries of the journal. On its way to the sender an entry is one run of bytes: for each field its
 * length (uint32_t, host order), then "NAME=value", where the value may be any bytes.
 */
#pragma once

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/uio.h>

/* Longest name of a field, as journald takes it. */
#define JOURNAL_FIELD_MAX  64
/* Most fields of an entry; journald refuses an entry of more. */
#define JOURNAL_MAX_FIELDS 1024

/* Appends one field; @name is [A-Z0-9_]+ not starting with '_', @value any @n bytes. */
void journal_append(struct eub_buf *entry, const char *name, const void *value, size_t n);
void journal_append_str(struct eub_buf *entry, const char *name, const char *value);

/**
 * journal_split() - find the fields of an entry
 * @fields: room for @max_fields; point into @entry
 *
 * Return: 0; -E2BIG if there are more; -EBADMSG if it is not an entry.
 */
int journal_split(const void *entry, size_t n, struct iovec *fields, size_t max_fields,
		  size_t *ret_n_fields);

/**
 * journal_send() - send one entry; a journal_send_fn
 * @userdata: not used
 *
 * Waits as long as journald does not read, without a bound: for the sender thread only.
 *
 * Return: 0; -ENOENT, -ECONNREFUSED when there is no journald; as journal_split(); other -errno of
 * sd_journal_sendv(3).
 */
int journal_send(void *userdata, const void *entry, size_t n);

/* Is descriptor @fd (standard error, say) connected to the journal? As $JOURNAL_STREAM says. */
bool journal_is_stream(int fd, const char *journal_stream);
