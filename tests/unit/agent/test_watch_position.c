/* SPDX-License-Identifier: Apache-2.0 */
#include "watch_position.h"

#include "agent_limits.h"
#include "agent_test.h"

#include <errno.h>

struct row {
	const char *slot;
	uint32_t ring;
	uint64_t next_seq;
};

static int copy(struct watch_positions *positions, const struct row *rows, size_t n)
{
	Eunomia__V1__Position *items = calloc(n, sizeof(*items));
	Eunomia__V1__Position **from = calloc(n, sizeof(*from));
	Eunomia__V1__StreamRequest request;
	int r;

	assert_non_null(items);
	assert_non_null(from);
	for (size_t i = 0; i < n; i++) {
		eunomia__v1__position__init(&items[i]);
		items[i].slot = strdup(rows[i].slot);
		items[i].ring = rows[i].ring;
		items[i].next_seq = rows[i].next_seq;
		from[i] = &items[i];
	}
	eunomia__v1__stream_request__init(&request);
	request.from = from;
	request.n_from = n;
	r = watch_positions_copy(positions, &request, NULL);
	for (size_t i = 0; i < n; i++)
		free(items[i].slot);
	free(items);
	free(from);
	return r;
}

static void announce(struct watch_positions *positions, const char *slot, uint32_t ring,
		     uint64_t next_seq, const struct watch_begin *expected)
{
	struct watch_begin begin;

	watch_positions_announce(positions, slot, ring, next_seq, &begin);
	assert_memory_equal(&begin, expected, sizeof(begin));
}

static void test_announce(void **state)
{
	static const struct row rows[] = { { "a", 5, 100 }, { "a", 6, 50 }, { "b", 5, 7 } };
	struct watch_positions positions;

	(void)state;
	assert_int_equal(copy(&positions, rows, 3), 0);
	assert_true(watch_positions_has_slot(&positions, "a"));
	assert_false(watch_positions_has_slot(&positions, "c"));
	/* Not there yet; twice, for two types of one ring. */
	announce(&positions, "a", 5, 90, &(struct watch_begin){ .next_seq = 100 });
	announce(&positions, "a", 5, 90, &(struct watch_begin){ .next_seq = 100 });
	/* Past it: told once. */
	announce(&positions, "a", 6, 60, &(struct watch_begin){ 60, 50, 59 });
	announce(&positions, "a", 6, 60, &(struct watch_begin){ .next_seq = 60 });
	/* Just there. */
	announce(&positions, "b", 5, 7, &(struct watch_begin){ .next_seq = 7 });
	assert_false(watch_positions_has_slot(&positions, "b"));
	/* Never asked for; a perf buffer. */
	announce(&positions, "b", 9, 30, &(struct watch_begin){ .next_seq = 30 });
	announce(&positions, "a", 0, 3, &(struct watch_begin){ .next_seq = 3 });
	assert_int_equal(positions.n, 1);
	watch_positions_done(&positions);
}

/* --from SEQ: the ring is not known to who asks. */
static void test_whichever_ring(void **state)
{
	static const struct row rows[] = { { "a", 0, 100 } };
	struct watch_positions positions;

	(void)state;
	assert_int_equal(copy(&positions, rows, 1), 0);
	assert_false(watch_positions_have_seen(&positions, "a", 0, 1));
	assert_int_equal(watch_positions_advance(&positions, "a", 0, 1), 1);
	announce(&positions, "a", 5, 90, &(struct watch_begin){ .next_seq = 100 });
	announce(&positions, "a", 6, 10, &(struct watch_begin){ .next_seq = 10 });
	assert_true(watch_positions_have_seen(&positions, "a", 5, 99));
	assert_false(watch_positions_have_seen(&positions, "a", 6, 99));
	watch_positions_done(&positions);
}

static void test_advance(void **state)
{
	static const struct row rows[] = { { "a", 5, 100 } };
	struct watch_positions positions;

	(void)state;
	assert_int_equal(copy(&positions, rows, 1), 0);
	assert_true(watch_positions_have_seen(&positions, "a", 5, 99));
	assert_false(watch_positions_have_seen(&positions, "a", 5, 100));
	assert_false(watch_positions_have_seen(&positions, "b", 5, 1));
	assert_int_equal(watch_positions_advance(&positions, "a", 5, 99), 100);
	assert_int_equal(watch_positions_advance(&positions, "a", 5, 120), 120);
	assert_int_equal(positions.n, 0);
	assert_false(watch_positions_have_seen(&positions, "a", 5, 99));
	watch_positions_done(&positions);
}

static void test_refusals(void **state)
{
	static const struct row bad[] = { { "a", 1, 1 }, { "", 1, 1 } };
	struct row *many = calloc(LIMIT_STREAM_POSITIONS + 1, sizeof(*many));
	struct watch_positions positions;

	(void)state;
	assert_int_equal(copy(&positions, bad, 2), -EINVAL);
	assert_null(positions.items);
	for (size_t i = 0; i <= LIMIT_STREAM_POSITIONS; i++)
		many[i] = (struct row){ "a", (uint32_t)i + 1, 1 };
	assert_int_equal(copy(&positions, many, LIMIT_STREAM_POSITIONS + 1), -E2BIG);
	assert_int_equal(copy(&positions, many, LIMIT_STREAM_POSITIONS), 0);
	assert_int_equal(positions.n, LIMIT_STREAM_POSITIONS);
	watch_positions_done(&positions);
	free(many);
	assert_int_equal(copy(&positions, NULL, 0), 0);
	assert_null(positions.items);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_announce),
		cmocka_unit_test(test_whichever_ring),
		cmocka_unit_test(test_advance),
		cmocka_unit_test(test_refusals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
