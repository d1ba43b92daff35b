/* SPDX-License-Identifier: Apache-2.0 */
#include "gate_bed.h"

#include "base/macro.h"
#include "object/attach_kind.h"
#include "since.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#define N_SWITCHES 1000 /* at least */

EUB_PRINTF(2, 0)
static int quiet(enum libbpf_print_level level, const char *format, va_list args)
{
	return level == LIBBPF_WARN ? vfprintf(stderr, format, args) : 0;
}

void gate_bed_skip(const char *why, int r)
{
	print_message("skipped: %s: %s\n", why, strerror(-r));
	skip();
}

static struct bpf_program *find_program(const struct gate_bed *bed, const char *name,
					char generation)
{
	char full[64];
	struct bpf_program *program;

	(void)snprintf(full, sizeof(full), "%s_%c", name, generation);
	program = bpf_object__find_program_by_name(bed->object, full);
	assert_non_null(program);
	return program;
}

/* Its address; 0 if there is none, or the kernel does not tell. */
static uint64_t find_symbol(const char *wanted)
{
	FILE *symbols = fopen("/proc/kallsyms", "re");
	uint64_t address = 0;
	char line[512];

	while (symbols && address == 0 && fgets(line, sizeof(line), symbols)) {
		char name[128];
		uint64_t found;

		if (sscanf(line, "%lx %*c %127s", &found, name) == 2 && strcmp(name, wanted) == 0)
			address = found;
	}
	if (symbols)
		(void)fclose(symbols); /* read only */
	return address;
}

/* Which process's events count; objects that tell by other means have no such constants. */
static void set_targets(const struct gate_bed *bed)
{
	struct bpf_map *map = bpf_object__find_map_by_name(bed->object, "gate.rodata");
	const uint64_t target[] = { SYS_getppid, (uint64_t)getpid(),
				    find_symbol("security_task_getpgid") };
	size_t size;
	void *memory;

	if (!map)
		return;
	memory = (void *)(uintptr_t)bpf_map__initial_value(map, &size);
	assert_int_equal(size, sizeof(target));
	memcpy(memory, target, sizeof(target));
}

static void map_counts(struct gate_bed *bed)
{
	struct bpf_map *map = bpf_object__find_map_by_name(bed->object, "gate.bss");
	void *memory;

	assert_non_null(map);
	memory = mmap(NULL, 4096, PROT_READ, MAP_SHARED, bpf_map__fd(map), 0);
	assert_true(memory != MAP_FAILED);
	bed->counts = memory;
}

static void prepare(struct bpf_program *program)
{
	eun__attach_kind_complete(program);
	assert_int_equal(bpf_program__set_autoload(program, true), 0);
}

static void load_programs(struct gate_bed *bed, const char *object, const char *name)
{
	LIBBPF_OPTS(bpf_object_open_opts, options, .object_name = "gate");
	int r;

	(void)libbpf_set_print(quiet);
	bed->object = bpf_object__open_file(object, &options);
	assert_non_null(bed->object);
	set_targets(bed);
	prepare(find_program(bed, name, 'a'));
	prepare(find_program(bed, name, 'b'));
	r = bpf_object__load(bed->object);
	if (r == -EPERM || (r < 0 && !since_is_known(name))) {
		bpf_object__close(bed->object);
		gate_bed_skip("the kernel does not load such programs here", r);
	}
	assert_int_equal(r, 0);
	map_counts(bed);
}

void gate_bed_begin(struct gate_bed *bed, const char *object, const char *name)
{
	struct eun_error err = EUN_ERROR_INIT;
	const struct eun__attach_kind *kind;
	struct bpf_program *a;
	int r;

	*bed = (struct gate_bed){ 0 };
	load_programs(bed, object, name);
	a = find_program(bed, name, 'a');
	kind = eun__attach_kind_find(bpf_program__section_name(a));
	assert_non_null(kind);
	assert_int_equal(eun__switch_new(&bed->sw, &err), 0);
	r = eun__gate_new(bed->sw, kind, a, bpf_program__fd(a), name, &bed->gate, &err);
	if (r < 0)
		print_message("%s\n", err.message);
	assert_int_equal(r, 0);
	assert_int_equal(eun__gate_put(bed->gate, 0, bpf_program__fd(a)), 0);
	assert_int_equal(eun__gate_put(bed->gate, 1, bpf_program__fd(find_program(bed, name, 'b'))),
			 0);
	eun_error_done(&err);
}

void gate_bed_end(struct gate_bed *bed)
{
	eun__gate_unref(bed->gate);
	eun__switch_free(bed->sw);
	(void)munmap((void *)(uintptr_t)bed->counts, 4096);
	bpf_object__close(bed->object);
}

void *flood_run(void *argument)
{
	struct flood *flood = argument;

	while (flood->error == 0 &&
	       (flood->n_made < flood->n || atomic_load(&flood->n_switches) < N_SWITCHES)) {
		flood->error = flood->one();
		flood->n_made++;
	}
	atomic_store(&flood->is_over, true);
	return NULL;
}

void gate_bed_switch_under(struct gate_bed *bed, struct flood *flood, bool with_closed,
			   void *(*run)(void *), void *argument)
{
	static const uint32_t indices[] = { 0, 1, EUN__SWITCH_CLOSED };
	size_t n_indices = EUB_ARRAY_SIZE(indices) - !with_closed;
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, run, argument), 0);
	while (!atomic_load(&flood->is_over)) {
		unsigned int n = atomic_fetch_add(&flood->n_switches, 1);

		eun__switch_set(bed->sw, indices[n % n_indices]);
	}
	assert_int_equal(pthread_join(thread, NULL), 0);
}

void gate_bed_check_counts(const struct gate_bed *bed, uint64_t n_events, uint64_t skipped,
			   const struct flood *flood)
{
	print_message("%u switches: %lu + %lu + %lu skipped of %lu events\n", flood->n_switches,
		      bed->counts[0], bed->counts[1], skipped, n_events);
	assert_int_equal(flood->error, 0);
	assert_int_equal(bed->counts[0] + bed->counts[1] + skipped, n_events);
	assert_true(bed->counts[0] > 0 && bed->counts[1] > 0);
	assert_true(flood->n_switches >= N_SWITCHES);
}

void gate_bed_flood(const struct gate_row *row)
{
	struct flood flood = { .one = row->one, .n = row->n_events };
	uint64_t skipped = 0;
	struct gate_bed bed;
	int r;

	gate_bed_begin(&bed, row->object, row->name);
	eun__switch_set(bed.sw, 0);
	r = eun__gate_attach(bed.gate, &row->target, 1);
	if (r < 0) {
		gate_bed_end(&bed);
		gate_bed_skip("the gate cannot be attached on this kernel", r);
	}
	gate_bed_switch_under(&bed, &flood, row->is_alone, flood_run, &flood);
	if (row->is_alone) {
		skipped = eun__switch_get_skipped(bed.sw);
		assert_true(skipped > 0);
	}
	gate_bed_check_counts(&bed, flood.n_made, skipped, &flood);
	gate_bed_end(&bed);
}
