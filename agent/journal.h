/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The native protocol of systemd-journald, sending side: one datagram an entry, made of fields.
 * https://systemd.io/JOURNAL_NATIVE_PROTOCOL/ (a stable interface).
 */
#pragma once

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/un.h>

#define JOURNAL_SOCKET_PATH "/run/systemd/journal/socket"
/* Longest name of a field, as journald takes it. */
#define JOURNAL_FIELD_MAX   64

struct journal {
	int fd;
	bool is_blocking;
	struct sockaddr_un address;
};

enum journal_mode {
	JOURNAL_NONBLOCKING, /* a full socket is -EAGAIN: for the loop */
	JOURNAL_BLOCKING,    /* waits up to a second for journald: for the sender thread */
};

/**
 * journal_open() - make a socket to send entries from
 * @path: journald's socket; need not exist yet
 *
 * Return: 0; -ENAMETOOLONG; -errno of socket(2).
 */
int journal_open(const char *path, enum journal_mode mode, struct journal *ret_journal);
void journal_close(struct journal *journal);

/* Appends one field; @name is [A-Z0-9_]+ not starting with '_', @value any @n bytes. */
void journal_append(struct eub_buf *entry, const char *name, const void *value, size_t n);
void journal_append_str(struct eub_buf *entry, const char *name, const char *value);

/**
 * journal_send() - send one entry
 *
 * An entry too large for a datagram goes as a sealed memory file.
 *
 * Return: 0; -EAGAIN when journald does not keep up; -ENOENT, -ECONNREFUSED when there is none;
 * other -errno of sendmsg(2) and memfd_create(2).
 */
int journal_send(struct journal *journal, const void *entry, size_t n);

/* Is descriptor @fd (standard error, say) connected to the journal? As $JOURNAL_STREAM says. */
bool journal_is_stream(int fd, const char *journal_stream);
