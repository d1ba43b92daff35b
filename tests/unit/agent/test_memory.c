/* SPDX-License-Identifier: Apache-2.0 */
/* Constructors with each of their allocations failing in turn: an error, and nothing is left. */
#include "agent_test.h"

#include "config.h"
#include "failing_malloc.h"
#include "journal_queue.h"
#include "log.h"
#include "sink_journal.h"
#include "slots.h"
#include "watch_batch.h"
#include "watch_schema.h"

#include <errno.h>

/* Does its work once. Return: 0; -ENOMEM when an allocation failed. */
typedef int (*attempt_fn)(void *userdata);

/* Fails the 1st, 2nd, ... allocation of @attempt until it needs no more. */
static void check_each_allocation(attempt_fn attempt, void *userdata)
{
	bool has_failed = true;

	for (unsigned int nth = 1; has_failed; nth++) {
		int r;

		failing_malloc_arm(nth);
		r = attempt(userdata);
		has_failed = failing_malloc_disarm();
		assert_int_equal(r, has_failed ? -ENOMEM : 0);
		assert_true(nth < 1000);
	}
}

static int make_config(void *userdata)
{
	struct eun_error err = EUN_ERROR_INIT;
	struct config config;
	int r = config_init(&config, &err);

	(void)userdata;
	if (r == 0)
		config_done(&config);
	else
		assert_int_equal(err.reason, EUN_REASON_NO_MEMORY);
	eun_error_done(&err);
	return r;
}

static void test_config(void **state)
{
	(void)state;
	check_each_allocation(make_config, NULL);
}

static int reserve_slot(void *userdata)
{
	const struct eun_error why = { .code = -EINVAL };
	struct slot_entry *entry = NULL;
	int r = slots_reserve(userdata, "a", &entry, NULL);

	if (r == 0)
		slots_abandon(entry, &why);
	return r;
}

static void test_slots(void **state)
{
	struct slots slots;
	struct log log;

	(void)state;
	log_init(&log, LOG_TARGET_STDERR, (enum log_level)0, NULL); /* silent */
	slots_init(&slots, NULL, NULL, NULL, &log);
	slots.max_slots = 1;
	check_each_allocation(reserve_slot, &slots);
	assert_true(slots_are_gone(&slots));
}

static int describe_schema(void *userdata)
{
	Eunomia__V1__Schema *message = watch_schema_message_new("s", 1, 1, userdata);

	if (!message)
		return -ENOMEM;
	eunomia__v1__schema__free_unpacked(message, NULL);
	return 0;
}

static int name_fields(void *userdata)
{
	struct journal_schema *names = NULL;
	int r = journal_schema_new(userdata, &names);

	(void)journal_schema_free(names);
	return r;
}

static int encode_event(void *userdata)
{
	struct watch_batch batch = { 0 };
	struct eub_buf scratch = EUB_BUF_INIT;
	struct eun_event event = test_event_of_pair(userdata, 1);
	int r = watch_batch_add(&batch, EUN_FORMAT_JSON, &event, &scratch);

	assert_int_equal(batch.n_events, r == 0);
	watch_batch_done(&batch);
	eub_buf_done(&scratch);
	return r;
}

static void test_schemas_and_events(void **state)
{
	struct eun_schema *schema = test_schema_of_pair();

	(void)state;
	check_each_allocation(describe_schema, schema);
	check_each_allocation(name_fields, schema);
	check_each_allocation(encode_event, schema);
	(void)eun__schema_free(schema);
}

struct journal_parts {
	uv_loop_t loop;
	struct config config;
};

static void close_handle(uv_handle_t *handle, void *userdata)
{
	(void)userdata;
	uv_close(handle, NULL);
}

static int make_sink(void *userdata)
{
	struct journal_parts *parts = userdata;
	struct journal_slot *slot = NULL;
	struct sink_journal *sink = NULL;
	int r = sink_journal_new(&parts->loop, NULL, &parts->config, &sink);

	if (r == 0)
		r = journal_slot_new(sink, "s", "tracker", &slot);
	(void)journal_slot_free(slot);
	sink_journal_close(sink);
	uv_walk(&parts->loop, close_handle, NULL);
	(void)uv_run(&parts->loop, UV_RUN_DEFAULT);
	(void)sink_journal_free(sink);
	return r;
}

static void test_sink(void **state)
{
	struct journal_parts parts;

	(void)state;
	assert_int_equal(uv_loop_init(&parts.loop), 0);
	assert_int_equal(config_init(&parts.config, NULL), 0);
	check_each_allocation(make_sink, &parts);
	config_done(&parts.config);
	assert_int_equal(uv_loop_close(&parts.loop), 0);
}

static int send_nowhere(void *userdata, const void *entry, size_t n)
{
	(void)userdata;
	(void)entry;
	(void)n;
	return 0;
}

static int queue_entry(void *userdata)
{
	const struct journal_queue_options options = { .max_bytes = 100,
						       .max_entries = 100,
						       .send = send_nowhere };
	struct journal_account *account = NULL;
	struct journal_queue *queue = NULL;
	int r = journal_account_new(&account);

	(void)userdata;
	if (r == 0)
		r = journal_queue_new(&options, &queue);
	if (r == 0)
		r = journal_queue_push(queue, account, "x", 1);
	(void)journal_queue_free(queue, 1000);
	if (account)
		assert_int_equal(atomic_load(&account->n_refs), 1);
	(void)journal_account_unref(account);
	return r;
}

static void test_queue(void **state)
{
	(void)state;
	check_each_allocation(queue_entry, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_config), cmocka_unit_test(test_slots),
		cmocka_unit_test(test_sink),   cmocka_unit_test(test_schemas_and_events),
		cmocka_unit_test(test_queue),
	};

	failing_malloc_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
