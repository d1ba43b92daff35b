/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Does a tracker that counts no losses count them after eun__ring_count_add()? Its ring has one
 * page and is read by libbpf, an independent reader; the generator counts its own calls. What came
 * out of the ring and what was counted must add up to them, for every helper, and objects of other
 * origins must still load.
 */
#include "object/ring_count.h"

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/fd.h"
#include "base/macro.h"
#include "since.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define N_CALLS	     100000u
#define COUNTER_AT   64u
#define RING_BYTES   4096u
#define OBJECT_BYTES (1u << 20)

struct fixture {
	int counter_fd;
	struct eub_buf image;	/* as compiled */
	struct eub_buf counted; /* and rewritten */
	struct bpf_object *object;
	struct bpf_link *link;
	struct ring_buffer *reader;
	uint64_t n_read;
};

typedef void (*target_fn)(unsigned int number);

/* The uprobes' targets: must exist as symbols and must not be folded into their callers. */
#define TARGET(name)                                                                               \
	__attribute__((noinline, visibility("default"))) void name(unsigned int number);           \
	__attribute__((noinline, visibility("default"))) void name(unsigned int number)            \
	{                                                                                          \
		__asm__ volatile("/* " #name " */" ::"r"(number) : "memory");                      \
	}

TARGET(flood_reserve)
TARGET(flood_output)
TARGET(flood_dynptr)
TARGET(flood_discard)

/* Kept until a load fails: what the verifier said then is the test's message. */
static char words[65536];

EUB_PRINTF(2, 0)
static int keep_words(enum libbpf_print_level level, const char *format, va_list args)
{
	size_t n = strlen(words);

	return level == LIBBPF_WARN ? vsnprintf(words + n, sizeof(words) - n, format, args) : 0;
}

static uint64_t read_counter(const struct fixture *f)
{
	uint64_t value[COUNTER_AT / sizeof(uint64_t) + 1] = { 0 };
	uint32_t key = 0;

	assert_int_equal(bpf_map_lookup_elem(f->counter_fd, &key, value), 0);
	return value[COUNTER_AT / sizeof(uint64_t)];
}

static void open_object(struct fixture *f, const char *name)
{
	LIBBPF_OPTS(bpf_object_open_opts, options, .object_name = "ring_count");
	struct eun__ring_counter counter = { f->counter_fd, COUNTER_AT };
	struct eun_error err = EUN_ERROR_INIT;
	char path[1024];
	int n;

	(void)snprintf(path, sizeof(path), "%s/%s.bpf.o", OBJECTS_DIR, name);
	assert_int_equal(eub_read_file(path, OBJECT_BYTES, &f->image), 0);
	n = eun__ring_count_add(f->image.data, f->image.len, &counter, &f->counted, &err);
	if (n <= 0)
		fail_msg("%s: %d calls found, %s", name, n, err.message);
	words[0] = '\0';
	f->object = bpf_object__open_mem(f->counted.data, f->counted.len, &options);
	if (!f->object)
		fail_msg("%s: %s; %s", name, strerror(errno), words);
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	libbpf_set_print(keep_words);
	assert_non_null(f);
	*state = f;
	f->counter_fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "counter", sizeof(uint32_t),
				       COUNTER_AT + sizeof(uint64_t), 1, NULL);
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	bpf_link__destroy(f->link);
	ring_buffer__free(f->reader);
	bpf_object__close(f->object);
	eub_buf_done(&f->counted);
	eub_buf_done(&f->image);
	eub_closep(&f->counter_fd);
	free(f);
	return 0;
}

static void skip_without_rights(const struct fixture *f)
{
	if (f->counter_fd >= 0)
		return;
	print_message("skipped: a map cannot be made: %s\n", strerror(-f->counter_fd));
	skip();
}

static int on_record(void *userdata, void *data, size_t size)
{
	struct fixture *f = userdata;

	(void)data;
	(void)size;
	f->n_read++;
	return 0;
}

/* Loads one program of the flood object, its ring as small as rings are, and attaches it. */
static void begin(struct fixture *f, const char *program_name)
{
	struct bpf_program *program;
	struct bpf_map *ring;

	skip_without_rights(f);
	open_object(f, "loss_flood");
	program = bpf_object__find_program_by_name(f->object, program_name);
	ring = bpf_object__find_map_by_name(f->object, "events");
	assert_non_null(program);
	assert_non_null(ring);
	assert_int_equal(bpf_program__set_autoload(program, true), 0);
	assert_int_equal(bpf_map__set_max_entries(ring, RING_BYTES), 0);
	if (bpf_object__load(f->object) < 0)
		fail_msg("%s", words);
	f->link = bpf_program__attach(program);
	if (!f->link)
		fail_msg("%s", words);
	f->reader = ring_buffer__new(bpf_map__fd(ring), on_record, f, NULL);
	assert_non_null(f->reader);
}

struct flood {
	target_fn target;
	atomic_bool is_over;
};

static void *flood(void *argument)
{
	struct flood *flood = argument;

	for (unsigned int i = 0; i < N_CALLS; i++)
		flood->target(i);
	atomic_store(&flood->is_over, true);
	return NULL;
}

/* Calls the target N_CALLS times while this thread reads. */
static void run_flood(struct fixture *f, target_fn target)
{
	struct flood job = { .target = target };
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, flood, &job), 0);
	while (!atomic_load(&job.is_over))
		(void)ring_buffer__poll(f->reader, 10);
	assert_int_equal(pthread_join(thread, NULL), 0);
	(void)ring_buffer__consume(f->reader);
}

static void expect_exact(struct fixture *f, const char *program, target_fn target)
{
	uint64_t n_lost;

	begin(f, program);
	/* Nobody reads yet: the ring is full for certain. */
	for (unsigned int i = 0; i < RING_BYTES; i++)
		target(i);
	run_flood(f, target);
	n_lost = read_counter(f);
	print_message("%s: %llu read, %llu counted as lost\n", program,
		      (unsigned long long)f->n_read, (unsigned long long)n_lost);
	assert_true(f->n_read > 0 && n_lost > 0);
	assert_int_equal(f->n_read + n_lost, N_CALLS + RING_BYTES);
}

static void test_reserve(void **state)
{
	expect_exact(*state, "reserve", flood_reserve);
}

static void test_output(void **state)
{
	expect_exact(*state, "output", flood_output);
}

static void test_dynptr(void **state)
{
	if (!since_is_known("dynptr")) {
		print_message("skipped: the kernel has no dynptr\n");
		skip();
	}
	expect_exact(*state, "dynptr", flood_dynptr);
}

/* A discarded record is neither an event nor a loss: only calls that found no room are counted. */
static void test_discard(void **state)
{
	struct fixture *f = *state;

	begin(f, "discard");
	for (unsigned int i = 0; i < 100; i++)
		flood_discard(i);
	(void)ring_buffer__consume(f->reader);
	assert_int_equal(f->n_read, 50);
	assert_int_equal(read_counter(f), 0);
}

static void test_own_counts_are_left_alone(void **state)
{
	static const struct eun__ring_counter counter = { -EBADF, COUNTER_AT };
	struct fixture *f = *state;

	assert_int_equal(eub_read_file(SLOT_OBJECT, OBJECT_BYTES, &f->image), 0);
	assert_int_equal(
	    eun__ring_count_add(f->image.data, f->image.len, &counter, &f->counted, NULL), 0);
	assert_int_equal(f->counted.len, 0);
}

static void test_other_objects_load(void **state)
{
	static const char *const names[] = { "foreign_bootstrap", "foreign_bpf2go",
					     "foreign_two_rings", "foreign_untyped" };
	struct fixture *f = *state;

	skip_without_rights(f);
	for (size_t i = 0; i < EUB_ARRAY_SIZE(names); i++) {
		struct bpf_map *map;

		open_object(f, names[i]);
		bpf_object__for_each_map(map, f->object)
		{
			if (bpf_map__type(map) == BPF_MAP_TYPE_RINGBUF)
				(void)bpf_map__set_value_size(map, 0);
		}
		if (bpf_object__load(f->object) < 0)
			fail_msg("%s: %s", names[i], words);
		bpf_object__close(f->object);
		f->object = NULL;
		eub_buf_done(&f->counted);
		eub_buf_done(&f->image);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_reserve, setup, teardown),
		cmocka_unit_test_setup_teardown(test_output, setup, teardown),
		cmocka_unit_test_setup_teardown(test_dynptr, setup, teardown),
		cmocka_unit_test_setup_teardown(test_discard, setup, teardown),
		cmocka_unit_test_setup_teardown(test_own_counts_are_left_alone, setup, teardown),
		cmocka_unit_test_setup_teardown(test_other_objects_load, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
