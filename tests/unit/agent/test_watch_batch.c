/* SPDX-License-Identifier: Apache-2.0 */
/* Batches as the generated code reads them. */
#include "watch_batch.h"

#include "agent_test.h"
#include "agent_limits.h"

#include "eunomia/v1/eunomia.pb-c.h"

#include <errno.h>

struct fixture {
	struct eun_schema *schema;
	struct watch_batch batch;
	struct eub_buf scratch;
};

static const struct watch_batch_head head = { "slot-1", 3, 4000000000u };

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	f->schema = test_schema_of_pair();
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	watch_batch_done(&f->batch);
	eub_buf_done(&f->scratch);
	f->schema = eun__schema_free(f->schema);
	free(f);
	return 0;
}

static void add(struct fixture *f, enum eun_format format, uint64_t seq)
{
	struct eun_event event = test_event_of_pair(f->schema, seq);

	assert_int_equal(watch_batch_add(&f->batch, format, &event, &f->scratch), 0);
}

static Eunomia__V1__StreamReply *decode(struct fixture *f, uint64_t max_events)
{
	Eunomia__V1__StreamReply *reply;
	size_t size;
	const void *message = watch_batch_encode(&f->batch, &head, max_events, &size);

	reply = eunomia__v1__stream_reply__unpack(NULL, size, message);
	assert_non_null(reply);
	assert_int_equal(reply->kind_case, EUNOMIA__V1__STREAM_REPLY__KIND_BATCH);
	assert_string_equal(reply->batch->slot, "slot-1");
	assert_int_equal(reply->batch->generation, 3);
	assert_int_equal(reply->batch->schema_id, 4000000000u);
	return reply;
}

static void test_json(void **state)
{
	struct fixture *f = *state;
	Eunomia__V1__StreamReply *reply;

	add(f, EUN_FORMAT_JSON, 0);
	add(f, EUN_FORMAT_JSON, UINT64_MAX);
	reply = decode(f, UINT64_MAX);
	assert_int_equal(reply->batch->n_events, 2);
	assert_int_equal(reply->batch->events[0]->seq, 0);
	assert_true(reply->batch->events[1]->seq == UINT64_MAX);
	assert_int_equal(reply->batch->events[1]->time_unix_ns, 1000000000);
	assert_int_equal(reply->batch->events[1]->body_case, EUNOMIA__V1__EVENT__BODY_JSON);
	assert_string_equal(reply->batch->events[1]->json, "{\"pid\":7,\"comm\":\"bash\\n\"}");
	eunomia__v1__stream_reply__free_unpacked(reply, NULL);
}

static void test_other_formats(void **state)
{
	struct fixture *f = *state;
	Eunomia__V1__StreamReply *reply;

	add(f, EUN_FORMAT_RAW, 1);
	add(f, EUN_FORMAT_TEXT, 2);
	add(f, EUN_FORMAT_RAW_JSON, 3);
	reply = decode(f, 3);
	assert_int_equal(reply->batch->n_events, 3);
	assert_int_equal(reply->batch->events[0]->body_case, EUNOMIA__V1__EVENT__BODY_RAW);
	assert_int_equal(reply->batch->events[0]->raw.len, 12);
	assert_memory_equal(reply->batch->events[0]->raw.data, "\7\0\0\0bash\n\0\0\0", 12);
	assert_int_equal(reply->batch->events[1]->body_case, EUNOMIA__V1__EVENT__BODY_TEXT);
	assert_non_null(strstr(reply->batch->events[1]->text, "bash\\x0a"));
	assert_int_equal(reply->batch->events[2]->body_case, EUNOMIA__V1__EVENT__BODY_JSON);
	eunomia__v1__stream_reply__free_unpacked(reply, NULL);
}

/* A stream near its limit gets the first events only, another one the whole batch after that. */
static void test_first_events_only(void **state)
{
	struct fixture *f = *state;

	for (uint64_t i = 0; i < 300; i++)
		add(f, EUN_FORMAT_JSON, i * 1000000);
	for (uint64_t n = 1; n <= 300; n += 23) {
		Eunomia__V1__StreamReply *reply = decode(f, n);

		assert_int_equal(reply->batch->n_events, n);
		assert_int_equal(reply->batch->events[n - 1]->seq, (n - 1) * 1000000);
		eunomia__v1__stream_reply__free_unpacked(reply, NULL);
	}
	eunomia__v1__stream_reply__free_unpacked(decode(f, 300), NULL);
}

static void test_clear_and_use_again(void **state)
{
	struct fixture *f = *state;
	Eunomia__V1__StreamReply *reply;

	add(f, EUN_FORMAT_JSON, 1);
	assert_true(watch_batch_get_size(&f->batch) > 0);
	watch_batch_clear(&f->batch);
	assert_int_equal(watch_batch_get_size(&f->batch), 0);
	add(f, EUN_FORMAT_JSON, 2);
	reply = decode(f, 10);
	assert_int_equal(reply->batch->n_events, 1);
	assert_int_equal(reply->batch->events[0]->seq, 2);
	eunomia__v1__stream_reply__free_unpacked(reply, NULL);
}

static void test_event_over_the_limit_is_refused(void **state)
{
	struct fixture *f = *state;
	struct eun_event event = test_event_of_pair(f->schema, 1);
	char *giant = calloc(1, LIMIT_EVENT_BYTES + 1);

	assert_non_null(giant);
	add(f, EUN_FORMAT_RAW, 1);
	event.data = giant;
	event.size = LIMIT_EVENT_BYTES + 1;
	assert_int_equal(watch_batch_add(&f->batch, EUN_FORMAT_RAW, &event, &f->scratch), -E2BIG);
	assert_int_equal(f->batch.n_events, 1);
	event.size = LIMIT_EVENT_BYTES;
	assert_int_equal(watch_batch_add(&f->batch, EUN_FORMAT_RAW, &event, &f->scratch), 0);
	assert_int_equal(f->batch.n_events, 2);
	eunomia__v1__stream_reply__free_unpacked(decode(f, 2), NULL);
	free(giant);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		TEST(test_json),
		TEST(test_other_formats),
		TEST(test_first_events_only),
		TEST(test_clear_and_use_again),
		TEST(test_event_over_the_limit_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
