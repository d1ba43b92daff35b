/* SPDX-License-Identifier: Apache-2.0 */
#include "object/pins.h"

#include "base/error.h"
#include "object/tc_filter.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <fts.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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

/* A folder is told twice, and goes after what is in it. */
static int remove_entry(const FTSENT *entry)
{
	switch (entry->fts_info) {
	case FTS_D:
		return 0;
	case FTS_DP:
		return rmdir(entry->fts_path) < 0 ? -errno : 0;
	case FTS_DNR:
	case FTS_ERR:
	case FTS_NS:
		return entry->fts_errno == ENOENT ? 0 : -entry->fts_errno;
	default:
		eun__tc_filter_detach_pinned(entry->fts_path);
		return unlink(entry->fts_path) < 0 ? -errno : 0;
	}
}

int eun__pins_remove(const char *dir)
{
	char *const dirs[] = { (char *)(uintptr_t)dir, NULL }; /* fts(3) knows no const */
	FTS *tree = fts_open(dirs, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
	FTSENT *entry;
	int first = 0;

	if (!tree)
		return -errno;
	while ((entry = fts_read(tree))) {
		int r = remove_entry(entry);

		if (r < 0 && first == 0)
			first = r;
	}
	(void)fts_close(tree); /* read only */
	return first;
}
