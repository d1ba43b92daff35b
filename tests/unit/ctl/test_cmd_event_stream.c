/* SPDX-License-Identifier: Apache-2.0 */
/* Messages that a sound agent would not send, and those that come twice. */
#include "cmd_event_stream.h"

#include "capture.h"
#include "ctl_limits.h"
#include "failing_malloc.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Literals as protobuf-c wants them: nothing writes to them. */
static char *text(const char *s)
{
	return (char *)(uintptr_t)s;
}

static int take_schema(struct event_stream *stream, const char *slot, uint32_t id, uint32_t ring,
		       uint64_t next_seq, struct eun_error *err)
{
	Eunomia__V1__StreamReply reply = EUNOMIA__V1__STREAM_REPLY__INIT;
	Eunomia__V1__Schema schema;

	eunomia__v1__schema__init(&schema);
	schema.slot = text(slot);
	schema.generation = 1;
	schema.id = id;
	schema.ring = ring;
	schema.next_seq = next_seq;
	reply.kind_case = EUNOMIA__V1__STREAM_REPLY__KIND_SCHEMA;
	reply.schema = &schema;
	return event_stream_take(stream, &reply, err);
}

static int take_event(struct event_stream *stream, const char *slot, uint32_t id, uint64_t seq,
		      const char *body, struct eun_error *err)
{
	Eunomia__V1__StreamReply reply = EUNOMIA__V1__STREAM_REPLY__INIT;
	Eunomia__V1__EventBatch batch;
	Eunomia__V1__Event event;
	Eunomia__V1__Event *events[] = { &event };

	eunomia__v1__event__init(&event);
	event.seq = seq;
	event.body_case = body ? EUNOMIA__V1__EVENT__BODY_JSON : EUNOMIA__V1__EVENT__BODY__NOT_SET;
	event.json = text(body);
	eunomia__v1__event_batch__init(&batch);
	batch.slot = text(slot);
	batch.schema_id = id;
	batch.events = events;
	batch.n_events = 1;
	reply.kind_case = EUNOMIA__V1__STREAM_REPLY__KIND_BATCH;
	reply.batch = &batch;
	return event_stream_take(stream, &reply, err);
}

static int take_lost(struct event_stream *stream, const char *slot, uint64_t to_seq)
{
	Eunomia__V1__StreamReply reply = EUNOMIA__V1__STREAM_REPLY__INIT;
	Eunomia__V1__Lost lost;

	eunomia__v1__lost__init(&lost);
	lost.slot = text(slot);
	lost.count = 1;
	lost.to_seq = to_seq;
	reply.kind_case = EUNOMIA__V1__STREAM_REPLY__KIND_LOST;
	reply.lost = &lost;
	return event_stream_take(stream, &reply, NULL);
}

static int print_twice(void *userdata)
{
	struct event_stream *stream = userdata;

	/* Two slots, of which one has two rings; then the same again on a new connection. */
	for (uint32_t id = 0; id < 6; id += 3) {
		event_stream_begin(stream);
		assert_int_equal(take_schema(stream, "a", id, 5, 0, NULL), 0);
		assert_int_equal(take_schema(stream, "a", id + 1, 6, 0, NULL), 0);
		assert_int_equal(take_schema(stream, "b", id + 2, 7, 3, NULL), 0);
		assert_int_equal(take_event(stream, "a", id, 0, "a5-0", NULL), 0);
		assert_int_equal(take_event(stream, "a", id + 1, 0, "a6-0", NULL), 0);
		assert_int_equal(take_event(stream, "b", id + 2, 2, "too early", NULL), 0);
		assert_int_equal(take_event(stream, "b", id + 2, 3, "b7-3", NULL), 0);
		assert_int_equal(stream->n_received, 4);
	}
	assert_int_equal(take_event(stream, "b", 5, 4, NULL, NULL), 0);
	return 0;
}

static void test_twice(void **state)
{
	struct event_stream stream = { .out.format = OUTPUT_RAW_JSON };
	struct captured c = capture_call(print_twice, &stream);

	(void)state;
	assert_string_equal(c.out, "a5-0\na6-0\nb7-3\nnull\n");
	/* Both rings of "a" and both connections are printed alike. */
	assert_int_equal(stream.n_sources, 2);
	captured_done(&c);
	event_stream_done(&stream);
}

static int print_lost(void *userdata)
{
	struct event_stream *stream = userdata;

	assert_int_equal(take_schema(stream, "a", 1, 5, 10, NULL), 0);
	assert_int_equal(take_lost(stream, "a", 0), 0); /* its place is not known */
	assert_int_equal(stream->positions.items[0].next_seq, 10);
	assert_int_equal(take_lost(stream, "a", 19), 0);
	assert_int_equal(stream->positions.items[0].next_seq, 20);
	assert_int_equal(take_lost(stream, "not announced", 19), 0);
	return 0;
}

static void test_lost(void **state)
{
	struct event_stream stream = { .out.format = OUTPUT_JSONL };
	struct captured c = capture_call(print_lost, &stream);

	(void)state;
	assert_int_equal(stream.out.n_lost, 3);
	captured_done(&c);
	event_stream_done(&stream);
}

static void test_messages_that_make_no_sense(void **state)
{
	struct event_stream stream = { 0 };
	struct eun_error err = EUN_ERROR_INIT;
	Eunomia__V1__StreamReply nothing = EUNOMIA__V1__STREAM_REPLY__INIT;

	(void)state;
	assert_int_equal(event_stream_take(&stream, &nothing, &err), 0);
	assert_int_equal(take_event(&stream, "a", 1, 0, "x", &err), -EPROTO);
	eun_error_done(&err);
	/* What was announced counts for one connection. */
	assert_int_equal(take_schema(&stream, "a", 1, 5, 0, &err), 0);
	event_stream_begin(&stream);
	assert_int_equal(take_event(&stream, "a", 1, 0, "x", &err), -EPROTO);
	eun_error_done(&err);
	for (uint32_t id = 0; id < CTL_STREAM_SCHEMAS_MAX; id++)
		assert_int_equal(take_schema(&stream, "a", id, 5, 0, &err), 0);
	assert_int_equal(take_schema(&stream, "a", 0, 5, 0, &err), -E2BIG);
	assert_int_equal(err.reason, EUN_REASON_TOO_LARGE);
	eun_error_done(&err);
	event_stream_done(&stream);
}

/* The @n-th allocation fails. Return: whether there were as many. */
static int print_without_memory(void *userdata)
{
	struct event_stream stream = { .out.format = OUTPUT_RAW_JSON };
	struct eun_error err = EUN_ERROR_INIT;
	bool has_failed;
	int r;

	failing_malloc_arm(*(const unsigned int *)userdata);
	r = take_schema(&stream, "a", 1, 5, 0, &err);
	if (r == 0)
		r = take_schema(&stream, "b", 2, 6, 0, &err);
	if (r == 0)
		r = take_event(&stream, "b", 2, 0, "x", &err);
	has_failed = failing_malloc_disarm();
	/* What cannot be gathered is a failure of writing. */
	assert_true(r == (has_failed ? -ENOMEM : 0) || stream.out.error == -ENOMEM);
	eun_error_done(&err);
	event_stream_done(&stream);
	return has_failed;
}

static void test_no_memory(void **state)
{
	unsigned int n = 0;
	bool has_failed;

	(void)state;
	do {
		struct captured c;

		n++;
		c = capture_call(print_without_memory, &n);
		has_failed = c.status != 0;
		assert_string_equal(c.out, has_failed ? "" : "x\n");
		captured_done(&c);
	} while (has_failed);
	assert_in_range(n, 10, 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_twice),
		cmocka_unit_test(test_lost),
		cmocka_unit_test(test_messages_that_make_no_sense),
		cmocka_unit_test(test_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
