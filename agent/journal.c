/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sd_journal_sendv(3), and the form in which an entry waits for it. That function waits while
 * journald does not read, and reports success where there is no journald. So it is called on the
 * sender thread of journal_queue.c only, and journald's socket is looked for first: an entry that
 * nobody takes is to be counted.
 */
#include "journal.h"

#include "base/macro.h"
#include "base/str.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Where the agent's own code sends an entry says nothing about an event. */
#define SD_JOURNAL_SUPPRESS_LOCATION
#include <systemd/sd-journal.h>

#define JOURNAL_SOCKET_PATH "/run/systemd/journal/socket"

void journal_append(struct eub_buf *entry, const char *name, const void *value, size_t n)
{
	size_t n_name = strlen(name);
	uint32_t length;

	if (n > UINT32_MAX - n_name - 1) {
		entry->has_failed = true;
		return;
	}
	length = (uint32_t)(n_name + 1 + n);
	eub_buf_append(entry, &length, sizeof(length));
	eub_buf_append(entry, name, n_name);
	eub_buf_append_char(entry, '=');
	eub_buf_append(entry, value, n);
}

void journal_append_str(struct eub_buf *entry, const char *name, const char *value)
{
	journal_append(entry, name, value, strlen(value));
}

int journal_split(const void *entry, size_t n, struct iovec *fields, size_t max_fields,
		  size_t *ret_n_fields)
{
	const char *at = entry;
	size_t n_fields = 0;
	uint32_t length;

	while (n > 0) {
		if (n_fields == max_fields)
			return -E2BIG;
		if (n < sizeof(length))
			return -EBADMSG;
		memcpy(&length, at, sizeof(length));
		at += sizeof(length);
		n -= sizeof(length);
		if (length > n)
			return -EBADMSG;
		fields[n_fields].iov_len = length;
		/* struct iovec has no const; sending only reads it */
		memcpy(&fields[n_fields++].iov_base, &at, sizeof(at));
		at += length;
		n -= length;
	}
	*ret_n_fields = n_fields;
	return 0;
}

int journal_send(void *userdata EUB_UNUSED, const void *entry, size_t n)
{
	struct iovec fields[JOURNAL_MAX_FIELDS];
	size_t n_fields = 0;
	int r = journal_split(entry, n, fields, EUB_ARRAY_SIZE(fields), &n_fields);

	if (r < 0)
		return r;
	if (access(JOURNAL_SOCKET_PATH, F_OK) < 0)
		return -errno;
	return sd_journal_sendv(fields, (int)n_fields);
}

bool journal_is_stream(int fd, const char *journal_stream)
{
	char text[64];
	struct stat st;

	if (!journal_stream || fstat(fd, &st) < 0)
		return false;
	(void)snprintf(text, sizeof(text), "%llu:%llu", (unsigned long long)st.st_dev,
		       (unsigned long long)st.st_ino);
	return eub_streq(text, journal_stream);
}
