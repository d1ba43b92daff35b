/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Does what is pinned go on when its process ends, however it ends, and stop when it is unpinned? A
 * child attaches a program, pins its links and goes; events that this process makes afterwards must
 * be counted one by one. For a clock, whose ticks nobody can count, some must come.
 */
#include "base/kernel.h"
#include "base/macro.h"
#include "object/attach_kind.h"
#include "object/link.h"
#include "object/pins.h"
#include "object/target.h"
#include "net_bed.h"
#include "since.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <dirent.h>
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define N_EVENTS	 100
#define N_QUIET		 20
#define PATIENCE_SECONDS 10
#define CLOCK_HZ	 1000

struct kind_row {
	const char *object;
	const char *name;
	void (*one)(void);
	enum eun__point_kind point;
	enum eun__direction direction;
};

struct fixture {
	const struct kind_row *row;
	struct bpf_object *object;
	struct bpf_program *program;
	const struct eun__attach_kind *kind;
	struct eun__target target;
	const uint64_t *counts;
	char dir[64];
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

static void one_getpgid(void)
{
	assert_true(syscall(SYS_getpgid, getpid()) >= 0);
}

static void one_datagram(void)
{
	assert_int_equal(net_bed_send_datagram(), 0);
}

static void one_connection(void)
{
	assert_int_equal(net_bed_connect(), 0);
}

static const struct kind_row rows[] = {
	{ GATE_OBJECT, "tracepoint_a", one_getppid, EUN__POINT_UNKNOWN, EUN__DIRECTION_NONE },
	{ GATE_OBJECT, "raw_tp_a", one_getppid, EUN__POINT_UNKNOWN, EUN__DIRECTION_NONE },
	{ GATE_OBJECT, "tp_btf_a", one_getppid, EUN__POINT_UNKNOWN, EUN__DIRECTION_NONE },
	{ GATE_OBJECT, "uprobe_a", flood_target, EUN__POINT_UNKNOWN, EUN__DIRECTION_NONE },
	{ GATE_OBJECT, "uretprobe_a", flood_target, EUN__POINT_UNKNOWN, EUN__DIRECTION_NONE },
	{ GATE_OBJECT, "kprobe_a", one_getppid, EUN__POINT_UNKNOWN, EUN__DIRECTION_NONE },
	{ GATE_OBJECT, "fentry_a", one_getpgid, EUN__POINT_UNKNOWN, EUN__DIRECTION_NONE },
	{ GATE_OBJECT, "fexit_a", one_getpgid, EUN__POINT_UNKNOWN, EUN__DIRECTION_NONE },
	{ GATE_OBJECT, "fmod_ret_a", one_getpgid, EUN__POINT_UNKNOWN, EUN__DIRECTION_NONE },
	{ GATE_OBJECT, "lsm_a", one_getpgid, EUN__POINT_UNKNOWN, EUN__DIRECTION_NONE },
	{ GATE_OBJECT, "perf_event_a", one_getppid, EUN__POINT_UNKNOWN, EUN__DIRECTION_NONE },
	{ NET_OBJECT, "xdp_a", one_datagram, EUN__POINT_INTERFACE, EUN__DIRECTION_NONE },
	{ NET_OBJECT, "xdp_frags_a", one_datagram, EUN__POINT_INTERFACE, EUN__DIRECTION_NONE },
	{ NET_OBJECT, "tc_a", one_datagram, EUN__POINT_INTERFACE, EUN__DIRECTION_INGRESS },
	{ NET_OBJECT, "tc_a", one_datagram, EUN__POINT_INTERFACE, EUN__DIRECTION_EGRESS },
	{ NET_OBJECT, "tcx_ingress_a", one_datagram, EUN__POINT_INTERFACE, EUN__DIRECTION_INGRESS },
	{ NET_OBJECT, "tcx_egress_a", one_datagram, EUN__POINT_INTERFACE, EUN__DIRECTION_EGRESS },
	{ NET_OBJECT, "cgroup_ingress_a", one_datagram, EUN__POINT_CGROUP, EUN__DIRECTION_NONE },
	{ NET_OBJECT, "cgroup_egress_a", one_datagram, EUN__POINT_CGROUP, EUN__DIRECTION_NONE },
	{ NET_OBJECT, "connect4_a", one_connection, EUN__POINT_CGROUP, EUN__DIRECTION_NONE },
	{ NET_OBJECT, "sockops_a", one_connection, EUN__POINT_CGROUP, EUN__DIRECTION_NONE },
	{ NET_OBJECT, "lsm_cgroup_a", one_connection, EUN__POINT_CGROUP, EUN__DIRECTION_NONE },
};

static const char *cgroup_path;

EUB_PRINTF(2, 0)
static int quiet(enum libbpf_print_level level EUB_UNUSED, const char *format EUB_UNUSED,
		 va_list args EUB_UNUSED)
{
	return 0;
}

static void set_target_process(struct fixture *f)
{
	struct bpf_map *map = bpf_object__find_map_by_name(f->object, "pins.rodata");
	const uint64_t target[] = { SYS_getppid, (uint64_t)getpid(), 0 };
	size_t size;
	void *memory;

	if (!map)
		return;
	memory = (void *)(uintptr_t)bpf_map__initial_value(map, &size);
	assert_int_equal(size, sizeof(target));
	memcpy(memory, target, sizeof(target));
}

static void map_counts(struct fixture *f)
{
	struct bpf_map *map = bpf_object__find_map_by_name(f->object, "pins.bss");
	void *memory;

	assert_non_null(map);
	memory = mmap(NULL, 4096, PROT_READ, MAP_SHARED, bpf_map__fd(map), 0);
	assert_true(memory != MAP_FAILED);
	f->counts = memory;
}

/* Return: whether the kernel lets anybody load such programs. */
static bool load(struct fixture *f)
{
	LIBBPF_OPTS(bpf_object_open_opts, options, .object_name = "pins");
	int r;

	f->object = bpf_object__open_file(f->row->object, &options);
	assert_non_null(f->object);
	set_target_process(f);
	f->program = bpf_object__find_program_by_name(f->object, f->row->name);
	assert_non_null(f->program);
	assert_int_equal(bpf_program__set_autoload(f->program, true), 0);
	f->kind = eun__attach_kind_find(bpf_program__section_name(f->program));
	assert_non_null(f->kind);
	eun__attach_kind_complete(f->program);
	r = bpf_object__load(f->object);
	if (r == -EPERM || (r < 0 && !since_is_known(f->row->name))) {
		bpf_object__close(f->object);
		return false;
	}
	assert_int_equal(r, 0);
	map_counts(f);
	return true;
}

/* Return: as load(). */
static bool begin(struct fixture *f, const struct kind_row *row)
{
	static char names[2][512];

	*f = (struct fixture){ .row = row,
			       .target = { .point = row->point, .direction = row->direction } };
	(void)snprintf(names[0], sizeof(names[0]), "%s", NET_BED_INTERFACE);
	(void)snprintf(names[1], sizeof(names[1]), "%s", cgroup_path ? cgroup_path : "");
	f->target.name = names[row->point == EUN__POINT_CGROUP];
	(void)snprintf(f->dir, sizeof(f->dir), "/sys/fs/bpf/eunomia-pins-%d", getpid());
	if (!load(f)) {
		print_message("skipped: %s: the kernel does not load such programs here\n",
			      row->name);
		return false;
	}
	assert_int_equal(mkdir(f->dir, 0700), 0);
	return true;
}

static void end(struct fixture *f)
{
	assert_true(rmdir(f->dir) == 0 || errno == ENOENT); /* nothing is left in it */
	(void)munmap((void *)(uintptr_t)f->counts, 4096);
	bpf_object__close(f->object);
}

static uint64_t get_count(const struct fixture *f)
{
	return __atomic_load_n(&f->counts[0], __ATOMIC_RELAXED);
}

static int attach(const struct fixture *f, struct eun__links *links)
{
	if (f->row->point != EUN__POINT_UNKNOWN)
		return eun__links_attach_target(links, f->program, f->kind, &f->target);
	if (f->kind->attach == EUN__ATTACH_PERF_EVENT)
		return eun__links_attach_clock(links, f->program, CLOCK_HZ);
	if (f->kind->gate == EUN__GATE_BTF)
		return eun__links_attach_btf(links, bpf_program__fd(f->program));
	return eun__links_attach_auto(links, f->program);
}

static bool is_over(time_t start)
{
	return time(NULL) > start + PATIENCE_SECONDS;
}

static void expect_running(const struct fixture *f)
{
	uint64_t before = get_count(f);
	time_t start = time(NULL);

	for (unsigned int i = 0; i < N_EVENTS; i++)
		f->row->one();
	if (f->kind->attach != EUN__ATTACH_PERF_EVENT) {
		assert_int_equal(get_count(f), before + N_EVENTS);
		return;
	}
	while (get_count(f) == before && !is_over(start))
		f->row->one();
	assert_true(get_count(f) > before);
}

/* The kernel lets go of a link some time after its last reference went. */
static void expect_detached(const struct fixture *f)
{
	uint64_t before = get_count(f);
	time_t start = time(NULL);
	unsigned int n_quiet = 0;

	while (n_quiet < N_QUIET && !is_over(start)) {
		for (unsigned int i = 0; i < N_EVENTS; i++)
			f->row->one();
		n_quiet = get_count(f) == before ? n_quiet + 1 : 0;
		before = get_count(f);
	}
	assert_int_equal(n_quiet, N_QUIET);
}

static void attach_and_go(const struct fixture *f, bool is_killed)
{
	struct eun__links links = EUN__LINKS_INIT;
	int r = attach(f, &links);

	if (r == 0)
		r = eun__links_pin(&links, f->dir);
	if (r < 0)
		_exit(-r);
	if (is_killed)
		(void)kill(getpid(), SIGKILL);
	eun__links_leave(&links);
	_exit(0);
}

/* Return: 0; the errno with which the child failed to attach or pin. */
static int run_child(const struct fixture *f, bool is_killed)
{
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (pid == 0)
		attach_and_go(f, is_killed);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	assert_true(is_killed && WIFSIGNALED(status));
	return 0;
}

static void check_survival(const struct kind_row *row, bool is_killed)
{
	struct eun__links links = EUN__LINKS_INIT;
	struct fixture f;
	int r;

	if (!begin(&f, row))
		return;
	r = run_child(&f, is_killed);
	if (r > 0) {
		end(&f);
		print_message("skipped: %s: %s\n", row->name, strerror(r));
		return;
	}
	expect_running(&f);
	assert_int_equal(eun__links_adopt(&links, f.dir), 0);
	expect_running(&f);
	eun__links_leave(&links);
	expect_running(&f);
	assert_int_equal(is_killed ? eun__pins_remove(f.dir) : eun__links_unpin(f.dir), 0);
	expect_detached(&f);
	end(&f);
	print_message("%s%s\n", row->name, is_killed ? " (killed)" : "");
}

static void test_process_ends(void **state EUB_UNUSED)
{
	for (size_t i = 0; i < EUB_ARRAY_SIZE(rows); i++)
		check_survival(&rows[i], false);
}

static void test_process_is_killed(void **state EUB_UNUSED)
{
	for (size_t i = 0; i < EUB_ARRAY_SIZE(rows); i++)
		check_survival(&rows[i], true);
}

static unsigned int count_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	unsigned int n = 0;

	assert_non_null(dir);
	while (readdir(dir))
		n++;
	(void)closedir(dir);
	return n;
}

/* Links by perf events came with Linux 5.15; before, attaching gives nothing that can be pinned. */
static bool is_unpinnable(const struct fixture *f, int r)
{
	if (r != -EINVAL || eub_kernel_is_at_least(5, 15))
		return false;
	print_message("skipped: %s: the kernel cannot pin it\n", f->row->name);
	return true;
}

/* @links is attached to a hook of @f. */
static void leave_and_adopt(const struct fixture *f, struct eun__links *links, unsigned int n_fds)
{
	int r = eun__links_pin(links, f->dir);

	if (is_unpinnable(f, r)) {
		eun__links_done(links);
		return;
	}
	assert_int_equal(r, 0);
	eun__links_leave(links);
	assert_int_equal(count_fds(), n_fds);
	expect_running(f);
	assert_int_equal(eun__links_adopt(links, f->dir), 0);
	assert_int_equal(eun__links_unpin(f->dir), 0);
	if (links->filter.ifindex == 0) /* no process holds a filter */
		expect_running(f);
	eun__links_done(links);
	expect_detached(f);
	assert_int_equal(count_fds(), n_fds);
}

/* A process that goes on keeps no descriptor of what it left, and can take hold of it again. */
static void test_leave_and_adopt(void **state EUB_UNUSED)
{
	for (size_t i = 0; i < EUB_ARRAY_SIZE(rows); i++) {
		struct eun__links links = EUN__LINKS_INIT;
		unsigned int n_fds;
		struct fixture f;

		if (!begin(&f, &rows[i]))
			continue;
		rows[i].one();
		n_fds = count_fds();
		if (attach(&f, &links) == 0)
			leave_and_adopt(&f, &links, n_fds);
		end(&f);
	}
}

static void test_nothing_to_adopt(void **state EUB_UNUSED)
{
	struct eun__links links = EUN__LINKS_INIT;

	assert_int_equal(eun__links_adopt(&links, "/sys/fs/bpf/eunomia-no-such"), -ENOENT);
	assert_int_equal(eun__links_unpin("/sys/fs/bpf/eunomia-no-such"), 0);
	eun__links_leave(&links);
}

/* What could not be pinned is not left behind. */
static void test_pin_fails(void **state EUB_UNUSED)
{
	struct eun__links links = EUN__LINKS_INIT;
	struct fixture f;

	assert_true(begin(&f, &rows[1])); /* a raw tracepoint: every kernel can pin it */
	assert_int_equal(attach(&f, &links), 0);
	assert_int_equal(eun__links_pin(&links, "/sys/fs/bpf/eunomia-no-such"), -ENOENT);
	expect_running(&f);
	eun__links_leave(&links);
	expect_detached(&f);
	end(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_process_ends),	cmocka_unit_test(test_process_is_killed),
		cmocka_unit_test(test_leave_and_adopt), cmocka_unit_test(test_nothing_to_adopt),
		cmocka_unit_test(test_pin_fails),
	};
	int r;

	if (geteuid() != 0) {
		(void)fprintf(stderr, "skipped: loading BPF programs needs root\n");
		return 77;
	}
	(void)libbpf_set_print(quiet);
	r = net_bed_enter();
	if (r == 0)
		r = net_bed_enter_cgroup(&cgroup_path);
	if (r < 0) {
		(void)fprintf(stderr, "skipped: no network and cgroup of our own: %s\n",
			      strerror(-r));
		return 77;
	}
	r = cmocka_run_group_tests(tests, NULL, NULL);
	net_bed_leave_cgroup();
	return r;
}
