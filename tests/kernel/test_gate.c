/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Gates of tracing programs (gate_bed.h says what is tested). A hook that others can fire too is
 * never closed in the flood, because skips are counted for everybody's events: only the two
 * generations are compared there. For perf_event the kernel's own counter says how many events
 * there were.
 */
#include "base/macro.h"
#include "gate_bed.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#define N_EVENTS 200000
#define N_FAULTS 20000 /* page faults are slower */

/* The uprobe's target: must exist as a symbol and must not be folded into its caller. */
__attribute__((noinline, visibility("default"))) void flood_target(void);
__attribute__((noinline, visibility("default"))) void flood_target(void)
{
	__asm__ volatile("" ::: "memory");
}

static int one_call(void)
{
	flood_target();
	return 0;
}

static int one_getppid(void)
{
	(void)syscall(SYS_getppid);
	return 0;
}

static int one_getpgid(void)
{
	return syscall(SYS_getpgid, getpid()) < 0 ? -errno : 0;
}

static int one_fault(void)
{
	static __thread char *page;

	if (!page)
		page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	*(volatile char *)page = 1;
	return madvise(page, 4096, MADV_DONTNEED) < 0 ? -errno : 0;
}

static void flood(const char *name, int (*one)(void), bool is_alone)
{
	const struct gate_row row = { .object = GATE_OBJECT,
				      .name = name,
				      .target = EUN__TARGET_INIT,
				      .one = one,
				      .n_events = N_EVENTS,
				      .is_alone = is_alone };

	gate_bed_flood(&row);
}

static void test_tracepoint(void **state EUB_UNUSED)
{
	flood("tracepoint", one_getppid, false);
}

static void test_raw_tp(void **state EUB_UNUSED)
{
	flood("raw_tp", one_getppid, false);
}

static void test_tp_btf(void **state EUB_UNUSED)
{
	flood("tp_btf", one_getppid, false);
}

static void test_uprobe(void **state EUB_UNUSED)
{
	flood("uprobe", one_call, true);
}

static void test_uretprobe(void **state EUB_UNUSED)
{
	flood("uretprobe", one_call, true);
}

static void test_kprobe(void **state EUB_UNUSED)
{
	flood("kprobe", one_getppid, false);
}

static void test_kretprobe(void **state EUB_UNUSED)
{
	flood("kretprobe", one_getppid, false);
}

static void test_fentry(void **state EUB_UNUSED)
{
	flood("fentry", one_getpgid, false);
}

/* The program behind the gate learns the address of the function, as if it were attached itself. */
static void test_func_ip(void **state EUB_UNUSED)
{
	flood("func_ip", one_getpgid, false);
}

static void test_fexit(void **state EUB_UNUSED)
{
	flood("fexit", one_getpgid, false);
}

static void test_fmod_ret(void **state EUB_UNUSED)
{
	flood("fmod_ret", one_getpgid, false);
}

static void test_lsm(void **state EUB_UNUSED)
{
	flood("lsm", one_getpgid, false);
}

/* Every page fault of one thread is a sample; the counter that samples them counts them as well. */
struct fault_flood {
	struct flood flood;
	int gate_fd;
	int error;
	uint64_t n_faults;
};

static void *run_fault_flood(void *argument)
{
	struct fault_flood *flood = argument;
	struct perf_event_attr attr = { .size = sizeof(attr),
					.type = PERF_TYPE_SOFTWARE,
					.config = PERF_COUNT_SW_PAGE_FAULTS,
					.sample_period = 1,
					.disabled = 1 };
	int fd = (int)syscall(SYS_perf_event_open, &attr, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);

	flood->error = fd < 0 ? -errno : 0;
	if (fd >= 0 && ioctl(fd, PERF_EVENT_IOC_SET_BPF, flood->gate_fd) < 0)
		flood->error = -errno;
	if (flood->error == 0) {
		(void)ioctl(fd, PERF_EVENT_IOC_ENABLE, 0);
		(void)flood_run(&flood->flood);
		(void)ioctl(fd, PERF_EVENT_IOC_DISABLE, 0);
		if (read(fd, &flood->n_faults, sizeof(flood->n_faults)) < 0)
			flood->error = -errno;
	}
	atomic_store(&flood->flood.is_over, true);
	if (fd >= 0)
		(void)close(fd);
	return NULL;
}

static void test_perf_event(void **state EUB_UNUSED)
{
	struct fault_flood flood = { .flood = { .one = one_fault, .n = N_FAULTS } };
	struct gate_bed bed;

	gate_bed_begin(&bed, GATE_OBJECT, "perf_event");
	flood.gate_fd = eun__gate_get_program_fd(bed.gate);
	gate_bed_switch_under(&bed, &flood.flood, true, run_fault_flood, &flood);
	if (flood.error < 0) {
		gate_bed_end(&bed);
		gate_bed_skip("page faults cannot be sampled", flood.error);
	}
	assert_true(flood.n_faults >= flood.flood.n_made);
	gate_bed_check_counts(&bed, flood.n_faults, eun__switch_get_skipped(bed.sw), &flood.flood);
	gate_bed_end(&bed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tracepoint), cmocka_unit_test(test_raw_tp),
		cmocka_unit_test(test_tp_btf),	   cmocka_unit_test(test_uprobe),
		cmocka_unit_test(test_uretprobe),  cmocka_unit_test(test_kprobe),
		cmocka_unit_test(test_kretprobe),  cmocka_unit_test(test_fentry),
		cmocka_unit_test(test_func_ip),	   cmocka_unit_test(test_fexit),
		cmocka_unit_test(test_fmod_ret),   cmocka_unit_test(test_lsm),
		cmocka_unit_test(test_perf_event),
	};

	if (geteuid() != 0) {
		(void)fprintf(stderr, "skipped: loading BPF programs needs root\n");
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
