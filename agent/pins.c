/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The BPF file system keeps programs, maps and links as long as they have a name there. It allows
 * no dots in names, so ':' stands for one; the two cannot be mixed up, since no slot's name holds a
 * ':'. The folder is locked like the state folder, for agents that share the one but not the other.
 */
#include "pins.h"

#include "folder.h"

#include "base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

/* No slot can have it. */
#define TRIAL_NAME "+trial"

struct pins {
	char *path;
	int fd; /* of the folder; holds the lock */
};

static int fail(struct eun_error *err, int code, const char *verb, const char *path)
{
	(void)eun_error_set(err, code, EUN_REASON_IO, "cannot %s '%s': %s", verb, path,
			    strerror(-code));
	if (code == -EACCES || code == -EPERM || code == -EROFS)
		eun_error_set_hint(err,
				   "it must belong to the user that eunomiad runs as, and be in "
				   "ReadWritePaths= of its unit: systemd-tmpfiles --create "
				   "eunomia.conf, then restart eunomiad");
	return code;
}

/*
 * Of @path, which may be mounted by itself (into a container), or else of the folder that it is to
 * be made in.
 */
static int check_type(const char *path, struct eun_error *err)
{
	_cleanup_(eub_freep) char *folder = strdup(path);
	struct statfs fs;
	char *slash;
	int r;

	if (!folder)
		return eub_error_no_memory(err);
	r = statfs(folder, &fs);
	slash = strrchr(folder, '/');
	if (r < 0 && errno == ENOENT && slash) {
		slash[slash == folder ? 1 : 0] = '\0';
		r = statfs(folder, &fs);
	}
	if (r < 0)
		return fail(err, -errno, "look at", folder);
	if ((unsigned long)fs.f_type == BPF_FS_MAGIC)
		return 0;
	(void)eun_error_set(err, -EOPNOTSUPP, EUN_REASON_UNSUPPORTED, "'%s' is no BPF file system",
			    folder);
	eun_error_set_hint(err, "mount -t bpf bpf /sys/fs/bpf; systemd-tmpfiles --create "
				"eunomia.conf; then restart eunomiad");
	return -EOPNOTSUPP;
}

/* access(2) would ask for the real user, for whom ambient capabilities do not count. */
static int try_folder(int fd)
{
	if (mkdirat(fd, TRIAL_NAME, 0700) < 0 && errno != EEXIST)
		return -1;
	return unlinkat(fd, TRIAL_NAME, AT_REMOVEDIR);
}

static int take(struct pins *pins, struct eun_error *err)
{
	int r = folder_make(pins->path);

	if (r < 0)
		return fail(err, r, "make", pins->path);
	pins->fd = open(pins->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (pins->fd < 0)
		return fail(err, -errno, "open", pins->path);
	if (try_folder(pins->fd) < 0)
		return fail(err, -errno, "write to", pins->path);
	if (flock(pins->fd, LOCK_EX | LOCK_NB) == 0)
		return 0;
	if (errno != EWOULDBLOCK)
		return fail(err, -errno, "lock", pins->path);
	(void)eun_error_set(err, -EBUSY, EUN_REASON_BUSY,
			    "the folder '%s' is in use by another eunomiad", pins->path);
	eun_error_set_hint(err, "stop that one, or give this one a folder of its own: --bpffs-dir");
	return -EBUSY;
}

int pins_open(const char *path, struct pins **ret_pins, struct eun_error *err)
{
	_cleanup_(pins_closep) struct pins *pins = calloc(1, sizeof(*pins));
	int r;

	if (!pins)
		return eub_error_no_memory(err);
	pins->fd = -EBADF;
	pins->path = strdup(path);
	if (!pins->path)
		return eub_error_no_memory(err);
	r = check_type(path, err);
	if (r == 0)
		r = take(pins, err);
	if (r < 0)
		return r;
	*ret_pins = EUB_TAKE_PTR(pins);
	return 0;
}

/* What another user was given, as systemd-tmpfiles does, that user may be unable to make again. */
static bool is_own(const struct pins *pins)
{
	struct stat st;

	return pins->fd >= 0 && fstat(pins->fd, &st) == 0 && st.st_uid == geteuid();
}

struct pins *pins_close(struct pins *pins)
{
	if (!pins)
		return NULL;
	if (is_own(pins))
		(void)rmdir(pins->path); /* stays while something is pinned below */
	eub_closep(&pins->fd);
	free(pins->path);
	free(pins);
	return NULL;
}

char *pins_path(const struct pins *pins, const char *folder)
{
	char *path = NULL;

	return asprintf(&path, "%s/%s", pins->path, folder) < 0 ? NULL : path;
}

bool pins_exist(const struct pins *pins, const char *folder)
{
	struct stat st;

	return folder[0] && fstatat(pins->fd, folder, &st, 0) == 0;
}

void pins_choose(const struct pins *pins, const char *name, char ret_name[static STATE_PINS_MAX])
{
	unsigned int nth = 0;

	do {
		if (nth == 0)
			(void)snprintf(ret_name, STATE_PINS_MAX, "%s", name);
		else
			(void)snprintf(ret_name, STATE_PINS_MAX, "%s+%u", name, nth);
		for (char *p = ret_name; *p; p++)
			if (*p == '.')
				*p = ':';
		nth++;
	} while (pins_exist(pins, ret_name));
}

int pins_list(const struct pins *pins, char ***ret_names, size_t *ret_n)
{
	return folder_list(pins->path, ret_names, ret_n);
}
