/* SPDX-License-Identifier: Apache-2.0 */
/* The namespace ends with the process; the cgroup is removed when nothing is in it any more. */
#include "place.h"

#include "base/cleanup.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <mntent.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

int place_enter_network(void)
{
	struct ifreq loopback = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	_cleanup_(eub_closep) int fd = -EBADF;

	if (unshare(CLONE_NEWNET) < 0)
		return -errno;
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	return fd < 0 || ioctl(fd, SIOCSIFFLAGS, &loopback) < 0 ? -errno : 0;
}

static int find_cgroups(char *path, size_t size)
{
	FILE *mounts = setmntent("/proc/self/mounts", "re");
	struct mntent *entry;
	int r = -ENOENT;

	if (!mounts)
		return -errno;
	while (r < 0 && (entry = getmntent(mounts))) {
		if (!eub_streq(entry->mnt_type, "cgroup2"))
			continue;
		r = snprintf(path, size, "%s", entry->mnt_dir) < (int)size ? 0 : -ENAMETOOLONG;
	}
	(void)endmntent(mounts);
	return r;
}

static int enter(const char *cgroup)
{
	_cleanup_(eub_closep) int fd = -EBADF;
	char path[300];

	(void)snprintf(path, sizeof(path), "%s/cgroup.procs", cgroup);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	return fd < 0 || write(fd, "0", 1) < 0 ? -errno : 0; /* 0 is who writes */
}

int place_enter_cgroup(struct place_cgroup *ret_cgroup)
{
	struct place_cgroup cgroup;
	int r = find_cgroups(cgroup.parent, sizeof(cgroup.parent));

	if (r < 0)
		return r;
	if (snprintf(cgroup.path, sizeof(cgroup.path), "%s/eunomia-oracle-%d", cgroup.parent,
		     getpid()) >= (int)sizeof(cgroup.path))
		return -ENAMETOOLONG;
	if (mkdir(cgroup.path, 0755) < 0)
		return -errno;
	r = enter(cgroup.path);
	if (r < 0)
		(void)rmdir(cgroup.path); /* empty; the failure to enter is what counts */
	else
		*ret_cgroup = cgroup;
	return r;
}

void place_leave_cgroup(const struct place_cgroup *cgroup)
{
	/* To the root, which takes processes of any controller; what stays behind is an empty
	 * folder at worst. */
	if (enter(cgroup->parent) < 0 || rmdir(cgroup->path) < 0)
		(void)fprintf(stderr, "%s is left over: %s\n", cgroup->path, strerror(errno));
}
