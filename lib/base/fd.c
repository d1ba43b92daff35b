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

int eub_read_line(const char *path, char *ret_line, size_t size)
{
	_cleanup_(eub_buf_done) struct eub_buf buf = EUB_BUF_INIT;
	int r = eub_read_file(path, size - 1, &buf);

	if (r < 0)
		return r;
	if (buf.len > 0)
		memcpy(ret_line, buf.data, buf.len);
	ret_line[buf.len] = '\0';
	ret_line[strcspn(ret_line, "\n")] = '\0';
	return 0;
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

bool eub_path_exists(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0;
}

int eub_sync_path(const char *path)
{
	_cleanup_(eub_closep) int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || fsync(fd) < 0)
		return -errno;
	return 0;
}

static int sync_folder_of(const char *path)
{
	_cleanup_(eub_freep) char *folder = strdup(path);
	char *slash;

	if (!folder)
		return -ENOMEM;
	slash = strrchr(folder, '/');
	if (slash)
		slash[slash == folder ? 1 : 0] = '\0';
	return eub_sync_path(slash ? folder : ".");
}

static int take_step(const struct eub_replace_options *options, const char *step)
{
	return options->on_step ? options->on_step(step) : 0;
}

/* What mkostemp(3) gives. */
#define TEMPORARY_MODE 0600

static int fill(int fd, const void *data, size_t n, const struct eub_replace_options *options)
{
	int r = take_step(options, "replace-write");

	if (r == 0)
		r = eub_write_all(fd, data, n);
	if (r < 0)
		return r;
	if (options->mode != TEMPORARY_MODE && fchmod(fd, (mode_t)options->mode) < 0)
		return -errno;
	if (!options->is_durable)
		return 0;
	r = take_step(options, "replace-sync");
	if (r < 0)
		return r;
	return fsync(fd) < 0 ? -errno : 0;
}

static int put_in_place(const char *temporary, const char *path,
			const struct eub_replace_options *options)
{
	int r = take_step(options, "replace-rename");

	if (r < 0)
		return r;
	return rename(temporary, path) < 0 ? -errno : 0;
}

int eub_replace_file(const char *path, const void *data, size_t n,
		     const struct eub_replace_options *options)
{
	_cleanup_(eub_freep) char *temporary = NULL;
	_cleanup_(eub_closep) int fd = -EBADF;
	int r = take_step(options, "replace-open");

	if (r < 0)
		return r;
	if (asprintf(&temporary, "%s.XXXXXX", path) < 0) {
		temporary = NULL;
		return -ENOMEM;
	}
	fd = mkostemp(temporary, O_CLOEXEC);
	if (fd < 0)
		return -errno;
	r = fill(fd, data, n, options);
	if (r == 0)
		r = put_in_place(temporary, path, options);
	if (r < 0) {
		(void)unlink(temporary); /* the first failure is the one to report */
		return r;
	}
	if (!options->is_durable)
		return 0;
	r = take_step(options, "replace-sync-folder");
	return r < 0 ? r : sync_folder_of(path);
}

int eub_write_file_atomic(const char *path, const void *data, size_t n, unsigned int mode)
{
	return eub_replace_file(path, data, n,
				&(struct eub_replace_options){ .mode = mode, .is_durable = true });
}
