/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each kind of load is a row of a table: what a thread needs, and the call. The thread tells the
 * judge of the beginning and the end of each call; the number goes with the call in a register, an
 * address or a packet, and comes back in the tracker's event.
 */
#include "load.h"

#include "base/cleanup.h"
#include "base/macro.h"

#include <assert.h>
#include <errno.h>
#include <linux/perf_event.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#define PAGE_BITS	12
#define PACKET_PATIENCE 10 /* seconds until a datagram counts as lost on its way */

struct flood_thread {
	struct flood *flood;
	unsigned int index;
	pthread_t thread;
	int fd; /* a socket to itself, or the counter of faults */
	atomic_uint credit;
	int error;
};

struct flood {
	enum load_kind kind;
	struct judge *judge;
	uint32_t calls_max;
	struct load_regions regions;
	int program_fd;
	atomic_bool is_over;
	unsigned int n_threads;
	struct flood_thread *threads;
};

/* The targets of uprobes: symbols that are not folded into their caller, nor into each other. */
__attribute__((noinline, visibility("default"))) uint64_t oracle_first(uint64_t number);
__attribute__((noinline, visibility("default"))) uint64_t oracle_first(uint64_t number)
{
	__asm__ volatile("" : "+r"(number) : : "memory");
	return number;
}

__attribute__((noinline, visibility("default"))) uint64_t oracle_second(uint64_t number);
__attribute__((noinline, visibility("default"))) uint64_t oracle_second(uint64_t number)
{
	__asm__ volatile("nop" : "+r"(number) : : "memory");
	return number;
}

static int need_nothing(struct flood_thread *thread EUB_UNUSED)
{
	return 0;
}

static int call_syscall(struct flood_thread *thread EUB_UNUSED, uint64_t number)
{
	(void)syscall(SYS_sched_get_priority_max, number); /* EINVAL: no such policy */
	return 0;
}

static int call_prctl(struct flood_thread *thread EUB_UNUSED, uint64_t number)
{
	/* A tracker that changes the verdict of a security hook shows here. */
	return syscall(SYS_prctl, ORACLE_PRCTL, number, 0, 0, 0) < 0 && errno == EINVAL ? 0
											: -EPROTO;
}

static int call_functions(struct flood_thread *thread EUB_UNUSED, uint64_t number)
{
	return oracle_first(number) == number && oracle_second(number) == number ? 0 : -EPROTO;
}

static char *region_of(const struct flood_thread *thread)
{
	const struct load_regions *regions = &thread->flood->regions;

	return (char *)(uintptr_t)(regions->base +
				   ((uint64_t)thread->index << regions->stride_bits));
}

static int open_counter(struct flood_thread *thread)
{
	struct perf_event_attr attr = { .size = sizeof(attr),
					.type = PERF_TYPE_SOFTWARE,
					.config = PERF_COUNT_SW_PAGE_FAULTS,
					.sample_type = PERF_SAMPLE_ADDR,
					.sample_period = 1,
					.disabled = 1 };
	uint64_t size = UINT64_C(1) << thread->flood->regions.stride_bits;

	if (madvise(region_of(thread), size, MADV_DONTNEED) < 0)
		return -errno;
	thread->fd = (int)syscall(SYS_perf_event_open, &attr, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
	if (thread->fd < 0 ||
	    ioctl(thread->fd, PERF_EVENT_IOC_SET_BPF, thread->flood->program_fd) < 0 ||
	    ioctl(thread->fd, PERF_EVENT_IOC_ENABLE, 0) < 0)
		return -errno;
	return 0;
}

static int call_fault(struct flood_thread *thread, uint64_t number)
{
	uint64_t offset = (number & UINT32_MAX) << PAGE_BITS;

	(void)*(volatile char *)(region_of(thread) + offset);
	return 0;
}

static int open_socket(struct flood_thread *thread)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	const struct timeval patience = { .tv_sec = PACKET_PATIENCE };
	socklen_t size = sizeof(address);

	thread->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (thread->fd < 0 || bind(thread->fd, (struct sockaddr *)&address, size) < 0 ||
	    getsockname(thread->fd, (struct sockaddr *)&address, &size) < 0 ||
	    connect(thread->fd, (struct sockaddr *)&address, size) < 0 ||
	    setsockopt(thread->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) < 0)
		return -errno;
	return 0;
}

/* Waiting for it puts every hook on its way inside the call, and shows that no verdict drops it. */
static int call_packet(struct flood_thread *thread, uint64_t number)
{
	struct oracle_packet packet = { .magic = ORACLE_PRCTL, .number = number };

	if (send(thread->fd, &packet, sizeof(packet), 0) < 0 ||
	    recv(thread->fd, &packet, sizeof(packet), 0) < 0)
		return -errno;
	return packet.number == number ? 0 : -EPROTO;
}

static const struct {
	int (*open)(struct flood_thread *thread);
	int (*call)(struct flood_thread *thread, uint64_t number);
} loads[] = {
	[LOAD_SYSCALL] = { need_nothing, call_syscall },
	[LOAD_PRCTL] = { need_nothing, call_prctl },
	[LOAD_FUNCTIONS] = { need_nothing, call_functions },
	[LOAD_FAULTS] = { open_counter, call_fault },
	[LOAD_PACKETS] = { open_socket, call_packet },
};
static_assert(EUB_ARRAY_SIZE(loads) == _LOAD_KIND_MAX, "a row for each kind");

static void *run_thread(void *argument)
{
	struct flood_thread *thread = argument;
	struct flood *flood = thread->flood;
	uint64_t number = (uint64_t)thread->index << ORACLE_SEQ_BITS;

	thread->error = loads[flood->kind].open(thread);
	for (uint32_t seq = 1; seq <= flood->calls_max && thread->error == 0; seq++) {
		while (seq > atomic_load(&thread->credit) && !atomic_load(&flood->is_over))
			(void)sched_yield();
		if (atomic_load(&flood->is_over))
			break;
		judge_begin_call(flood->judge, thread->index, seq);
		thread->error = loads[flood->kind].call(thread, number | seq);
		judge_end_call(flood->judge, thread->index, seq);
	}
	eub_closep(&thread->fd);
	return NULL;
}

unsigned int load_get_n_threads(void)
{
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	return sched_getaffinity(0, sizeof(cpus), &cpus) == 0 ? (unsigned int)CPU_COUNT(&cpus) : 1;
}

static void pin(pthread_attr_t *attributes, unsigned int index)
{
	cpu_set_t cpus;
	cpu_set_t one;

	CPU_ZERO(&cpus);
	CPU_ZERO(&one);
	if (sched_getaffinity(0, sizeof(cpus), &cpus) < 0)
		return;
	for (size_t cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (CPU_ISSET(cpu, &cpus) && index-- == 0)
			CPU_SET(cpu, &one);
	}
	/* Where that is refused the scheduler spreads the threads. */
	(void)pthread_attr_setaffinity_np(attributes, sizeof(one), &one);
}

struct flood *flood_start(enum load_kind kind, struct judge *judge, uint32_t calls_max,
			  const struct load_regions *regions, int program_fd)
{
	struct flood *flood = calloc(1, sizeof(*flood));

	if (!flood)
		abort();
	*flood = (struct flood){ .kind = kind,
				 .judge = judge,
				 .calls_max = calls_max,
				 .regions = *regions,
				 .program_fd = program_fd };
	flood->threads = calloc(load_get_n_threads(), sizeof(*flood->threads));
	if (!flood->threads)
		abort();
	for (; flood->n_threads < load_get_n_threads(); flood->n_threads++) {
		struct flood_thread *thread = &flood->threads[flood->n_threads];
		pthread_attr_t attributes;

		thread->flood = flood;
		thread->index = flood->n_threads;
		thread->fd = -EBADF;
		if (pthread_attr_init(&attributes) != 0)
			abort();
		pin(&attributes, thread->index);
		if (pthread_create(&thread->thread, &attributes, run_thread, thread) != 0)
			abort();
		(void)pthread_attr_destroy(&attributes);
	}
	return flood;
}

void flood_allow(struct flood *flood, uint32_t lead)
{
	for (unsigned int i = 0; i < flood->n_threads; i++)
		atomic_store(&flood->threads[i].credit, judge_get_n_calls(flood->judge, i) + lead);
}

uint64_t flood_get_n_calls(const struct flood *flood)
{
	uint64_t n_calls = 0;

	for (unsigned int i = 0; i < flood->n_threads; i++)
		n_calls += judge_get_n_calls(flood->judge, i);
	return n_calls;
}

int flood_stop(struct flood *flood)
{
	int r = 0;

	atomic_store(&flood->is_over, true);
	for (unsigned int i = 0; i < flood->n_threads; i++) {
		if (pthread_join(flood->threads[i].thread, NULL) != 0)
			abort();
		if (r == 0)
			r = flood->threads[i].error;
	}
	free(flood->threads);
	free(flood);
	return r;
}

int load_regions_map(struct load_regions *regions, uint32_t calls_max)
{
	uint32_t stride_bits = PAGE_BITS + 1;
	void *memory;
	uint64_t size;

	while (UINT64_C(1) << (stride_bits - PAGE_BITS) <= calls_max)
		stride_bits++;
	size = (uint64_t)load_get_n_threads() << stride_bits;
	memory = mmap(NULL, size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (memory == MAP_FAILED)
		return -errno;
	/* One fault a page. Kernels without large pages know no such advice. */
	(void)madvise(memory, size, MADV_NOHUGEPAGE);
	*regions = (struct load_regions){ .base = (uintptr_t)memory, .stride_bits = stride_bits };
	return 0;
}

void load_regions_unmap(const struct load_regions *regions)
{
	/* Our own mapping; NULL if there is none. */
	(void)munmap((void *)(uintptr_t)regions->base, (uint64_t)load_get_n_threads()
							   << regions->stride_bits);
}
