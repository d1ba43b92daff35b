/* SPDX-License-Identifier: Apache-2.0 */
#include "object/pins.h"

#include "base/error.h"
#include "base/str.h"
#include "object/tc_filter.h"

#include <bpf/bpf.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEPTH_MAX 3 /* slot, gate or generation, links */

static int check_length(int n)
{
	return n < 0 || n >= EUN__PIN_PATH_MAX ? -ENAMETOOLONG : 0;
}

int eun__pin_path(char path[static EUN__PIN_PATH_MAX], const char *dir, const char *name)
{
	return check_length(snprintf(path, EUN__PIN_PATH_MAX, "%s/%s", dir, name));
}

int eun__pin_path_numbered(char path[static EUN__PIN_PATH_MAX], const char *dir, const char *prefix,
			   size_t number)
{
	return check_length(snprintf(path, EUN__PIN_PATH_MAX, "%s/%s-%zu", dir, prefix, number));
}

static int fail(int r, const char *what, const char *path, struct eun_error *err)
{
	eun_error_set_hint(err, "is a BPF file system mounted there, and writable? "
				"mount -t bpf bpffs /sys/fs/bpf");
	return eun_error_set(err, r,
			     r == -EPERM || r == -EACCES ? EUN_REASON_PERMISSION : EUN_REASON_IO,
			     "cannot %s '%s': %s", what, path, strerror(-r));
}

int eun__pin_dir_new(const char *path, struct eun_error *err)
{
	return mkdir(path, 0700) < 0 ? fail(-errno, "make", path, err) : 0;
}

int eun__pin(int fd, const char *path, struct eun_error *err)
{
	int r = bpf_obj_pin(fd, path);

	return r < 0 ? fail(r, "pin", path, err) : 0;
}

static int remove_dir(const char *dir, int depth)
{
	struct dirent *entry;
	DIR *stream = opendir(dir);
	int first = 0;

	if (!stream)
		return errno == ENOENT ? 0 : -errno;
	while ((entry = readdir(stream))) {
		char path[EUN__PIN_PATH_MAX];
		int r;

		if (eub_streq(entry->d_name, ".") || eub_streq(entry->d_name, ".."))
			continue;
		r = eun__pin_path(path, dir, entry->d_name);
		if (r == 0)
			eun__tc_filter_detach_pinned(path);
		if (r == 0 && unlink(path) < 0)
			r = errno == EISDIR && depth > 1 ? remove_dir(path, depth - 1) : -errno;
		if (r < 0 && first == 0)
			first = r;
	}
	(void)closedir(stream); /* read only */
	if (rmdir(dir) < 0 && first == 0)
		first = -errno;
	return first;
}

int eun__pins_remove(const char *dir)
{
	return remove_dir(dir, DEPTH_MAX);
}
