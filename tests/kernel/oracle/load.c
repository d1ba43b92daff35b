/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each kind of load is a row of a table: what its calls need, and the call. The number goes with
 * the call in a register, an address or a packet, and comes back in the tracker's event.
 */
#include "load.h"

#include "base/cleanup.h"
#include "base/macro.h"
#include "record.bpf.h"

#include <assert.h>
#include <bpf/bpf.h>
#include <errno.h>
#include <linux/perf_event.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#define PAGE_BITS	12
#define PACKET_PATIENCE 10 /* seconds until a datagram counts as lost on its way */
#define FDS_MAX		1024

/*
 * The targets of uprobes: symbols that are not folded into their caller, nor into each other. They
 * begin with an instruction that the kernel emulates; others it steps through, which costs 20 us.
 */
#define TARGET __attribute__((noinline, visibility("default"), patchable_function_entry(1)))

TARGET uint64_t oracle_first(uint64_t number);
TARGET uint64_t oracle_first(uint64_t number)
{
	__asm__ volatile("" : "+r"(number) : : "memory");
	return number;
}

TARGET uint64_t oracle_second(uint64_t number);
TARGET uint64_t oracle_second(uint64_t number)
{
	__asm__ volatile("nop" : "+r"(number) : : "memory");
	return number;
}

static int need_nothing(struct load *load EUB_UNUSED)
{
	return 0;
}

static int call_syscall(struct load *load EUB_UNUSED, uint64_t number)
{
	(void)syscall(SYS_sched_get_priority_max, number); /* EINVAL: no such policy */
	return 0;
}

static int call_prctl(struct load *load EUB_UNUSED, uint64_t number)
{
	/* A tracker that changes the verdict of a security hook shows here. */
	return syscall(SYS_prctl, ORACLE_PRCTL, number, 0, 0, 0) < 0 && errno == EINVAL ? 0
											: -EPROTO;
}

static int call_functions(struct load *load EUB_UNUSED, uint64_t number)
{
	return oracle_first(number) == number && oracle_second(number) == number ? 0 : -EPROTO;
}

static char *region_of(const struct load *load)
{
	const struct load_regions *regions = &load->regions;

	return (char *)(uintptr_t)(regions->base + ((uint64_t)load->index << regions->stride_bits));
}

static int open_counter(struct load *load)
{
	struct perf_event_attr attr = { .size = sizeof(attr),
					.type = PERF_TYPE_SOFTWARE,
					.config = PERF_COUNT_SW_PAGE_FAULTS,
					.sample_type = PERF_SAMPLE_ADDR,
					.sample_period = 1,
					.disabled = 1 };
	uint64_t size = UINT64_C(1) << load->regions.stride_bits;

	if (madvise(region_of(load), size, MADV_DONTNEED) < 0)
		return -errno;
	load->fd = (int)syscall(SYS_perf_event_open, &attr, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
	if (load->fd < 0 || ioctl(load->fd, PERF_EVENT_IOC_SET_BPF, load->program_fd) < 0 ||
	    ioctl(load->fd, PERF_EVENT_IOC_ENABLE, 0) < 0)
		return -errno;
	return 0;
}

static int call_fault(struct load *load, uint64_t number)
{
	uint64_t offset = (number & UINT32_MAX) << PAGE_BITS;

	(void)*(volatile char *)(region_of(load) + offset);
	return 0;
}

static int open_socket(struct load *load)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	const struct timeval patience = { .tv_sec = PACKET_PATIENCE };
	socklen_t size = sizeof(address);

	load->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (load->fd < 0 || bind(load->fd, (struct sockaddr *)&address, size) < 0 ||
	    getsockname(load->fd, (struct sockaddr *)&address, &size) < 0 ||
	    connect(load->fd, (struct sockaddr *)&address, size) < 0 ||
	    setsockopt(load->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) < 0)
		return -errno;
	return 0;
}

/* Waiting for it puts every hook on its way inside the call, and shows that no verdict drops it. */
static int call_packet(struct load *load, uint64_t number)
{
	struct oracle_packet packet = { .magic = ORACLE_PRCTL, .number = number };

	if (send(load->fd, &packet, sizeof(packet), 0) < 0 ||
	    recv(load->fd, &packet, sizeof(packet), 0) < 0)
		return -errno;
	return packet.number == number ? 0 : -EPROTO;
}

static const struct {
	int (*open)(struct load *load);
	int (*call)(struct load *load, uint64_t number);
} kinds[] = {
	[LOAD_SYSCALL] = { need_nothing, call_syscall },
	[LOAD_PRCTL] = { need_nothing, call_prctl },
	[LOAD_FUNCTIONS] = { need_nothing, call_functions },
	[LOAD_FAULTS] = { open_counter, call_fault },
	[LOAD_PACKETS] = { open_socket, call_packet },
};
static_assert(EUB_ARRAY_SIZE(kinds) == _LOAD_KIND_MAX, "a row for each kind");

int load_open(struct load *load, enum load_kind kind, unsigned int index,
	      const struct load_regions *regions, int program_fd)
{
	int r;

	*load = (struct load){ .kind = kind,
			       .index = index,
			       .regions = *regions,
			       .program_fd = program_fd,
			       .fd = -EBADF };
	r = kinds[kind].open(load);
	if (r < 0)
		load_close(load);
	return r;
}

int load_call(struct load *load, uint64_t number)
{
	return kinds[load->kind].call(load, number);
}

void load_close(struct load *load)
{
	eub_closep(&load->fd);
	load->fd = -EBADF;
}

int load_find_gate(const char *tracker)
{
	for (int fd = 0; fd < FDS_MAX; fd++) {
		struct bpf_prog_info info = { 0 };
		uint32_t size = sizeof(info);

		if (bpf_obj_get_info_by_fd(fd, &info, &size) == 0 &&
		    info.type == BPF_PROG_TYPE_PERF_EVENT && info.nr_map_ids > 0 &&
		    strncmp(info.name, tracker, sizeof(info.name)) != 0)
			return fd;
	}
	return -ENOENT;
}

int load_regions_map(struct load_regions *regions, unsigned int n_callers, uint32_t calls_max)
{
	uint32_t stride_bits = PAGE_BITS + 1;
	void *memory;
	uint64_t size;

	while (UINT64_C(1) << (stride_bits - PAGE_BITS) <= calls_max)
		stride_bits++;
	size = (uint64_t)n_callers << stride_bits;
	memory = mmap(NULL, size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (memory == MAP_FAILED)
		return -errno;
	/* One fault a page. Kernels without large pages know no such advice. */
	(void)madvise(memory, size, MADV_NOHUGEPAGE);
	*regions = (struct load_regions){ .base = (uintptr_t)memory,
					  .stride_bits = stride_bits,
					  .n_callers = n_callers };
	return 0;
}

void load_regions_unmap(const struct load_regions *regions)
{
	/* Our own mapping; NULL if there is none. */
	(void)munmap((void *)(uintptr_t)regions->base,
		     (uint64_t)regions->n_callers << regions->stride_bits);
}
