/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Is the gate exact? A thread makes a known number of events as fast as it can while this one
 * switches between two generations, and closed. Every event must have run exactly one generation or
 * have been counted as skipped: the three counts must add up to the events made. For perf_event the
 * kernel's own counter says how many there were.
 */
#include "base/macro.h"
#include "object/attach_kind.h"
#include "object/gate.h"
#include "object/switch.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/perf_event.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#define N_EVENTS   200000
#define N_FAULTS   20000 /* page faults are slower */
#define N_SWITCHES 1000	 /* at least */

struct fixture {
	struct bpf_object *object;
	struct eun__switch *sw;
	struct eun__gate *gate;
	const uint64_t *counts; /* of the two generations, mapped */
};

/* Goes on until it has made n events and has seen N_SWITCHES switches, however busy the machine. */
struct flood {
	void (*one)(void);
	unsigned int n;
	atomic_uint n_switches;
	unsigned int n_made;
	atomic_bool is_over;
};

/* The uprobe's target: must exist as a symbol and must not be folded into its caller. */
__attribute__((noinline, visibility("default"))) void flood_target(void);
__attribute__((noinline, visibility("default"))) void flood_target(void)
{
	__asm__ volatile("" ::: "memory");
}

static void one_getppid(void)
{
	(void)syscall(SYS_getppid);
}

static void one_fault(void)
{
	static __thread char *page;

	if (!page)
		page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	*(volatile char *)page = 1;
	(void)madvise(page, 4096, MADV_DONTNEED);
}

static void *run_flood(void *argument)
{
	struct flood *flood = argument;

	while (flood->n_made < flood->n || atomic_load(&flood->n_switches) < N_SWITCHES) {
		flood->one();
		flood->n_made++;
	}
	atomic_store(&flood->is_over, true);
	return NULL;
}

EUB_PRINTF(2, 0)
static int quiet(enum libbpf_print_level level, const char *format, va_list args)
{
	return level == LIBBPF_WARN ? vfprintf(stderr, format, args) : 0;
}

static void skip_because(const char *why, int r)
{
	print_message("skipped: %s: %s\n", why, strerror(-r));
	skip();
}

static struct bpf_program *find_program(struct fixture *f, const char *name, char generation)
{
	char full[64];
	struct bpf_program *program;

	(void)snprintf(full, sizeof(full), "%s_%c", name, generation);
	program = bpf_object__find_program_by_name(f->object, full);
	assert_non_null(program);
	return program;
}

static void set_targets(struct fixture *f)
{
	struct bpf_map *map = bpf_object__find_map_by_name(f->object, "gate.rodata");
	const uint64_t target[] = { SYS_getppid, (uint64_t)getpid() };
	size_t size;
	void *memory;

	assert_non_null(map);
	memory = (void *)(uintptr_t)bpf_map__initial_value(map, &size);
	assert_int_equal(size, sizeof(target));
	memcpy(memory, target, sizeof(target));
}

static void map_counts(struct fixture *f)
{
	struct bpf_map *map = bpf_object__find_map_by_name(f->object, "gate.bss");
	void *memory;

	assert_non_null(map);
	memory = mmap(NULL, 4096, PROT_READ, MAP_SHARED, bpf_map__fd(map), 0);
	assert_true(memory != MAP_FAILED);
	f->counts = memory;
}

/* Loads both generations of @name and a gate for them; attaches nothing. */
static void begin(struct fixture *f, const char *name)
{
	LIBBPF_OPTS(bpf_object_open_opts, options, .object_name = "gate");
	struct eun_error err = EUN_ERROR_INIT;
	const struct eun__attach_kind *kind;
	int r;

	*f = (struct fixture){ 0 };
	(void)libbpf_set_print(quiet);
	f->object = bpf_object__open_file(GATE_OBJECT, &options);
	assert_non_null(f->object);
	set_targets(f);
	assert_int_equal(bpf_program__set_autoload(find_program(f, name, 'a'), true), 0);
	assert_int_equal(bpf_program__set_autoload(find_program(f, name, 'b'), true), 0);
	r = bpf_object__load(f->object);
	if (r == -EPERM) {
		bpf_object__close(f->object);
		skip_because("the kernel does not load such programs here", r);
	}
	assert_int_equal(r, 0);
	map_counts(f);
	kind = eun__attach_kind_find(bpf_program__section_name(find_program(f, name, 'a')));
	assert_non_null(kind);
	assert_int_equal(eun__switch_new(&f->sw, &err), 0);
	r = eun__gate_new(f->sw, kind, find_program(f, name, 'a'),
			  bpf_program__fd(find_program(f, name, 'a')), name, &f->gate, &err);
	if (r < 0)
		print_message("%s\n", err.message);
	assert_int_equal(r, 0);
	assert_int_equal(eun__gate_put(f->gate, 0, bpf_program__fd(find_program(f, name, 'a'))), 0);
	assert_int_equal(eun__gate_put(f->gate, 1, bpf_program__fd(find_program(f, name, 'b'))), 0);
	eun_error_done(&err);
}

static void end(struct fixture *f)
{
	eun__gate_unref(f->gate);
	eun__switch_free(f->sw);
	(void)munmap((void *)(uintptr_t)f->counts, 4096);
	bpf_object__close(f->object);
}

static const uint32_t all_indices[] = { 0, 1, EUN__SWITCH_CLOSED };

/* Switches through the first @n_indices of all_indices, in turn, until the flood is over. */
static void switch_under(struct fixture *f, struct flood *flood, size_t n_indices,
			 void *(*run)(void *), void *argument)
{
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, run, argument), 0);
	while (!atomic_load(&flood->is_over)) {
		unsigned int n = atomic_fetch_add(&flood->n_switches, 1);

		eun__switch_set(f->sw, all_indices[n % n_indices]);
	}
	assert_int_equal(pthread_join(thread, NULL), 0);
}

static void check_counts(struct fixture *f, uint64_t n_events, uint64_t skipped,
			 const struct flood *flood)
{
	print_message("%u switches: %lu + %lu + %lu skipped of %lu events\n", flood->n_switches,
		      f->counts[0], f->counts[1], skipped, n_events);
	assert_int_equal(f->counts[0] + f->counts[1] + skipped, n_events);
	assert_true(f->counts[0] > 0 && f->counts[1] > 0);
	assert_true(flood->n_switches >= N_SWITCHES);
}

static void attach(struct fixture *f)
{
	int r;

	eun__switch_set(f->sw, 0);
	r = eun__gate_attach(f->gate, NULL, 1);
	if (r < 0) {
		end(f);
		skip_because("the gate cannot be attached on this kernel", r);
	}
}

/*
 * Skips are counted for everybody's events, not only ours, so a hook that others can fire too is
 * never closed in the flood: only the two generations are compared there.
 */
static void flood_open(const char *name, void (*one)(void))
{
	struct flood flood = { .one = one, .n = N_EVENTS };
	struct fixture f;

	begin(&f, name);
	attach(&f);
	switch_under(&f, &flood, 2, run_flood, &flood);
	check_counts(&f, flood.n_made, 0, &flood);
	end(&f);
}

/* For hooks that fire for this process alone: closed counts too. */
static void flood_closed(const char *name, void (*one)(void))
{
	struct flood flood = { .one = one, .n = N_EVENTS };
	uint64_t skipped;
	struct fixture f;

	begin(&f, name);
	attach(&f);
	switch_under(&f, &flood, EUB_ARRAY_SIZE(all_indices), run_flood, &flood);
	skipped = eun__switch_get_skipped(f.sw);
	assert_true(skipped > 0);
	check_counts(&f, flood.n_made, skipped, &flood);
	end(&f);
}

static void test_tracepoint(void **state EUB_UNUSED)
{
	flood_open("tracepoint", one_getppid);
}

static void test_raw_tp(void **state EUB_UNUSED)
{
	flood_open("raw_tp", one_getppid);
}

static void test_tp_btf(void **state EUB_UNUSED)
{
	flood_open("tp_btf", one_getppid);
}

static void test_uprobe(void **state EUB_UNUSED)
{
	flood_closed("uprobe", flood_target);
}

static void test_uretprobe(void **state EUB_UNUSED)
{
	flood_closed("uretprobe", flood_target);
}

static void test_kprobe(void **state EUB_UNUSED)
{
	flood_open("kprobe", one_getppid);
}

static void test_kretprobe(void **state EUB_UNUSED)
{
	flood_open("kretprobe", one_getppid);
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
		(void)run_flood(&flood->flood);
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
	struct fixture f;

	begin(&f, "perf_event");
	flood.gate_fd = eun__gate_get_program_fd(f.gate);
	switch_under(&f, &flood.flood, EUB_ARRAY_SIZE(all_indices), run_fault_flood, &flood);
	if (flood.error < 0) {
		end(&f);
		skip_because("page faults cannot be sampled", flood.error);
	}
	assert_true(flood.n_faults >= flood.flood.n_made);
	check_counts(&f, flood.n_faults, eun__switch_get_skipped(f.sw), &flood.flood);
	end(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tracepoint), cmocka_unit_test(test_raw_tp),
		cmocka_unit_test(test_tp_btf),	   cmocka_unit_test(test_uprobe),
		cmocka_unit_test(test_uretprobe),  cmocka_unit_test(test_kprobe),
		cmocka_unit_test(test_kretprobe),  cmocka_unit_test(test_perf_event),
	};

	if (geteuid() != 0) {
		(void)fprintf(stderr, "skipped: loading BPF programs needs root\n");
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
