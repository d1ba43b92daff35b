/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Speaks journald's documented protocol itself. libsystemd would send for us, but
 * sd_journal_sendv(3) waits without a bound when journald stalls, which neither the loop nor an
 * orderly stop can afford, and it reports success where there is no journald, so that what is lost
 * could not be said.
 *
 * The socket is not connected: journald may be restarted, and every entry finds the new socket by
 * its path.
 */
#include "journal.h"

#include "base/fd.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/uio.h>

/* As libsystemd asks for; the kernel gives what net.core.wmem_max allows. */
#define SEND_BUFFER_BYTES (8 << 20)

int journal_open(const char *path, enum journal_mode mode, struct journal *ret_journal)
{
	const struct timeval patience = { .tv_sec = 1 };
	const int send_buffer = SEND_BUFFER_BYTES;
	struct journal journal = { .is_blocking = mode == JOURNAL_BLOCKING };
	int flags = SOCK_DGRAM | SOCK_CLOEXEC | (journal.is_blocking ? 0 : SOCK_NONBLOCK);

	if (strlen(path) >= sizeof(journal.address.sun_path))
		return -ENAMETOOLONG;
	journal.address.sun_family = AF_UNIX;
	memcpy(journal.address.sun_path, path, strlen(path) + 1);
	journal.fd = socket(AF_UNIX, flags, 0);
	if (journal.fd < 0)
		return -errno;
	/* Both only smooth things: without them entries are dropped, or wait, a little earlier. */
	(void)setsockopt(journal.fd, SOL_SOCKET, SO_SNDBUF, &send_buffer, sizeof(send_buffer));
	(void)setsockopt(journal.fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	*ret_journal = journal;
	return 0;
}

void journal_close(struct journal *journal)
{
	eub_closep(&journal->fd);
	journal->fd = -EBADF;
}

void journal_append(struct eub_buf *entry, const char *name, const void *value, size_t n)
{
	uint8_t length[8];

	eub_buf_append_str(entry, name);
	if (n == 0 || !memchr(value, '\n', n)) {
		eub_buf_append_char(entry, '=');
	} else {
		for (size_t i = 0; i < sizeof(length); i++)
			length[i] = (uint8_t)((uint64_t)n >> (8 * i));
		eub_buf_append_char(entry, '\n');
		eub_buf_append(entry, length, sizeof(length));
	}
	eub_buf_append(entry, value, n);
	eub_buf_append_char(entry, '\n');
}

void journal_append_str(struct eub_buf *entry, const char *name, const char *value)
{
	journal_append(entry, name, value, strlen(value));
}

static int send_message(struct journal *journal, struct msghdr *message)
{
	message->msg_name = &journal->address;
	message->msg_namelen = sizeof(journal->address);
	for (;;) {
		if (sendmsg(journal->fd, message, MSG_NOSIGNAL) >= 0)
			return 0;
		if (errno != EINTR)
			return -errno;
	}
}

/* journald accepts a descriptor of a fully sealed memory file instead of the bytes. */
static int send_as_file(struct journal *journal, const void *entry, size_t n)
{
	const int seals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL;
	_cleanup_(eub_closep) int fd =
	    memfd_create("journal-entry", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = { 0 };
	struct msghdr message = { .msg_control = control.bytes,
				  .msg_controllen = sizeof(control.bytes) };
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);
	int r;

	if (fd < 0)
		return -errno;
	r = eub_write_all(fd, entry, n);
	if (r < 0)
		return r;
	if (fcntl(fd, F_ADD_SEALS, seals) < 0)
		return -errno;
	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(header), &fd, sizeof(int));
	return send_message(journal, &message);
}

int journal_send(struct journal *journal, const void *entry, size_t n)
{
	struct iovec iov = { .iov_len = n };
	struct msghdr message = { .msg_iov = &iov, .msg_iovlen = 1 };
	int r;

	memcpy(&iov.iov_base, &entry, sizeof(entry)); /* sendmsg(2) only reads it */
	r = send_message(journal, &message);
	if (r == -EMSGSIZE || r == -ENOBUFS)
		return send_as_file(journal, entry, n);
	return r;
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
