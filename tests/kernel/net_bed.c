/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sockets are made at first use, because a socket belongs to the cgroup that its maker was in.
 */
#include "net_bed.h"

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/fd.h"
#include "net_bed.bpf.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <mntent.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#define PATH_LENGTH 512

static struct {
	int datagrams; /* bound and connected to itself */
	int listener;
	char home[PATH_LENGTH];	  /* folder of the cgroup that the process came from */
	char cgroup[PATH_LENGTH]; /* and of its own */
} bed = { .datagrams = -EBADF, .listener = -EBADF };

static const struct sockaddr_in *get_address(void)
{
	static struct sockaddr_in address = { .sin_family = AF_INET };

	address.sin_port = htons(NET_BED_PORT);
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return &address;
}

int net_bed_enter(void)
{
	struct ifreq request = { .ifr_flags = IFF_UP | IFF_RUNNING };
	_cleanup_(eub_closep) int fd = -EBADF;

	if (unshare(CLONE_NEWNET) < 0)
		return -errno;
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	(void)snprintf(request.ifr_name, sizeof(request.ifr_name), NET_BED_INTERFACE);
	return ioctl(fd, SIOCSIFFLAGS, &request) < 0 ? -errno : 0;
}

static int find_cgroup2(char path[static PATH_LENGTH])
{
	FILE *mounts = setmntent("/proc/self/mounts", "r");
	struct mntent *entry;
	int r = -ENOENT;

	if (!mounts)
		return -errno;
	while (r < 0 && (entry = getmntent(mounts)))
		if (strcmp(entry->mnt_type, "cgroup2") == 0) {
			(void)snprintf(path, PATH_LENGTH, "%s", entry->mnt_dir);
			r = 0;
		}
	(void)endmntent(mounts); /* always 1 */
	return r;
}

/* The line "0::PATH" of /proc/self/cgroup is that of cgroup v2. */
static int find_home(const char *mount)
{
	struct eub_buf buf = EUB_BUF_INIT;
	int r = eub_read_file("/proc/self/cgroup", 1 << 16, &buf);
	char *text = r < 0 ? NULL : eub_buf_take_string(&buf);
	char *line = text ? strstr(text, "0::/") : NULL;

	eub_buf_done(&buf);
	if (line) {
		line[strcspn(line, "\n")] = '\0';
		(void)snprintf(bed.home, sizeof(bed.home), "%s%s", mount, line + 3);
	}
	free(text);
	return line ? 0 : -ENOENT;
}

static int join(const char *cgroup)
{
	_cleanup_(eub_closep) int fd = -EBADF;
	char path[PATH_LENGTH + 16];

	(void)snprintf(path, sizeof(path), "%s/cgroup.procs", cgroup);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	return fd < 0 ? -errno : eub_write_all(fd, "0", 1);
}

int net_bed_enter_cgroup(const char **ret_path)
{
	char mount[PATH_LENGTH];
	int r = find_cgroup2(mount);

	if (r == 0)
		r = find_home(mount);
	if (r < 0)
		return r;
	if (snprintf(bed.cgroup, sizeof(bed.cgroup), "%s/eunomia-test-%d", mount, getpid()) >=
	    (int)sizeof(bed.cgroup))
		return -ENAMETOOLONG;
	if (mkdir(bed.cgroup, 0755) < 0)
		return -errno;
	r = join(bed.cgroup);
	if (r < 0) {
		(void)rmdir(bed.cgroup);
		return r;
	}
	net_bed_close();
	*ret_path = bed.cgroup;
	return 0;
}

void net_bed_leave_cgroup(void)
{
	net_bed_close();
	(void)join(bed.home);
	(void)rmdir(bed.cgroup);
}

/* A lost packet is a failure, not a test that hangs. */
static int new_socket(int type, int *ret_fd)
{
	static const struct timeval patience = { .tv_sec = 2 };
	_cleanup_(eub_closep) int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
	int on = 1;

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)) < 0)
		return -errno;
	*ret_fd = EUB_TAKE_FD(fd);
	return 0;
}

static int bind_socket(int fd)
{
	return bind(fd, (const struct sockaddr *)get_address(), sizeof(struct sockaddr_in)) < 0
		   ? -errno
		   : 0;
}

static int connect_socket(int fd)
{
	return connect(fd, (const struct sockaddr *)get_address(), sizeof(struct sockaddr_in)) < 0
		   ? -errno
		   : 0;
}

static int open_datagrams(void)
{
	_cleanup_(eub_closep) int fd = -EBADF;
	int r = new_socket(SOCK_DGRAM, &fd);

	if (r == 0)
		r = bind_socket(fd);
	if (r == 0)
		r = connect_socket(fd);
	if (r == 0)
		bed.datagrams = EUB_TAKE_FD(fd);
	return r;
}

int net_bed_send_datagram(void)
{
	char c = 'x';
	int r = bed.datagrams < 0 ? open_datagrams() : 0;

	if (r < 0)
		return r;
	if (send(bed.datagrams, &c, 1, 0) < 0 || recv(bed.datagrams, &c, 1, 0) < 0)
		return -errno;
	return 0;
}

static int open_listener(void)
{
	_cleanup_(eub_closep) int fd = -EBADF;
	int r = new_socket(SOCK_STREAM, &fd);

	if (r == 0)
		r = bind_socket(fd);
	if (r == 0)
		r = listen(fd, 16) < 0 ? -errno : 0;
	if (r == 0)
		bed.listener = EUB_TAKE_FD(fd);
	return r;
}

int net_bed_connect(void)
{
	static const struct linger reset = { .l_onoff = 1 };
	_cleanup_(eub_closep) int accepted = -EBADF;
	_cleanup_(eub_closep) int fd = -EBADF;
	int r = bed.listener < 0 ? open_listener() : 0;

	if (r == 0)
		r = new_socket(SOCK_STREAM, &fd);
	if (r == 0)
		r = connect_socket(fd);
	if (r < 0)
		return r;
	accepted = accept4(bed.listener, NULL, NULL, SOCK_CLOEXEC);
	/* No connection waits for its ports to be free again. */
	if (accepted < 0 || setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset)) < 0 ||
	    setsockopt(accepted, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset)) < 0)
		return -errno;
	return 0;
}

void net_bed_close(void)
{
	eub_closep(&bed.datagrams);
	eub_closep(&bed.listener);
	bed.datagrams = -EBADF;
	bed.listener = -EBADF;
}
