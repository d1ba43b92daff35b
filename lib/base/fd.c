/* SPDX-License-Identifier: Apache-2.0 */
#include "base/fd.h"

#include "base/str.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#define READ_CHUNK 65536

int eub_read_fd(int fd, size_t max_bytes, struct eub_buf *buf)
{
	size_t total = 0;

	for (;;) {
		ssize_t n;
		int r = eub_buf_reserve(buf, READ_CHUNK);

		if (r < 0)
			return r;
		n = read(fd, buf->data + buf->len, READ_CHUNK);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return 0;
		total += (size_t)n;
		if (total > max_bytes)
			return -EFBIG;
		buf->len += (size_t)n;
	}
}

int eub_read_file(const char *path, size_t max_bytes, struct eub_buf *buf)
{
	_cleanup_(eub_closep) int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	return eub_read_fd(fd, max_bytes, buf);
}

int eub_write_all(int fd, const void *data, size_t n)
{
	const char *p = data;

	while (n > 0) {
		ssize_t written = write(fd, p, n);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return -errno;
		p += written;
		n -= (size_t)written;
	}
	return 0;
}

static int sync_folder_of(const char *path)
{
	_cleanup_(eub_freep) char *folder = strdup(path);
	_cleanup_(eub_closep) int fd = -EBADF;
	char *slash;

	if (!folder)
		return -ENOMEM;
	slash = strrchr(folder, '/');
	if (slash)
		slash[slash == folder ? 1 : 0] = '\0';
	fd = open(slash ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fsync(fd) < 0)
		return -errno;
	return 0;
}

static int write_and_sync(int fd, const void *data, size_t n, unsigned int mode)
{
	int r = eub_write_all(fd, data, n);

	if (r < 0)
		return r;
	if (fchmod(fd, (mode_t)mode) < 0 || fsync(fd) < 0)
		return -errno;
	return 0;
}

int eub_write_file_atomic(const char *path, const void *data, size_t n, unsigned int mode)
{
	_cleanup_(eub_freep) char *temporary = NULL;
	_cleanup_(eub_closep) int fd = -EBADF;
	int r;

	if (asprintf(&temporary, "%s.XXXXXX", path) < 0) {
		temporary = NULL;
		return -ENOMEM;
	}
	fd = mkostemp(temporary, O_CLOEXEC);
	if (fd < 0)
		return -errno;
	r = write_and_sync(fd, data, n, mode);
	if (r == 0 && rename(temporary, path) < 0)
		r = -errno;
	if (r < 0) {
		(void)unlink(temporary); /* the first failure is the one to report */
		return r;
	}
	return sync_folder_of(path);
}
