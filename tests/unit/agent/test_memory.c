/* SPDX-License-Identifier: Apache-2.0 */
/* Constructors with each of their allocations failing in turn: an error, and nothing is left. */
#include "agent_test.h"

#include "config.h"
#include "declared.h"
#include "failing_malloc.h"
#include "folder.h"
#include "journal_queue.h"
#include "log.h"
#include "sink_journal.h"
#include "slots.h"
#include "spec.h"
#include "state.h"
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

static int fill_spec(struct spec *spec)
{
	int r = spec_set_text(spec, "key=value", NULL);

	if (r == 0)
		r = spec_add(spec, &spec->args, "--arg", NULL);
	if (r == 0)
		r = spec_set(spec, "key", "other", NULL);
	return r;
}

static int make_spec(void *userdata)
{
	struct spec spec = SPEC_INIT, copy = SPEC_INIT;
	struct spec_view *view = NULL;
	int r = fill_spec(&spec);

	(void)userdata;
	if (r == 0)
		r = spec_copy_options(&copy, &spec);
	if (r == 0)
		r = spec_complete(&copy, &spec, NULL);
	if (r == 0)
		r = spec_view_new(&spec, "slot", NULL, &view);
	(void)spec_view_free(view);
	spec_done(&spec);
	spec_done(&copy);
	return r;
}

/* A record of one generation, as bytes and back. */
static int code_record(void *userdata)
{
	_cleanup_(eub_buf_done) struct eub_buf buf = EUB_BUF_INIT;
	struct state_slot *slot = NULL, *copy = NULL;
	struct state_generation *generation = NULL;
	struct spec spec = SPEC_INIT;
	int r = fill_spec(&spec);

	(void)userdata;
	if (r == 0)
		r = state_slot_new("a", &slot);
	if (r == 0)
		r = state_slot_add(slot, &spec, STATE_ORIGIN_START, &generation);
	if (r == 0)
		r = state_generation_name(generation, "tracker", "1");
	if (r == 0) {
		slot->current = generation->number;
		r = state_slot_encode(slot, &buf);
	}
	if (r == 0) /* what cannot be decoded for want of memory is not told from damage */
		r = state_slot_decode(buf.data, buf.len, &copy, NULL) == 0 ? 0 : -ENOMEM;
	(void)state_slot_free(slot);
	(void)state_slot_free(copy);
	spec_done(&spec);
	return r;
}

static void test_records(void **state)
{
	(void)state;
	check_each_allocation(make_spec, NULL);
	check_each_allocation(code_record, NULL);
}

static int read_declared(void *userdata)
{
	const struct test_folder *folder = userdata;
	struct declared_set set = { 0 };
	int r = declared_read(folder->path, folder->path, &set, NULL);

	if (r == 0)
		assert_int_equal(set.items[0].err.code, 0);
	declared_done(&set);
	return r;
}

static void test_declared(void **state)
{
	struct test_folder folder;
	char *package, *declared;

	(void)state;
	test_folder_make(&folder);
	package = test_path(&folder, "x.json");
	declared = test_path(&folder, "x.conf");
	test_write_file(package, "{}");
	test_write_file(declared, "[Tracker]\nSource=x\nSet=a=b\nArgs=c d\n");
	check_each_allocation(read_declared, &folder);
	assert_int_equal(folder_remove(folder.path), 0);
	free(package);
	free(declared);
}

/* Whatever fails, the folder is as good as before. */
static int keep_slot(void *userdata)
{
	_cleanup_(eub_buf_done) struct eub_buf package = EUB_BUF_INIT;
	struct state *state = NULL;
	char **names = NULL;
	size_t n = 0;
	int r = state_open(userdata, STATE_BOOT_ID_PATH, &state, NULL);

	eub_buf_append_str(&package, "bytes");
	if (r == 0 && package.has_failed)
		r = -ENOMEM;
	if (r == 0)
		r = state_save_package(state, "a", 1, &package, STATE_FAST, NULL);
	if (r == 0)
		r = state_make_durable(state, "a", NULL);
	if (r == 0)
		r = state_list(state, &names, &n, NULL);
	if (r == 0)
		r = state_remove_slot(state, "a", STATE_FAST, NULL);
	state_free_names(names, n);
	(void)state_close(state);
	return r;
}

static void test_state(void **state)
{
	static const char *const folders[] = { "/slots/a", "/slots", "/quarantine", "" };
	struct test_folder folder;

	(void)state;
	test_folder_make(&folder);
	check_each_allocation(keep_slot, folder.path);
	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		char *path = NULL;

		assert_true(asprintf(&path, "%s%s", folder.path, folders[i]) > 0);
		assert_int_equal(folder_remove(path), 0);
		free(path);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_config),
		cmocka_unit_test(test_slots),
		cmocka_unit_test(test_state),
		cmocka_unit_test(test_declared),
		cmocka_unit_test(test_records),
		cmocka_unit_test(test_sink),
		cmocka_unit_test(test_schemas_and_events),
		cmocka_unit_test(test_queue),
	};

	failing_malloc_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
