/* SPDX-License-Identifier: Apache-2.0 */
/* The consumer's half of the ring buffer protocol; the test plays the kernel on plain memory. */
#include "event/ring.h"

#include <errno.h>
#include <linux/bpf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define RING_SIZE  256
#define N_SEEN_MAX 64

struct fixture {
	struct eun__ring ring;
	unsigned long consumer;
	unsigned long producer;
	_Alignas(8) uint8_t data[2 * RING_SIZE]; /* the second half repeats the first, as mapped */
	uint32_t seen[N_SEEN_MAX];
	uint64_t seqs[N_SEEN_MAX];
	uint32_t n_seen;
	uint64_t n_lost;
	uint32_t n_put; /* number that the next record carries */
	unsigned int n_put_in_callback;
};

static void put_bytes(struct fixture *fixture, unsigned long at, const void *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		size_t offset = (at + i) % RING_SIZE;

		fixture->data[offset] = ((const uint8_t *)bytes)[i];
		fixture->data[offset + RING_SIZE] = ((const uint8_t *)bytes)[i];
	}
}

/* Reserves and commits a record of @size bytes that starts with its number. */
static unsigned long put_flagged(struct fixture *fixture, uint32_t size, uint32_t flags)
{
	uint32_t header[2] = { size | flags, 0 };
	uint8_t body[RING_SIZE] = { 0 };
	unsigned long at = fixture->producer;

	memcpy(body, &fixture->n_put, sizeof(fixture->n_put));
	fixture->n_put++;
	put_bytes(fixture, at, header, sizeof(header));
	put_bytes(fixture, at + sizeof(header), body, size);
	fixture->producer += (sizeof(header) + size + 7) / 8 * 8;
	return at;
}

static void put(struct fixture *fixture, uint32_t size)
{
	(void)put_flagged(fixture, size, 0);
}

static void on_record(void *userdata, const void *data, uint32_t size, uint64_t seq)
{
	struct fixture *fixture = userdata;

	assert_true(fixture->n_seen < N_SEEN_MAX);
	assert_true(size >= 4);
	memcpy(&fixture->seen[fixture->n_seen], data, 4);
	fixture->seqs[fixture->n_seen++] = seq;
	if (fixture->n_put_in_callback > 0) {
		fixture->n_put_in_callback--;
		put(fixture, 4);
	}
}

static void on_lost(void *userdata, uint64_t count)
{
	struct fixture *fixture = userdata;

	fixture->n_lost += count;
}

static const struct eun__reader_ops ops = { .on_record = on_record, .on_lost = on_lost };

static void start(struct fixture *fixture, unsigned long position)
{
	*fixture = (struct fixture){ .consumer = position, .producer = position };
	assert_int_equal(eun__ring_init(&fixture->ring, &fixture->consumer, &fixture->producer,
					fixture->data, RING_SIZE),
			 0);
}

static unsigned int read_ring(struct fixture *fixture, unsigned int budget, bool hold)
{
	return eun__ring_read(&fixture->ring, &ops, fixture, budget, hold);
}

static void check_seen(const struct fixture *fixture, uint32_t n)
{
	assert_int_equal(fixture->n_seen, n);
	for (uint32_t i = 0; i < n; i++)
		assert_int_equal(fixture->seen[i], i);
}

static void test_sequence_is_the_position(void **state)
{
	struct fixture fixture;

	(void)state;
	start(&fixture, 1024);
	put(&fixture, 4);
	put(&fixture, 9);
	put(&fixture, 8);
	assert_int_equal(read_ring(&fixture, 10, false), 3);
	check_seen(&fixture, 3);
	assert_int_equal(fixture.seqs[0], 1024);
	assert_int_equal(fixture.seqs[1], 1040);
	assert_int_equal(fixture.seqs[2], 1064);
	assert_int_equal(fixture.consumer, 1080);
	assert_int_equal(read_ring(&fixture, 10, false), 0);
}

static void test_budget_commits_what_was_read(void **state)
{
	struct fixture fixture;

	(void)state;
	start(&fixture, 0);
	for (int i = 0; i < 5; i++)
		put(&fixture, 4);
	assert_int_equal(read_ring(&fixture, 2, false), 2);
	assert_int_equal(fixture.consumer, 32);
	assert_int_equal(eun__ring_used(&fixture.ring), 48);
	assert_int_equal(read_ring(&fixture, 0, false), 0);
	assert_int_equal(read_ring(&fixture, 3, false), 3);
	check_seen(&fixture, 5);
}

static void test_many_rounds_wrap(void **state)
{
	struct fixture fixture;

	(void)state;
	start(&fixture, 0);
	for (uint32_t i = 0; i < 1000; i++) {
		uint32_t n = i % 5 + 1;

		fixture.n_seen = 0;
		fixture.n_put = 0;
		for (uint32_t k = 0; k < n; k++)
			put(&fixture, 4 + i % 37);
		assert_int_equal(read_ring(&fixture, 10, i % 3 == 0), n);
		check_seen(&fixture, n);
	}
}

static void test_hold_stays_one_record_behind(void **state)
{
	struct fixture fixture;

	(void)state;
	start(&fixture, 0);
	put(&fixture, 4);
	put(&fixture, 4);
	assert_int_equal(read_ring(&fixture, 10, true), 2);
	assert_int_equal(fixture.consumer, 16);
	assert_int_equal(read_ring(&fixture, 10, true), 0); /* not handed up twice */
	put(&fixture, 4);
	assert_int_equal(read_ring(&fixture, 10, true), 1);
	assert_int_equal(fixture.consumer, 32);
	assert_int_equal(read_ring(&fixture, 10, false), 0);
	assert_int_equal(fixture.consumer, 48);
	check_seen(&fixture, 3);
}

/* The producer may have written over what lies before the committed position. */
static void test_position_never_goes_back(void **state)
{
	struct fixture fixture;

	(void)state;
	start(&fixture, 0);
	put(&fixture, 4);
	assert_int_equal(read_ring(&fixture, 10, false), 1);
	assert_int_equal(fixture.consumer, 16);
	assert_int_equal(read_ring(&fixture, 10, true), 0);
	assert_int_equal(fixture.consumer, 16);
}

static void test_discarded_records_are_skipped(void **state)
{
	struct fixture fixture;

	(void)state;
	start(&fixture, 0);
	put(&fixture, 4);
	(void)put_flagged(&fixture, 40, BPF_RINGBUF_DISCARD_BIT);
	fixture.n_put = 1;
	put(&fixture, 4);
	assert_int_equal(read_ring(&fixture, 10, false), 2);
	check_seen(&fixture, 2);
	(void)put_flagged(&fixture, 40, BPF_RINGBUF_DISCARD_BIT);
	assert_int_equal(read_ring(&fixture, 10, false), 0);
	assert_int_equal(fixture.consumer, fixture.producer);
}

static void test_busy_record_stops_reading(void **state)
{
	struct fixture fixture;
	uint32_t committed = 4;
	unsigned long at;

	(void)state;
	start(&fixture, 0);
	put(&fixture, 4);
	at = put_flagged(&fixture, 4, BPF_RINGBUF_BUSY_BIT);
	put(&fixture, 4);
	assert_int_equal(read_ring(&fixture, 10, false), 1);
	assert_int_equal(fixture.consumer, at); /* so that its commit wakes us */
	put_bytes(&fixture, at, &committed, sizeof(committed));
	assert_int_equal(read_ring(&fixture, 10, false), 2);
	check_seen(&fixture, 3);
}

/* Records that come while others are handed up send no wake-up: they must be found. */
static void test_looks_again_after_the_commit(void **state)
{
	struct fixture fixture;

	(void)state;
	start(&fixture, 0);
	fixture.n_put_in_callback = 3;
	put(&fixture, 4);
	assert_int_equal(read_ring(&fixture, 10, false), 4);
	check_seen(&fixture, 4);
	assert_int_equal(fixture.consumer, fixture.producer);
}

static void test_full_ring_is_counted(void **state)
{
	struct fixture fixture;

	(void)state;
	start(&fixture, 0);
	for (int i = 0; i < 15; i++)
		put(&fixture, 8); /* 240 bytes: the kernel keeps one free, so none more fits */
	assert_int_equal(read_ring(&fixture, 14, false), 14);
	assert_int_equal(fixture.ring.n_full, 1);
	assert_int_equal(fixture.ring.high_water_bytes, 240);
	assert_int_equal(read_ring(&fixture, 14, false), 1);
	assert_int_equal(fixture.ring.n_full, 1);
}

static void test_impossible_length_gives_up_what_is_there(void **state)
{
	static const uint32_t lengths[] = { 0x3fffffff, 0x3ffffff8, 256, 41,
					    BPF_RINGBUF_DISCARD_BIT | 64 };

	(void)state;
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		struct fixture fixture;

		start(&fixture, 240);
		put(&fixture, 4);
		put(&fixture, 8);
		put(&fixture, 16);
		put_bytes(&fixture, 256, &lengths[i], sizeof(lengths[i]));
		assert_int_equal(read_ring(&fixture, 10, i % 2 == 0), 1);
		assert_int_equal(fixture.n_lost, 1);
		assert_int_equal(fixture.consumer, fixture.producer);
		fixture.n_put = 1;
		put(&fixture, 4);
		assert_int_equal(read_ring(&fixture, 10, false), 1);
		check_seen(&fixture, 2);
	}
}

static void test_impossible_producer_ends(void **state)
{
	struct fixture fixture;

	(void)state;
	start(&fixture, 0);
	fixture.producer = 1UL << 40;
	assert_int_equal(read_ring(&fixture, 10, false), 0);
	assert_int_equal(fixture.n_lost, 1);
	fixture.producer = 8; /* behind us */
	assert_int_equal(read_ring(&fixture, 10, false), 0);
	fixture.producer = 13; /* no record starts there */
	assert_int_equal(read_ring(&fixture, 10, false), 0);
}

static void test_empty_records_are_stepped_over(void **state)
{
	struct fixture fixture;

	(void)state;
	start(&fixture, 0);
	put(&fixture, 0);
	fixture.n_put = 0;
	put(&fixture, 4);
	assert_int_equal(read_ring(&fixture, 10, false), 1);
	check_seen(&fixture, 1);
}

static void test_contradicting_positions_are_refused(void **state)
{
	struct fixture fixture = { 0 };
	unsigned long consumer = 8;
	unsigned long producer = 0;

	(void)state;
	assert_int_equal(
	    eun__ring_init(&fixture.ring, &consumer, &producer, fixture.data, RING_SIZE), -EINVAL);
	producer = 4096;
	assert_int_equal(
	    eun__ring_init(&fixture.ring, &consumer, &producer, fixture.data, RING_SIZE), -EINVAL);
	consumer = 4;
	producer = 16;
	assert_int_equal(
	    eun__ring_init(&fixture.ring, &consumer, &producer, fixture.data, RING_SIZE), -EINVAL);
}

/* A reader of a process that was killed: the pages stay, what it knew is gone. */
static void restart(struct fixture *fixture)
{
	assert_int_equal(eun__ring_init(&fixture->ring, &fixture->consumer, &fixture->producer,
					fixture->data, RING_SIZE),
			 0);
	fixture->n_seen = 0;
}

/* What lies before the consumer position is handed up again, with the same numbers. */
static void test_resume_reads_again(void **state)
{
	struct fixture fixture;

	(void)state;
	start(&fixture, 1024);
	for (int i = 0; i < 5; i++)
		put(&fixture, 8);
	assert_int_equal(read_ring(&fixture, 4, false), 4);
	assert_int_equal(fixture.consumer, 1024 + 64);
	for (uint64_t taken = 1024; taken <= 1024 + 80; taken += 16) {
		restart(&fixture);
		assert_int_equal(eun__ring_resume(&fixture.ring, taken), 0);
		assert_int_equal(fixture.consumer, taken); /* nothing of it is written over now */
		assert_int_equal(read_ring(&fixture, 10, false), (1024 + 80 - taken) / 16);
		for (uint32_t i = 0; i < fixture.n_seen; i++) {
			assert_int_equal(fixture.seqs[i], taken + 16 * i);
			assert_int_equal(fixture.seen[i], (taken - 1024) / 16 + i);
		}
		assert_int_equal(fixture.consumer, fixture.producer);
	}
	assert_int_equal(fixture.n_lost, 0);
}

/* Killed during a hold, with the last record taken: it does not come again. */
static void test_resume_after_a_hold(void **state)
{
	struct fixture fixture;
	uint64_t taken;

	(void)state;
	start(&fixture, 0);
	put(&fixture, 4);
	put(&fixture, 4);
	assert_int_equal(read_ring(&fixture, 10, true), 2);
	taken = fixture.ring.position;
	restart(&fixture);
	assert_int_equal(eun__ring_resume(&fixture.ring, taken), 0);
	assert_int_equal(read_ring(&fixture, 10, true), 0);
	put(&fixture, 4);
	assert_int_equal(read_ring(&fixture, 10, true), 1);
	assert_int_equal(fixture.seen[0], 2);
}

static void test_resume_refuses_what_is_written_over(void **state)
{
	static const uint64_t wrong[] = { 0, 16, 1024 + 16, 1024 + 4, 1ULL << 63, UINT64_MAX - 7 };
	struct fixture fixture;

	(void)state;
	start(&fixture, 0);
	for (int i = 0; i < 2 * RING_SIZE / 16; i++) {
		put(&fixture, 8);
		assert_int_equal(read_ring(&fixture, 10, false), 1);
	}
	put(&fixture, 8);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		restart(&fixture);
		fixture.n_put = 33;
		assert_int_equal(eun__ring_resume(&fixture.ring, wrong[i]), -ESTALE);
		assert_int_equal(fixture.consumer, 512);
	}
	assert_int_equal(read_ring(&fixture, 10, false), 1);
	assert_int_equal(fixture.seqs[0], 512);
	/* The oldest that is whole: exactly the ring's size behind. */
	restart(&fixture);
	assert_int_equal(eun__ring_resume(&fixture.ring, fixture.producer - RING_SIZE), 0);
	assert_int_equal(read_ring(&fixture, 100, false), 16);
	assert_int_equal(fixture.n_lost, 0);
}

/* The kernel was reserving when the reader resumed: only what it wrote over is given up. */
static void test_resume_beside_a_reservation(void **state)
{
	struct fixture fixture;

	(void)state;
	start(&fixture, 0);
	for (int i = 0; i < 16; i++)
		put(&fixture, 8);
	assert_int_equal(read_ring(&fixture, 12, false), 12);
	restart(&fixture);
	assert_int_equal(eun__ring_resume(&fixture.ring, 0), 0);
	put(&fixture, 8);
	assert_int_equal(read_ring(&fixture, 100, false), 5);
	assert_int_equal(fixture.n_lost, 1);
	for (uint32_t i = 0; i < 5; i++)
		assert_int_equal(fixture.seen[i], 12 + i);
	assert_int_equal(fixture.consumer, fixture.producer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sequence_is_the_position),
		cmocka_unit_test(test_budget_commits_what_was_read),
		cmocka_unit_test(test_many_rounds_wrap),
		cmocka_unit_test(test_hold_stays_one_record_behind),
		cmocka_unit_test(test_position_never_goes_back),
		cmocka_unit_test(test_discarded_records_are_skipped),
		cmocka_unit_test(test_busy_record_stops_reading),
		cmocka_unit_test(test_looks_again_after_the_commit),
		cmocka_unit_test(test_full_ring_is_counted),
		cmocka_unit_test(test_impossible_length_gives_up_what_is_there),
		cmocka_unit_test(test_impossible_producer_ends),
		cmocka_unit_test(test_empty_records_are_stepped_over),
		cmocka_unit_test(test_contradicting_positions_are_refused),
		cmocka_unit_test(test_resume_reads_again),
		cmocka_unit_test(test_resume_after_a_hold),
		cmocka_unit_test(test_resume_refuses_what_is_written_over),
		cmocka_unit_test(test_resume_beside_a_reservation),
	};

	return cmocka_run_group_tests_name("ring", tests, NULL, NULL);
}
