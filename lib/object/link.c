/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Links as libbpf makes them where it knows more than we do (symbols, offsets, old kernels), bare
 * descriptors where bpf(2) alone is enough.
 *
 * A pin holds a reference to the kernel's link, and the program runs on when the process ends by
 * whatever means. Freeing a handle is another matter: libbpf switches the perf event of a
 * tracepoint, kprobe or uprobe off before it closes it, which would silence the pinned link as
 * well. eun__links_leave() therefore parts the handles from their descriptors first.
 */
#include "object/link.h"

#include "base/cleanup.h"
#include "base/str.h"
#include "object/target.h"

#include <assert.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <dirent.h>
#include <fcntl.h>
#include <linux/if_link.h>
#include <linux/perf_event.h>
#include <net/if.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PIN_PATH_MAX 512

static int add_link(struct eun__links *links, struct bpf_link *link)
{
	struct bpf_link **items;

	if (!link)
		return -errno;
	items = reallocarray(links->items, links->n_items + 1, sizeof(struct bpf_link *));
	if (!items) {
		(void)bpf_link__destroy(link); /* out of memory is what gets reported */
		return -ENOMEM;
	}
	links->items = items;
	items[links->n_items++] = link;
	return 0;
}

/* Takes @fd in any case; a negative one is the error that it stands for. */
static int add_fd(struct eun__links *links, int fd)
{
	int *fds;

	if (fd < 0)
		return fd;
	fds = reallocarray(links->fds, links->n_fds + 1, sizeof(int));
	if (!fds) {
		(void)close(fd); /* out of memory is what gets reported */
		return -ENOMEM;
	}
	links->fds = fds;
	fds[links->n_fds++] = fd;
	return 0;
}

int eun__links_attach_auto(struct eun__links *links, const struct bpf_program *program)
{
	return add_link(links, bpf_program__attach(program));
}

static int open_clock(uint32_t type, uint64_t config, unsigned int hz, int cpu)
{
	struct perf_event_attr attr = {
		.size = sizeof(attr), .type = type, .config = config, .freq = 1, .sample_freq = hz
	};
	long fd = syscall(SYS_perf_event_open, &attr, -1, cpu, -1, PERF_FLAG_FD_CLOEXEC);

	return fd < 0 ? -errno : (int)fd;
}

static int attach_clock_on(struct eun__links *links, const struct bpf_program *program,
			   unsigned int hz, int cpu)
{
	int fd = open_clock(PERF_TYPE_HARDWARE, PERF_COUNT_HW_CPU_CYCLES, hz, cpu);
	int r;

	if (fd == -ENOENT || fd == -EOPNOTSUPP)
		fd = open_clock(PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CPU_CLOCK, hz, cpu);
	if (fd == -ENODEV)
		return 0; /* possible, but not online */
	if (fd < 0)
		return fd;
	r = bpf_link_create(bpf_program__fd(program), fd, BPF_PERF_EVENT, NULL);
	if (r >= 0) {
		(void)close(fd); /* the link holds the event */
		return add_fd(links, r);
	}
	/* Before 5.15 there is no such link; libbpf's handle owns the descriptor, if it comes to
	 * be. */
	r = add_link(links, bpf_program__attach_perf_event(program, fd));
	if (r < 0)
		(void)close(fd);
	return r;
}

int eun__links_attach_clock(struct eun__links *links, const struct bpf_program *program,
			    unsigned int hz)
{
	int n_cpus = libbpf_num_possible_cpus();

	if (n_cpus < 0)
		return n_cpus;
	for (int cpu = 0; cpu < n_cpus; cpu++) {
		int r = attach_clock_on(links, program, hz, cpu);

		if (r < 0) {
			eun__links_done(links);
			return r;
		}
	}
	return links->n_items + links->n_fds > 0 ? 0 : -ENODEV;
}

int eun__links_attach_btf(struct eun__links *links, int program_fd)
{
	return add_fd(links, bpf_raw_tracepoint_open(NULL, program_fd));
}

static int attach_xdp(struct eun__links *links, const struct bpf_program *program, int ifindex)
{
	LIBBPF_OPTS(bpf_link_create_opts, generic, .flags = XDP_FLAGS_SKB_MODE);
	int program_fd = bpf_program__fd(program);
	int fd = bpf_link_create(program_fd, ifindex, BPF_XDP, NULL);

	/* The driver has XDP, but not for this program, size of frames or number of queues. */
	if (fd < 0 && fd != -EBUSY && fd != -EPERM)
		fd = bpf_link_create(program_fd, ifindex, BPF_XDP, &generic);
	return add_fd(links, fd);
}

/* Of kernel 6.6; the headers of older ones lack them. */
enum { TCX_INGRESS = 46, TCX_EGRESS = 47 };

static int attach_tc(struct eun__links *links, const struct bpf_program *program, int ifindex,
		     enum eun__direction direction)
{
	enum bpf_attach_type type =
	    (enum bpf_attach_type)(direction == EUN__DIRECTION_EGRESS ? TCX_EGRESS : TCX_INGRESS);
	int program_fd = bpf_program__fd(program);
	int fd = bpf_link_create(program_fd, ifindex, type, NULL);

	if (fd == -EINVAL) /* the kernel does not know tcx */
		return eun__tc_filter_attach(program_fd, ifindex, direction, &links->filter);
	return add_fd(links, fd);
}

static int attach_interface(struct eun__links *links, const struct bpf_program *program,
			    const struct eun__target *target)
{
	unsigned int ifindex = if_nametoindex(target->name);

	if (ifindex == 0)
		return -errno;
	if (bpf_program__type(program) == BPF_PROG_TYPE_XDP)
		return attach_xdp(links, program, (int)ifindex);
	return attach_tc(links, program, (int)ifindex, target->direction);
}

static int attach_cgroup(struct eun__links *links, const struct bpf_program *program,
			 const struct eun__target *target)
{
	_cleanup_(eub_closep) int fd = open(target->name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	return add_fd(links, bpf_link_create(bpf_program__fd(program), fd,
					     bpf_program__expected_attach_type(program), NULL));
}

int eun__links_attach_target(struct eun__links *links, const struct bpf_program *program,
			     const struct eun__attach_kind *kind, const struct eun__target *target)
{
	assert(target->point == kind->point);
	if (kind->point == EUN__POINT_INTERFACE)
		return attach_interface(links, program, target);
	assert(kind->point == EUN__POINT_CGROUP);
	return attach_cgroup(links, program, target);
}

static void free_handles(struct eun__links *links)
{
	for (size_t i = 0; i < links->n_fds; i++)
		(void)close(links->fds[i]);
	free(links->fds);
	free(links->items);
	*links = EUN__LINKS_INIT;
}

void eun__links_done(struct eun__links *links)
{
	for (size_t i = 0; i < links->n_items; i++)
		(void)bpf_link__destroy(links->items[i]); /* the descriptor is closed in any case */
	eun__tc_filter_detach(&links->filter);
	free_handles(links);
}

/* Return: 0; -ENAMETOOLONG. */
static int format_pin(char path[static PIN_PATH_MAX], const char *dir, size_t i)
{
	int n = snprintf(path, PIN_PATH_MAX, "%s/link%zu", dir, i);

	return n < 0 || n >= PIN_PATH_MAX ? -ENAMETOOLONG : 0;
}

int eun__links_unpin(const char *dir)
{
	int r = 0;

	for (size_t i = 0;; i++) {
		char path[PIN_PATH_MAX];

		if (format_pin(path, dir, i) < 0)
			return -ENAMETOOLONG;
		eun__tc_filter_detach_pinned(path);
		if (unlink(path) == 0)
			continue;
		if (errno == ENOENT || errno == ENOTDIR)
			return r;
		r = -errno;
	}
}

/* bpf_link__pin() would make folders. */
static int pin_at(int fd, const char *dir, size_t i)
{
	char path[PIN_PATH_MAX];
	int r = format_pin(path, dir, i);

	return r < 0 ? r : bpf_obj_pin(fd, path);
}

static int pin_filter(const struct eun__tc_filter *filter, const char *dir, size_t i)
{
	char path[PIN_PATH_MAX];
	int r = format_pin(path, dir, i);

	return r < 0 ? r : eun__tc_filter_pin(filter, path);
}

static int pin_all(struct eun__links *links, const char *dir)
{
	int r = 0;

	for (size_t i = 0; i < links->n_items && r == 0; i++)
		r = pin_at(bpf_link__fd(links->items[i]), dir, i);
	for (size_t i = 0; i < links->n_fds && r == 0; i++)
		r = pin_at(links->fds[i], dir, links->n_items + i);
	if (r == 0 && links->filter.ifindex > 0)
		r = pin_filter(&links->filter, dir, links->n_items + links->n_fds);
	return r;
}

int eun__links_pin(struct eun__links *links, const char *dir)
{
	int r = pin_all(links, dir);

	if (r < 0)
		(void)eun__links_unpin(dir); /* that pinning failed is what gets reported */
	else
		links->is_pinned = true;
	return r;
}

static int adopt_one(struct eun__links *links, const char *path)
{
	int r = eun__tc_filter_adopt(path, &links->filter);

	return r == -EINVAL ? add_fd(links, bpf_obj_get(path)) : r;
}

int eun__links_adopt(struct eun__links *links, const char *dir)
{
	links->is_pinned = true;
	for (size_t i = 0;; i++) {
		char path[PIN_PATH_MAX];
		int r = format_pin(path, dir, i);

		if (r == 0)
			r = adopt_one(links, path);
		if (r == -ENOENT && i > 0)
			break;
		if (r < 0) {
			eun__links_leave(links);
			return r;
		}
	}
	return 0;
}

/* The id of the program on a perf event's link; 0 for other links. */
static uint32_t get_perf_program_id(int link_fd)
{
	struct bpf_link_info info = { 0 };
	uint32_t size = sizeof(info);

	if (bpf_obj_get_info_by_fd(link_fd, &info, &size) < 0)
		return 0;
	return info.type == BPF_LINK_TYPE_PERF_EVENT ? info.prog_id : 0;
}

static bool is_perf_event_of(int fd, uint32_t program_id)
{
	__u64 offset;
	__u64 address;
	uint32_t size = 0;
	uint32_t type;
	uint32_t id = 0;

	return bpf_task_fd_query(getpid(), fd, 0, NULL, &size, &id, &type, &offset, &address) ==
		   0 &&
	       id == program_id;
}

/*
 * libbpf keeps the descriptor of a link's perf event to itself. The kernel tells which program a
 * perf event runs (to CAP_SYS_ADMIN), and nobody else of this process has one with ours.
 */
static void close_perf_events(uint32_t program_id)
{
	struct dirent *entry;
	DIR *dir = opendir("/proc/self/fd");

	if (!dir)
		return; /* they stay open until the process ends */
	while ((entry = readdir(dir))) {
		char target[64];
		ssize_t n = readlinkat(dirfd(dir), entry->d_name, target, sizeof(target) - 1);
		uint64_t fd;

		if (n < 0 || eub_parse_u64(entry->d_name, &fd) < 0)
			continue;
		target[n] = '\0';
		if (eub_streq(target, "anon_inode:[perf_event]") &&
		    is_perf_event_of((int)fd, program_id))
			(void)close((int)fd);
	}
	(void)closedir(dir); /* read only */
}

static void leave_link(struct bpf_link *link)
{
	int fd = bpf_link__fd(link);
	uint32_t program_id = get_perf_program_id(fd);

	bpf_link__disconnect(link);
	(void)bpf_link__destroy(link); /* only frees what is disconnected */
	(void)close(fd);
	if (program_id > 0)
		close_perf_events(program_id);
}

void eun__links_leave(struct eun__links *links)
{
	if (!links->is_pinned) {
		eun__links_done(links);
		return;
	}
	for (size_t i = 0; i < links->n_items; i++)
		leave_link(links->items[i]);
	free_handles(links);
}
