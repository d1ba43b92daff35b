/* SPDX-License-Identifier: Apache-2.0 */
/* Events become journal entries; what is left out is counted and said. */
#include "sink_journal.h"

#include "queue_peer.h"

#include "base/clock.h"
#include "log_ids.h"

struct fixture {
	struct queue_peer peer;
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
	queue_peer_open(&f->peer);
	assert_int_equal(config_init(&f->config, NULL), 0);
	f->config.journal_rate_limit = 2;
	assert_int_equal(sink_journal_new(&f->loop, f->peer.queue, &f->config, &f->sink), 0);
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
	eub_clock_set_for_test(0);
	queue_peer_close(&f->peer);
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

	send_event(f, 42);
	queue_peer_receive(&f->peer);
	assert_true(queue_peer_has(&f->peer, "SYSLOG_IDENTIFIER=eunomia/s1"));
	assert_true(queue_peer_has(&f->peer, "EUNOMIA_SLOT=s1"));
	assert_true(queue_peer_has(&f->peer, "EUNOMIA_TRACKER=pairsnoop"));
	assert_true(queue_peer_has(&f->peer, "EUNOMIA_GENERATION=3"));
	assert_true(queue_peer_has(&f->peer, "EUNOMIA_SEQ=42"));
	assert_true(queue_peer_has(&f->peer, "PRIORITY=6"));
	assert_true(queue_peer_has(&f->peer, "EUNOMIA_EV_PID=7"));
	assert_true(queue_peer_has_begin(&f->peer, "MESSAGE="));
}

/* A member is one field whatever its bytes: nothing can be smuggled in. */
static void test_hostile_member_cannot_add_fields(void **state)
{
	struct fixture *f = *state;

	send_event(f, 1);
	queue_peer_receive(&f->peer);
	assert_true(queue_peer_has(&f->peer, "EUNOMIA_EV_COMM=bash\n"));
}

/* journald refuses an entry of too many fields; here some members are in MESSAGE only. */
static void test_more_members_than_an_entry_has_fields(void **state)
{
	struct eun__field_spec specs[1024];
	struct iovec fields[JOURNAL_MAX_FIELDS];
	static char names[1024][8], record[1024], entry[1 << 16];
	struct fixture *f = *state;
	struct eun_event event = { .data = record, .size = sizeof(record), .seq = 1 };
	struct journal_schema *schema = NULL;
	size_t n_fields = 0;
	ssize_t n;

	for (unsigned int i = 0; i < 1024; i++) {
		(void)snprintf(names[i], sizeof(names[i]), "m%u", i);
		specs[i] = (struct eun__field_spec){ names[i], "unsigned char", 8 * i, 8 };
	}
	f->schema = eun__schema_free(f->schema);
	assert_int_equal(
	    eun__schema_from_fields("many", sizeof(record), specs, 1024, &f->schema, NULL), 0);
	assert_int_equal(journal_schema_new(f->schema, &schema), 0);
	event.schema = f->schema;
	sink_journal_event(f->sink, f->slot, schema, &event);
	n = recv(f->peer.fds[0], entry, sizeof(entry), 0);
	assert_true(n > 0);
	assert_int_equal(journal_split(entry, (size_t)n, fields, JOURNAL_MAX_FIELDS, &n_fields), 0);
	assert_true(n_fields > 1000);
	(void)journal_schema_free(schema);
}

static void test_rate_limit_and_summary(void **state)
{
	struct fixture *f = *state;

	eub_clock_set_for_test(UINT64_C(5000000000));
	for (uint64_t i = 0; i < 10; i++)
		send_event(f, i);
	assert_int_equal(journal_slot_get_n_dropped(f->slot), 8);
	assert_int_equal(uv_run(&f->loop, UV_RUN_ONCE), 0); /* the one-shot timer of a second */
	for (int i = 0; i < 2; i++)
		queue_peer_receive(&f->peer);
	queue_peer_receive(&f->peer);
	assert_true(queue_peer_has(&f->peer, "MESSAGE_ID=" LOG_ID_JOURNAL_LEFT_OUT));
	assert_true(queue_peer_has(&f->peer, "EUNOMIA_DROPPED=8"));
	assert_true(queue_peer_has_begin(&f->peer, "MESSAGE=8 events of slot 's1' were left out"));
	assert_int_equal(uv_loop_alive(&f->loop), 0); /* nothing wakes an idle agent */
}

static void test_summary_of_a_slot_that_goes(void **state)
{
	struct fixture *f = *state;

	eub_clock_set_for_test(UINT64_C(5000000000));
	for (uint64_t i = 0; i < 3; i++)
		send_event(f, i);
	f->slot = journal_slot_free(f->slot);
	for (int i = 0; i < 3; i++)
		queue_peer_receive(&f->peer);
	assert_true(queue_peer_has(&f->peer, "EUNOMIA_DROPPED=1"));
}

/* The sender counts an entry before it takes the next. */
static void test_account_adds_up(void **state)
{
	struct fixture *f = *state;
	struct account account;

	eub_clock_set_for_test(UINT64_C(5000000000));
	for (uint64_t i = 0; i < 10; i++)
		send_event(f, i);
	sink_journal_cut(f->sink, f->slot, 7);
	eub_clock_set_for_test(UINT64_C(7000000000));
	send_event(f, 10);
	for (int i = 0; i < 3; i++)
		queue_peer_receive(&f->peer);
	journal_slot_get_account(f->slot, &account);
	assert_int_equal(account.offered, 18);
	assert_in_range(account.delivered, 2, 3);
	assert_int_equal(account.filtered, 0);
	assert_int_equal(account.lost[ACCOUNT_RATE_LIMIT], 8);
	assert_int_equal(account.lost[ACCOUNT_BUDGET], 7);
	assert_int_equal(account_get_lost(&account), 15);
	assert_int_equal(uv_run(&f->loop, UV_RUN_ONCE), 0); /* the summary says why */
	queue_peer_receive(&f->peer);
	assert_true(queue_peer_has(&f->peer, "EUNOMIA_DROPPED=15"));
	assert_true(queue_peer_has(&f->peer, "EUNOMIA_REASON=budget 7, rate-limit 8"));
}

static void test_refused_entries_are_lost(void **state)
{
	struct fixture *f = *state;
	struct account account;

	(void)shutdown(f->peer.fds[0], SHUT_RD); /* sending fails from now on */
	send_event(f, 1);
	do
		journal_slot_get_account(f->slot, &account);
	while (account_get_lost(&account) == 0);
	assert_int_equal(account.lost[ACCOUNT_REFUSED], 1);
	assert_int_equal(account.delivered, 0);
	assert_int_equal(account.offered, 1);
}

static void test_switched_off(void **state)
{
	struct fixture *f = *state;
	struct account account;

	f->config.journal_events = 0;
	sink_journal_configure(f->sink, &f->config);
	send_event(f, 1);
	f->config.journal_events = 1;
	sink_journal_configure(f->sink, &f->config);
	send_event(f, 2);
	queue_peer_receive(&f->peer);
	assert_true(queue_peer_has(&f->peer, "EUNOMIA_SEQ=2"));
	assert_int_equal(journal_slot_get_n_dropped(f->slot), 0);
	journal_slot_get_account(f->slot, &account);
	assert_int_equal(account.offered, 2);
	assert_int_equal(account.filtered, 1);
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

	assert_int_equal(eun__schema_from_fields("x", 8, fields, 2, &schema, NULL), 0);
	assert_int_equal(journal_schema_new(schema, &names), 0);
	event.schema = schema;
	sink_journal_event(f->sink, f->slot, names, &event);
	queue_peer_receive(&f->peer);
	assert_true(queue_peer_has(&f->peer, "EUNOMIA_EV_LOWER_CASE9=1"));
	assert_true(queue_peer_has(
	    &f->peer, "EUNOMIA_EV_A_NAME_THAT_IS_MUCH_LONGER_THAN_THE_SIXTY_FOUR_BYTES_=0"));
	(void)journal_schema_free(names);
	(void)eun__schema_free(schema);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		TEST(test_entry_has_a_field_for_each_member),
		TEST(test_hostile_member_cannot_add_fields),
		TEST(test_more_members_than_an_entry_has_fields),
		TEST(test_rate_limit_and_summary),
		TEST(test_summary_of_a_slot_that_goes),
		TEST(test_account_adds_up),
		TEST(test_refused_entries_are_lost),
		TEST(test_switched_off),
		TEST(test_field_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
