/* SPDX-License-Identifier: Apache-2.0 */
/* Events become journal entries; what is left out is counted and said. */
#include "sink_journal.h"

#include "journal_peer.h"

#include "base/clock.h"
#include "log_ids.h"

struct fixture {
	struct journal_peer peer;
	uv_loop_t loop;
	struct config config;
	struct sink_journal *sink;
	struct eun_schema *schema;
	struct journal_schema *names;
	struct journal_slot *slot;
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	assert_int_equal(uv_loop_init(&f->loop), 0);
	journal_peer_open(&f->peer);
	assert_int_equal(config_init(&f->config, NULL), 0);
	f->config.journal_rate_limit = 2;
	assert_int_equal(sink_journal_new(&f->loop, f->peer.path, &f->config, &f->sink), 0);
	f->schema = test_schema_of_pair();
	assert_int_equal(journal_schema_new(f->schema, &f->names), 0);
	assert_int_equal(journal_slot_new(f->sink, "s1", "pairsnoop", &f->slot), 0);
	*state = f;
	return 0;
}

static void close_handle(uv_handle_t *handle, void *userdata)
{
	(void)userdata;
	if (!uv_is_closing(handle))
		uv_close(handle, NULL);
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	f->slot = journal_slot_free(f->slot);
	sink_journal_close(f->sink);
	uv_walk(&f->loop, close_handle, NULL);
	(void)uv_run(&f->loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&f->loop), 0);
	f->sink = sink_journal_free(f->sink);
	f->names = journal_schema_free(f->names);
	f->schema = eun__schema_free(f->schema);
	config_done(&f->config);
	journal_peer_close(&f->peer);
	eub_clock_set_for_test(0);
	free(f);
	return 0;
}

static void send_event(struct fixture *f, uint64_t seq)
{
	struct eun_event event = test_event_of_pair(f->schema, seq);

	sink_journal_event(f->sink, f->slot, f->names, &event);
}

static void test_entry_has_a_field_for_each_member(void **state)
{
	struct fixture *f = *state;
	char got[4096];

	send_event(f, 42);
	(void)journal_peer_receive(&f->peer, got, sizeof(got));
	assert_non_null(strstr(got, "SYSLOG_IDENTIFIER=eunomia/s1\n"));
	assert_non_null(strstr(got, "EUNOMIA_SLOT=s1\n"));
	assert_non_null(strstr(got, "EUNOMIA_TRACKER=pairsnoop\n"));
	assert_non_null(strstr(got, "EUNOMIA_GENERATION=3\n"));
	assert_non_null(strstr(got, "EUNOMIA_SEQ=42\n"));
	assert_non_null(strstr(got, "PRIORITY=6\n"));
	assert_non_null(strstr(got, "EUNOMIA_EV_PID=7\n"));
	assert_non_null(strstr(got, "MESSAGE="));
	assert_null(strstr(got, "bash\\n\nEUNOMIA")); /* the text line is one line */
}

/* A member with a line feed goes in the form with a length: nothing can be smuggled in. */
static void test_hostile_member_cannot_add_fields(void **state)
{
	struct fixture *f = *state;
	char got[4096];
	size_t n, at = 0;
	static const char expected[] = "EUNOMIA_EV_COMM\n\5\0\0\0\0\0\0\0bash\n\n";

	send_event(f, 1);
	n = journal_peer_receive(&f->peer, got, sizeof(got));
	while (at + sizeof(expected) - 1 <= n &&
	       memcmp(got + at, expected, sizeof(expected) - 1) != 0)
		at++;
	assert_true(at + sizeof(expected) - 1 <= n);
}

static void test_rate_limit_and_summary(void **state)
{
	struct fixture *f = *state;
	char got[4096];

	eub_clock_set_for_test(UINT64_C(5000000000));
	for (uint64_t i = 0; i < 10; i++)
		send_event(f, i);
	assert_int_equal(journal_slot_get_n_dropped(f->slot), 8);
	assert_int_equal(uv_run(&f->loop, UV_RUN_ONCE), 0); /* the one-shot timer of a second */
	for (int i = 0; i < 2; i++)
		(void)journal_peer_receive(&f->peer, got, sizeof(got));
	(void)journal_peer_receive(&f->peer, got, sizeof(got));
	assert_non_null(strstr(got, "MESSAGE_ID=" LOG_ID_JOURNAL_LEFT_OUT "\n"));
	assert_non_null(strstr(got, "EUNOMIA_DROPPED=8\n"));
	assert_non_null(strstr(got, "MESSAGE=8 events of slot 's1' were left out"));
	assert_int_equal(uv_loop_alive(&f->loop), 0); /* nothing wakes an idle agent */
}

static void test_summary_of_a_slot_that_goes(void **state)
{
	struct fixture *f = *state;
	char got[4096];

	eub_clock_set_for_test(UINT64_C(5000000000));
	for (uint64_t i = 0; i < 3; i++)
		send_event(f, i);
	f->slot = journal_slot_free(f->slot);
	for (int i = 0; i < 3; i++)
		(void)journal_peer_receive(&f->peer, got, sizeof(got));
	assert_non_null(strstr(got, "EUNOMIA_DROPPED=1\n"));
}

static void test_switched_off(void **state)
{
	struct fixture *f = *state;
	char got[4096];

	f->config.journal_events = 0;
	sink_journal_configure(f->sink, &f->config);
	send_event(f, 1);
	f->config.journal_events = 1;
	sink_journal_configure(f->sink, &f->config);
	send_event(f, 2);
	(void)journal_peer_receive(&f->peer, got, sizeof(got));
	assert_non_null(strstr(got, "EUNOMIA_SEQ=2\n"));
	assert_int_equal(journal_slot_get_n_dropped(f->slot), 0);
}

static void test_field_names(void **state)
{
	static const struct eun__field_spec fields[] = {
		{ "lower_Case9", "int", 0, 32 },
		{ "a_name_that_is_much_longer_than_the_sixty_four_bytes_that_journald_takes", "int",
		  32, 32 },
	};
	struct fixture *f = *state;
	struct eun_schema *schema = NULL;
	struct journal_schema *names = NULL;
	static const char record[8] = { 1 };
	struct eun_event event = { .data = record, .size = 8, .generation = 1, .seq = 1 };
	char got[4096];

	assert_int_equal(eun__schema_from_fields("x", 8, fields, 2, &schema, NULL), 0);
	assert_int_equal(journal_schema_new(schema, &names), 0);
	event.schema = schema;
	sink_journal_event(f->sink, f->slot, names, &event);
	(void)journal_peer_receive(&f->peer, got, sizeof(got));
	assert_non_null(strstr(got, "\nEUNOMIA_EV_LOWER_CASE9=1\n"));
	assert_non_null(
	    strstr(got, "\nEUNOMIA_EV_A_NAME_THAT_IS_MUCH_LONGER_THAN_THE_SIXTY_FOUR_BYTES_=0\n"));
	(void)journal_schema_free(names);
	(void)eun__schema_free(schema);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		TEST(test_entry_has_a_field_for_each_member),
		TEST(test_hostile_member_cannot_add_fields),
		TEST(test_rate_limit_and_summary),
		TEST(test_summary_of_a_slot_that_goes),
		TEST(test_switched_off),
		TEST(test_field_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
