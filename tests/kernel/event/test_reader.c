/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Readers on the running kernel: does each record come exactly once, whatever budget and hold are,
 * and is the reader woken whenever there is something to read? A BPF program makes numbered records
 * when this test runs it, so nothing here depends on what else the machine does.
 */
#include "base/cleanup.h"
#include "event/reader.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>

#include <cmocka.h>

#define RECORD_STEP  40	 /* 32 bytes and the header */
#define N_FIT	     102 /* 4096 / 40 */
#define N_FLOOD	     50000
#define WAKE_TIMEOUT 5000 /* ms; long past any delay that is none */

struct counters {
	uint64_t n_produced;
	uint64_t n_refused;
};

struct fixture {
	struct bpf_object *object;
	struct eun__reader *reader;
	int epoll_fd;
	const volatile struct counters *counters; /* of the BPF program, in counters_page */
	void *counters_page;
	uint64_t n_seen;
	uint64_t last_seq;
	uint64_t n_lost;
	unsigned int n_wrong; /* records with another number than the next */
	unsigned int n_seq_wrong;
	atomic_bool must_stop; /* tells flood() that nobody reads any more */
	uint64_t seq_step;     /* the least distance of two sequence numbers */
};

static void on_record(void *userdata, const void *data, uint32_t size, uint64_t seq)
{
	struct fixture *fixture = userdata;
	uint64_t number = UINT64_MAX;

	if (size >= sizeof(number))
		memcpy(&number, data, sizeof(number));
	if (number != fixture->n_seen)
		fixture->n_wrong++;
	if (fixture->n_seen > 0 && seq < fixture->last_seq + fixture->seq_step)
		fixture->n_seq_wrong++;
	fixture->n_seen++;
	fixture->last_seq = seq;
}

static void on_lost(void *userdata, uint64_t count)
{
	struct fixture *fixture = userdata;

	fixture->n_lost += count;
}

static const struct eun__reader_ops ops = { .on_record = on_record, .on_lost = on_lost };

static int quiet(enum libbpf_print_level level, const char *format, va_list args)
{
	(void)level;
	(void)format;
	(void)args;
	return 0;
}

static int map_fd(const struct fixture *fixture, const char *name)
{
	return bpf_object__find_map_fd_by_name(fixture->object, name);
}

/* Runs a program once, on the CPU given. */
static int run_on(const struct fixture *fixture, const char *program, uint64_t n, uint32_t cpu)
{
	uint64_t args[12] = { n };
	LIBBPF_OPTS(bpf_test_run_opts, opts, .ctx_in = args, .ctx_size_in = sizeof(args),
		    .flags = BPF_F_TEST_RUN_ON_CPU, .cpu = cpu);
	struct bpf_program *found = bpf_object__find_program_by_name(fixture->object, program);

	return bpf_prog_test_run_opts(bpf_program__fd(found), &opts);
}

static void put(const struct fixture *fixture, uint64_t n)
{
	assert_return_code(run_on(fixture, "put_ring", n, 0), errno);
}

static int setup(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));
	assert_non_null(fixture);
	fixture->object = bpf_object__open_file(READER_OBJECT, NULL);
	assert_non_null(fixture->object);
	assert_return_code(bpf_object__load(fixture->object), errno);
	fixture->counters_page = mmap(NULL, sizeof(*fixture->counters), PROT_READ, MAP_SHARED,
				      map_fd(fixture, ".bss"), 0);
	assert_ptr_not_equal(fixture->counters_page, MAP_FAILED);
	fixture->counters = fixture->counters_page;
	fixture->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	assert_return_code(fixture->epoll_fd, errno);
	*state = fixture;
	return 0;
}

/* The reader's descriptor shares its open file with the map: closing it alone leaves it watched. */
static void close_reader(struct fixture *fixture)
{
	if (fixture->reader)
		assert_return_code(epoll_ctl(fixture->epoll_fd, EPOLL_CTL_DEL,
					     eun__reader_fd(fixture->reader), NULL),
				   errno);
	fixture->reader = eun__reader_free(fixture->reader);
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;

	close_reader(fixture);
	assert_return_code(munmap(fixture->counters_page, sizeof(*fixture->counters)), errno);
	(void)close(fixture->epoll_fd);
	bpf_object__close(fixture->object);
	free(fixture);
	return 0;
}

static void open_ring(struct fixture *fixture, uint32_t events)
{
	struct epoll_event event = { .events = events };

	fixture->seq_step = RECORD_STEP;
	assert_int_equal(
	    eun__reader_new_ring(map_fd(fixture, "ring"), &ops, fixture, &fixture->reader, NULL),
	    0);
	assert_return_code(
	    epoll_ctl(fixture->epoll_fd, EPOLL_CTL_ADD, eun__reader_fd(fixture->reader), &event),
	    errno);
}

static bool is_woken(const struct fixture *fixture, int timeout_ms)
{
	struct epoll_event event;

	return epoll_wait(fixture->epoll_fd, &event, 1, timeout_ms) == 1;
}

static void check_all_seen(const struct fixture *fixture)
{
	assert_int_equal(fixture->n_seen, fixture->counters->n_produced);
	assert_int_equal(fixture->n_wrong, 0);
	assert_int_equal(fixture->n_seq_wrong, 0);
	assert_int_equal(fixture->n_lost, 0);
}

static void test_each_record_once_over_many_wraps(void **state)
{
	struct fixture *fixture = *state;

	open_ring(fixture, EPOLLIN);
	for (unsigned int i = 0; i < 500; i++) {
		put(fixture, i % N_FIT + 1);
		assert_true(is_woken(fixture, WAKE_TIMEOUT));
		assert_int_equal(eun__reader_read(fixture->reader, 1000, false), i % N_FIT + 1);
		assert_false(is_woken(fixture, 0));
	}
	check_all_seen(fixture);
	assert_int_equal(fixture->counters->n_refused, 0);
}

static void test_budget(void **state)
{
	struct fixture *fixture = *state;

	open_ring(fixture, EPOLLIN);
	put(fixture, 10);
	assert_int_equal(eun__reader_read(fixture->reader, 4, false), 4);
	assert_true(eun__reader_is_level_triggered(fixture->reader));
	assert_true(is_woken(fixture, WAKE_TIMEOUT)); /* there is more */
	assert_true(is_woken(fixture, 0));
	assert_int_equal(eun__reader_read(fixture->reader, 4, false), 4);
	assert_int_equal(eun__reader_read(fixture->reader, 4, false), 2);
	check_all_seen(fixture);
}

/* Edge-triggered, the descriptor reports wake-ups and nothing else. */
static void test_no_wake_up_during_a_hold(void **state)
{
	struct fixture *fixture = *state;

	open_ring(fixture, EPOLLIN | EPOLLET);
	put(fixture, 2);
	assert_true(is_woken(fixture, WAKE_TIMEOUT));
	assert_int_equal(eun__reader_read(fixture->reader, 100, true), 2);
	for (unsigned int i = 0; i < 20; i++) {
		put(fixture, 3);
		assert_false(is_woken(fixture, 0));
		assert_int_equal(eun__reader_read(fixture->reader, 100, true), 3);
	}
	put(fixture, 1);
	assert_int_equal(eun__reader_read(fixture->reader, 100, false), 1);
	assert_false(is_woken(fixture, 0));
	put(fixture, 1);
	assert_true(is_woken(fixture, WAKE_TIMEOUT));
	assert_int_equal(eun__reader_read(fixture->reader, 100, false), 1);
	check_all_seen(fixture);
}

static void test_full_ring(void **state)
{
	struct fixture *fixture = *state;
	struct eun__reader_info info;

	open_ring(fixture, EPOLLIN);
	put(fixture, N_FIT + 10);
	assert_int_equal(fixture->counters->n_refused, 10);
	eun__reader_get_info(fixture->reader, &info);
	assert_int_equal(info.size_bytes, 4096);
	assert_int_equal(info.used_bytes, N_FIT * RECORD_STEP);
	assert_int_equal(info.n_full, 0);
	assert_int_equal(eun__reader_read(fixture->reader, 1000, false), N_FIT);
	eun__reader_get_info(fixture->reader, &info);
	assert_int_equal(info.used_bytes, 0);
	assert_int_equal(info.high_water_bytes, N_FIT * RECORD_STEP);
	assert_int_equal(info.n_full, 1);
	put(fixture, 1);
	assert_int_equal(eun__reader_read(fixture->reader, 1000, false), 1);
	check_all_seen(fixture);
}

static void test_discarded_records(void **state)
{
	struct fixture *fixture = *state;

	open_ring(fixture, EPOLLIN);
	for (unsigned int i = 0; i < 300; i++) {
		assert_return_code(run_on(fixture, "discard_ring", i % 7, 0), errno);
		put(fixture, 2);
		assert_return_code(run_on(fixture, "discard_ring", i % 3, 0), errno);
		assert_int_equal(eun__reader_read(fixture->reader, 100, i % 2 == 0), 2);
	}
	check_all_seen(fixture);
}

/* What a killed agent had read but not committed comes again, under the same number. */
static void test_successor_goes_on_at_the_committed_position(void **state)
{
	struct fixture *fixture = *state;
	uint64_t seq;

	open_ring(fixture, EPOLLIN);
	put(fixture, 10);
	assert_int_equal(eun__reader_read(fixture->reader, 4, true), 4);
	seq = fixture->last_seq;
	close_reader(fixture);
	fixture->n_seen = 3;
	open_ring(fixture, EPOLLIN);
	fixture->last_seq = 0;
	assert_int_equal(eun__reader_read(fixture->reader, 1, false), 1);
	assert_int_equal(fixture->last_seq, seq);
	assert_int_equal(eun__reader_read(fixture->reader, 100, false), 6);
	check_all_seen(fixture);
}

/* Puts a new reader in the place of one whose process was killed; records before @n were taken. */
static int restart(struct fixture *fixture, uint64_t n, uint64_t position)
{
	close_reader(fixture);
	fixture->n_seen = n;
	open_ring(fixture, EPOLLIN);
	fixture->last_seq = 0;
	return eun__reader_resume(fixture->reader, position);
}

/* What was read and committed, but not taken by every sink, comes again while the ring holds it. */
static void test_successor_goes_on_where_the_sinks_are(void **state)
{
	struct fixture *fixture = *state;
	uint64_t taken;
	uint64_t seq;

	open_ring(fixture, EPOLLIN);
	put(fixture, 10);
	assert_int_equal(eun__reader_read(fixture->reader, 3, false), 3);
	taken = eun__reader_get_position(fixture->reader);
	assert_int_equal(taken, fixture->last_seq + RECORD_STEP);
	assert_int_equal(eun__reader_read(fixture->reader, 100, false), 7);
	seq = fixture->last_seq;
	/* While nobody reads, the ring fills up to the last byte that is not taken. */
	put(fixture, N_FIT - 7);
	assert_int_equal(fixture->counters->n_refused, 0);
	assert_int_equal(restart(fixture, 3, taken), 0);
	put(fixture, 1); /* what comes again has its room kept */
	assert_int_equal(fixture->counters->n_refused, 1);
	assert_true(is_woken(fixture, WAKE_TIMEOUT));
	assert_int_equal(eun__reader_read(fixture->reader, 7, false), 7);
	assert_int_equal(fixture->last_seq, seq);
	assert_int_equal(eun__reader_read(fixture->reader, 1000, false), N_FIT - 7);
	assert_false(is_woken(fixture, 0));
	put(fixture, 1);
	assert_true(is_woken(fixture, WAKE_TIMEOUT));
	assert_int_equal(eun__reader_read(fixture->reader, 100, false), 1);
	check_all_seen(fixture);
}

/* One record more was written than the ring holds beside those that were not taken. */
static void test_successor_is_told_what_was_written_over(void **state)
{
	struct fixture *fixture = *state;
	uint64_t taken;

	open_ring(fixture, EPOLLIN);
	put(fixture, 10);
	assert_int_equal(eun__reader_read(fixture->reader, 3, false), 3);
	taken = eun__reader_get_position(fixture->reader);
	assert_int_equal(eun__reader_read(fixture->reader, 100, false), 7);
	put(fixture, N_FIT - 6);
	assert_int_equal(restart(fixture, 10, taken), -ESTALE);
	assert_int_equal(eun__reader_get_position(fixture->reader), 10 * RECORD_STEP);
	assert_int_equal(eun__reader_read(fixture->reader, 1000, false), N_FIT - 6);
	assert_int_equal(fixture->counters->n_refused, 0);
	check_all_seen(fixture);
}

/* Makes N_FLOOD records, each that is refused again, in bursts. */
static void *flood(void *userdata)
{
	struct fixture *fixture = userdata;
	uint64_t n = 0;

	while (n < N_FLOOD && !atomic_load(&fixture->must_stop)) {
		if (run_on(fixture, "put_ring", n % 3 + 1, 1) < 0)
			return NULL;
		n = __atomic_load_n(&fixture->counters->n_produced, __ATOMIC_ACQUIRE);
	}
	return fixture;
}

/*
 * Reader and producer race for the wake-up. If it were ever missed, the wait would time out with
 * records in the ring.
 */
static void test_no_wake_up_is_missed_under_a_flood(void **state)
{
	struct fixture *fixture = *state;
	pthread_t thread;
	void *result = NULL;
	unsigned int turn = 0;

	open_ring(fixture, EPOLLIN | EPOLLET);
	assert_int_equal(pthread_create(&thread, NULL, flood, fixture), 0);
	while (fixture->n_seen < N_FLOOD) {
		unsigned int budget = turn++ % 5 + 1;
		bool has_held = turn % 4 == 0;

		if (!is_woken(fixture, WAKE_TIMEOUT))
			break;
		if (has_held)
			(void)eun__reader_read(fixture->reader, budget, true);
		while (eun__reader_read(fixture->reader, budget, false) == budget)
			;
	}
	atomic_store(&fixture->must_stop, true);
	assert_int_equal(pthread_join(thread, &result), 0);
	assert_non_null(result);
	assert_true(fixture->n_seen >= N_FLOOD);
	(void)eun__reader_read(fixture->reader, 100, false); /* the last burst went on */
	check_all_seen(fixture);
}

static void open_perf(struct fixture *fixture, size_t pages)
{
	struct epoll_event event = { .events = EPOLLIN };

	fixture->seq_step = 1;
	assert_int_equal(eun__reader_new_perf(map_fd(fixture, "perf"), pages, &ops, fixture,
					      &fixture->reader, NULL),
			 0);
	assert_return_code(
	    epoll_ctl(fixture->epoll_fd, EPOLL_CTL_ADD, eun__reader_fd(fixture->reader), &event),
	    errno);
}

static void test_perf_records_once(void **state)
{
	struct fixture *fixture = *state;
	struct eun__reader_info info;

	open_perf(fixture, 8);
	for (unsigned int i = 0; i < 200; i++) {
		assert_return_code(run_on(fixture, "put_perf", 20, i % 2), errno);
		assert_true(is_woken(fixture, WAKE_TIMEOUT));
		assert_int_equal(eun__reader_read(fixture->reader, 1000, false), 20);
	}
	check_all_seen(fixture);
	assert_int_equal(fixture->last_seq, 4000);
	eun__reader_get_info(fixture->reader, &info);
	assert_true(info.size_bytes >= 8 * 4096);
	assert_true(info.high_water_bytes > 0);
}

static void test_perf_budget(void **state)
{
	struct fixture *fixture = *state;

	open_perf(fixture, 8);
	assert_false(eun__reader_is_level_triggered(fixture->reader));
	assert_return_code(run_on(fixture, "put_perf", 10, 0), errno);
	assert_int_equal(eun__reader_read(fixture->reader, 3, false), 3);
	assert_int_equal(eun__reader_read(fixture->reader, 3, false), 3);
	assert_int_equal(eun__reader_read(fixture->reader, 100, false), 4);
	assert_int_equal(eun__reader_get_position(fixture->reader), 11);
	assert_int_equal(eun__reader_resume(fixture->reader, 5), -EOPNOTSUPP);
	check_all_seen(fixture);
}

static void test_perf_losses_are_counted(void **state)
{
	struct fixture *fixture = *state;
	struct eun__reader_info info;
	uint64_t n;

	open_perf(fixture, 1);
	assert_return_code(run_on(fixture, "put_perf", 1000, 0), errno);
	n = eun__reader_read(fixture->reader, 10000, false);
	assert_true(n > 10);
	assert_true(n < 1000);
	assert_int_equal(fixture->n_wrong, 0);
	/* The kernel says what was lost before the next record that finds room. */
	assert_return_code(run_on(fixture, "put_perf", 1, 0), errno);
	assert_int_equal(eun__reader_read(fixture->reader, 10000, false), 1);
	assert_int_equal(n + fixture->n_lost, 1000);
	assert_int_equal(fixture->last_seq, n + 1);
	eun__reader_get_info(fixture->reader, &info);
	assert_int_equal(info.n_full, 1);
}

static void check_refused(int r, struct eun_error *err)
{
	assert_int_equal(r, -EINVAL);
	assert_int_equal(err->reason, EUN_REASON_INVALID_ARGUMENT);
	assert_true(err->message[0] != '\0');
	eun_error_done(err);
}

static void test_other_maps_are_refused(void **state)
{
	struct fixture *fixture = *state;
	struct eun_error err = EUN_ERROR_INIT;
	struct eun__reader *reader = NULL;

	check_refused(eun__reader_new_ring(map_fd(fixture, "perf"), &ops, fixture, &reader, &err),
		      &err);
	check_refused(
	    eun__reader_new_perf(map_fd(fixture, "ring"), 8, &ops, fixture, &reader, &err), &err);
	assert_true(eun__reader_new_ring(-1, &ops, fixture, &reader, NULL) < 0);
	assert_int_equal(
	    eun__reader_new_perf(map_fd(fixture, "perf"), 7, &ops, fixture, &reader, NULL),
	    -EINVAL);
	assert_null(reader);
}

/* Return: whether this process may load the programs. */
static bool may_load(void)
{
	struct bpf_object *object = bpf_object__open_file(READER_OBJECT, NULL);
	int r = object ? bpf_object__load(object) : -errno;

	bpf_object__close(object);
	if (r == -EPERM)
		(void)fprintf(stderr, "skipped: no rights to load BPF programs\n");
	return r != -EPERM;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_each_record_once_over_many_wraps, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_budget, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_wake_up_during_a_hold, setup, teardown),
		cmocka_unit_test_setup_teardown(test_full_ring, setup, teardown),
		cmocka_unit_test_setup_teardown(test_discarded_records, setup, teardown),
		cmocka_unit_test_setup_teardown(test_successor_goes_on_at_the_committed_position,
						setup, teardown),
		cmocka_unit_test_setup_teardown(test_successor_goes_on_where_the_sinks_are, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_successor_is_told_what_was_written_over, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_no_wake_up_is_missed_under_a_flood, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_perf_records_once, setup, teardown),
		cmocka_unit_test_setup_teardown(test_perf_budget, setup, teardown),
		cmocka_unit_test_setup_teardown(test_perf_losses_are_counted, setup, teardown),
		cmocka_unit_test_setup_teardown(test_other_maps_are_refused, setup, teardown),
	};

	(void)libbpf_set_print(quiet);
	if (!may_load())
		return 77;
	return cmocka_run_group_tests_name("reader", tests, NULL, NULL);
}
