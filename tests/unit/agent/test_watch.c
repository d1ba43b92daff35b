/* SPDX-License-Identifier: Apache-2.0 */
/*
 * watch.c and watch_stream.c over calls of the test's own: who gets what, limits, slow clients. The
 * functions of rpc/server.h that a stream needs are defined here, in place of the room's.
 */
#include "watch.h"

#include "agent_test.h"
#include "config.h"
#include "slots.h"

#include "rpc/server.h"

#include <errno.h>

/* A call whose client reads when the test says so. */
struct rpc_call {
	const struct rpc_call_ops *ops;
	void *userdata;
	size_t queued;
	uint64_t n_sent;
	bool is_finished;
	bool is_done;
	enum rpc_status status;
	struct eun_error err;
	char got[8192]; /* what was sent: "schema 1; batch 1-3; lost 5 slow-client; " */
};

static void note(struct rpc_call *call, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void note(struct rpc_call *call, const char *format, ...)
{
	size_t n = strlen(call->got);
	va_list args;

	va_start(args, format);
	(void)vsnprintf(call->got + n, sizeof(call->got) - n, format, args);
	va_end(args);
}

static void note_reply(struct rpc_call *call, const Eunomia__V1__StreamReply *reply)
{
	if (reply->kind_case == EUNOMIA__V1__STREAM_REPLY__KIND_SCHEMA)
		note(call, "schema %u %s; ", reply->schema->id, reply->schema->slot);
	else if (reply->kind_case == EUNOMIA__V1__STREAM_REPLY__KIND_LOST)
		note(call, "lost %u %s %s; ", (unsigned int)reply->lost->count, reply->lost->slot,
		     reply->lost->reason);
	else
		note(call, "batch %u-%u %s; ", (unsigned int)reply->batch->events[0]->seq,
		     (unsigned int)reply->batch->events[reply->batch->n_events - 1]->seq,
		     reply->batch->slot);
}

bool rpc_call_send(struct rpc_call *call, const ProtobufCMessage *message)
{
	note_reply(call, (const Eunomia__V1__StreamReply *)message);
	call->queued += protobuf_c_message_get_packed_size(message);
	call->n_sent += protobuf_c_message_get_packed_size(message);
	return true;
}

bool rpc_call_send_encoded(struct rpc_call *call, const void *data, size_t n)
{
	Eunomia__V1__StreamReply *reply = eunomia__v1__stream_reply__unpack(NULL, n, data);

	assert_non_null(reply);
	note_reply(call, reply);
	eunomia__v1__stream_reply__free_unpacked(reply, NULL);
	call->queued += n;
	call->n_sent += n;
	return true;
}

uint64_t rpc_call_get_sent_bytes(const struct rpc_call *call)
{
	return call->n_sent;
}

uint64_t rpc_call_get_written_bytes(struct rpc_call *call)
{
	return call->n_sent - call->queued;
}

size_t rpc_call_get_queued_bytes(const struct rpc_call *call)
{
	return call->queued;
}

void rpc_call_set_ops(struct rpc_call *call, const struct rpc_call_ops *ops, void *userdata)
{
	call->ops = ops;
	call->userdata = userdata;
}

void *rpc_call_get_userdata(const struct rpc_call *call)
{
	return call->userdata;
}

/* As the room does it: the owner is told at once. */
static void finish(struct rpc_call *call)
{
	if (call->is_finished)
		return;
	call->is_finished = true;
	if (call->ops)
		call->ops->on_done(call);
	call->is_done = true;
}

void rpc_call_finish(struct rpc_call *call)
{
	finish(call);
}

void rpc_call_finish_error(struct rpc_call *call, const struct eun_error *err)
{
	call->err.reason = err->reason;
	finish(call);
}

void rpc_call_finish_status(struct rpc_call *call, enum rpc_status status, const char *message)
{
	(void)message;
	call->status = status;
	finish(call);
}

struct fixture {
	struct log log;
	struct config config;
	struct slots slots;
	struct watch watch;
	struct eun_schema *type;
	struct slot_schema schema[2];
	struct slot_entry *entry[2]; /* "a" and "b" */
	struct rpc_call call[3];
};

static int set_up(void **state)
{
	static const char *const names[] = { "a", "b" };
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	log_init(&f->log, LOG_TARGET_STDERR, (enum log_level)0, NULL); /* silent */
	assert_int_equal(config_init(&f->config, NULL), 0);
	f->config.stream_backlog_bytes = 2000;
	f->config.max_event_streams = 2;
	slots_init(&f->slots, NULL, NULL, NULL, &f->log);
	f->slots.max_slots = 2;
	watch_init(&f->watch, &f->slots, &f->config, &f->log);
	f->type = test_schema_of_pair();
	for (unsigned int i = 0; i < 2; i++) {
		assert_int_equal(slots_reserve(&f->slots, names[i], &f->entry[i], NULL), 0);
		f->schema[i] = (struct slot_schema){ .schema = f->type, .id = i + 1 };
	}
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	const struct eun_error why = { .code = -EINVAL };
	struct fixture *f = *state;

	for (size_t i = 0; i < 3; i++)
		finish(&f->call[i]);
	assert_int_equal(f->watch.n_streams, 0);
	watch_done(&f->watch);
	for (size_t i = 0; i < 2; i++)
		slots_abandon(f->entry[i], &why);
	f->type = eun__schema_free(f->type);
	config_done(&f->config);
	log_done(&f->log);
	free(f);
	return 0;
}

static void open_stream(struct fixture *f, size_t i, const char *slot, uint64_t limit)
{
	Eunomia__V1__StreamRequest request;
	char name[EUN_SLOT_NAME_MAX];
	char *names[] = { name };

	eunomia__v1__stream_request__init(&request);
	(void)snprintf(name, sizeof(name), "%s", slot ? slot : "");
	request.slots = names;
	request.n_slots = slot ? 1 : 0;
	request.limit = limit;
	watch_open(&f->watch, &f->call[i], &request);
}

/* Events @first to @last of slot @i, in one dispatch. */
static void send_events(struct fixture *f, size_t i, uint64_t first, uint64_t last)
{
	for (uint64_t seq = first; seq <= last; seq++) {
		struct eun_event event = test_event_of_pair(f->type, seq);

		watch_event(&f->watch, f->entry[i], &f->schema[i], &event);
	}
	watch_flush(&f->watch);
}

static void check(struct fixture *f, size_t i, const char *expected)
{
	assert_string_equal(f->call[i].got, expected);
	f->call[i].got[0] = '\0';
}

static void test_each_stream_gets_its_slots(void **state)
{
	struct fixture *f = *state;

	open_stream(f, 0, NULL, 0);
	open_stream(f, 1, "b", 0);
	send_events(f, 0, 1, 3);
	send_events(f, 1, 4, 5);
	check(f, 0, "batch 1-3 a; batch 4-5 b; ");
	check(f, 1, "batch 4-5 b; ");
}

static void test_limit_cuts_a_batch_and_ends_the_stream(void **state)
{
	struct fixture *f = *state;

	open_stream(f, 0, NULL, 4);
	open_stream(f, 1, NULL, 0);
	send_events(f, 0, 1, 3);
	send_events(f, 0, 4, 6);
	send_events(f, 0, 7, 7);
	check(f, 0, "batch 1-3 a; batch 4-4 a; ");
	check(f, 1, "batch 1-3 a; batch 4-6 a; batch 7-7 a; ");
	assert_true(f->call[0].is_done);
	assert_int_equal(f->call[0].status, RPC_OK);
	assert_int_equal(f->watch.n_streams, 1);
}

/* One client stops reading: it alone misses events, is told how many, and goes on. */
static void test_slow_client(void **state)
{
	struct fixture *f = *state;

	open_stream(f, 0, NULL, 0);
	open_stream(f, 1, NULL, 0);
	f->call[0].queued = 1990;
	send_events(f, 0, 1, 10);
	f->call[1].queued = 0;
	send_events(f, 0, 11, 20);
	send_events(f, 1, 1, 2);
	check(f, 0, "");
	check(f, 1, "batch 1-10 a; batch 11-20 a; batch 1-2 b; ");
	f->call[0].queued = 1001; /* more than half of the backlog */
	f->call[0].ops->on_writable(&f->call[0]);
	send_events(f, 0, 21, 21);
	check(f, 0, "");
	f->call[0].queued = 1000;
	f->call[0].ops->on_writable(&f->call[0]);
	check(f, 0, "lost 21 a slow-client; lost 2 b slow-client; ");
	f->call[0].queued = 0;
	send_events(f, 0, 22, 23);
	check(f, 0, "batch 22-23 a; ");
}

/* Without on_writable, the next batch finds the room. */
static void test_losses_are_told_before_the_next_batch(void **state)
{
	struct fixture *f = *state;

	open_stream(f, 0, NULL, 0);
	f->call[0].queued = 2000;
	send_events(f, 0, 1, 4);
	f->call[0].queued = 0;
	send_events(f, 0, 5, 6);
	check(f, 0, "lost 4 a slow-client; batch 5-6 a; ");
}

/* What is larger than the whole backlog goes out when nothing else waits. */
static void test_large_batch_to_an_empty_queue(void **state)
{
	struct fixture *f = *state;

	open_stream(f, 0, NULL, 0);
	send_events(f, 0, 1, 100);
	check(f, 0, "batch 1-100 a; ");
}

static void test_losses_of_the_kernel(void **state)
{
	struct fixture *f = *state;
	struct eun_event event = test_event_of_pair(f->type, 1);

	open_stream(f, 0, "a", 0);
	open_stream(f, 1, "b", 0);
	watch_event(&f->watch, f->entry[0], &f->schema[0], &event);
	watch_lost(&f->watch, f->entry[0], 7, "perf-lost");
	send_events(f, 0, 9, 9);
	check(f, 0, "batch 1-1 a; lost 7 a perf-lost; batch 9-9 a; ");
	check(f, 1, "");
}

static void test_kernel_losses_wait_for_a_slow_client(void **state)
{
	struct fixture *f = *state;

	open_stream(f, 0, NULL, 0);
	f->call[0].queued = 2000;
	watch_lost(&f->watch, f->entry[0], 7, "ring-full");
	watch_lost(&f->watch, f->entry[0], 1, "ring-full");
	check(f, 0, "");
	f->call[0].queued = 0;
	f->call[0].ops->on_writable(&f->call[0]);
	check(f, 0, "lost 8 a ring-full; ");
}

static void expect_account(const struct account *account, uint64_t offered, uint64_t delivered,
			   uint64_t filtered)
{
	assert_int_equal(account->offered, offered);
	assert_int_equal(account->delivered, delivered);
	assert_int_equal(account->filtered, filtered);
	assert_int_equal(offered, delivered + filtered + account_get_lost(account));
}

/* What a budget cut is told in its place, to those that it was for, and counted once for each. */
static void test_cuts_of_a_budget(void **state)
{
	static const struct budget_cut cut = { .count = 5, .from_seq = 2, .to_seq = 6 };
	struct fixture *f = *state;
	struct eun_event event = test_event_of_pair(f->type, 1);

	open_stream(f, 0, "a", 0);
	open_stream(f, 1, "b", 0);
	watch_event(&f->watch, f->entry[0], &f->schema[0], &event);
	watch_cut(&f->watch, f->entry[0], &cut);
	send_events(f, 0, 7, 7);
	check(f, 0, "batch 1-1 a; lost 5 a budget; batch 7-7 a; ");
	check(f, 1, "");
	expect_account(&f->entry[0]->streams, 7, 2, 0);
	assert_int_equal(f->entry[0]->streams.lost[ACCOUNT_BUDGET], 5);
	expect_account(&f->entry[1]->streams, 0, 0, 0);
}

static void test_accounts_add_up(void **state)
{
	struct fixture *f = *state;

	open_stream(f, 0, NULL, 0);
	open_stream(f, 1, NULL, 4);
	f->call[0].queued = 2000;
	send_events(f, 0, 1, 10);
	expect_account(&f->entry[0]->streams, 20, 4, 6);
	assert_int_equal(f->entry[0]->streams.lost[ACCOUNT_SLOW_CLIENT], 10);
	f->call[0].queued = 0;
	send_events(f, 0, 11, 12); /* for the first stream alone: the other is at its end */
	expect_account(&f->entry[0]->streams, 22, 6, 6);
}

static void test_batches_are_bounded(void **state)
{
	struct fixture *f = *state;
	unsigned int n_batches = 0;

	open_stream(f, 0, NULL, 0);
	f->config.stream_backlog_bytes = 1 << 20;
	send_events(f, 0, 1, 2000); /* about 100 kB */
	for (const char *p = f->call[0].got; (p = strstr(p, "batch")); p++)
		n_batches++;
	assert_true(n_batches >= 4 && n_batches <= 10);
}

static void test_refusals(void **state)
{
	struct fixture *f = *state;
	Eunomia__V1__StreamRequest request;

	open_stream(f, 0, "nobody", 0);
	assert_true(f->call[0].is_finished);
	assert_int_equal(f->call[0].err.reason, EUN_REASON_NOT_FOUND);
	eunomia__v1__stream_request__init(&request);
	request.format = (Eunomia__V1__Format)77;
	watch_open(&f->watch, &f->call[1], &request);
	assert_int_equal(f->call[1].err.reason, EUN_REASON_INVALID_ARGUMENT);
	assert_int_equal(f->watch.n_streams, 0);
}

static void test_limit_of_streams(void **state)
{
	struct fixture *f = *state;

	open_stream(f, 0, NULL, 0);
	open_stream(f, 1, NULL, 0);
	open_stream(f, 2, NULL, 0);
	assert_int_equal(f->call[2].err.reason, EUN_REASON_TOO_LARGE);
	assert_int_equal(f->watch.n_streams, 2);
}

static void test_end(void **state)
{
	struct fixture *f = *state;
	struct eun_event event = test_event_of_pair(f->type, 1);

	open_stream(f, 0, NULL, 0);
	watch_event(&f->watch, f->entry[0], &f->schema[0], &event);
	watch_end(&f->watch);
	check(f, 0, "batch 1-1 a; ");
	assert_int_equal(f->call[0].status, RPC_UNAVAILABLE);
	assert_int_equal(f->watch.n_streams, 0);
}

/* As open_stream() for all slots; @from: of ring @ring of @slot. */
static void open_from(struct fixture *f, size_t i, const char *slot, uint32_t ring, uint64_t from)
{
	Eunomia__V1__Position position;
	Eunomia__V1__Position *positions[] = { &position };
	Eunomia__V1__StreamRequest request;
	char name[EUN_SLOT_NAME_MAX];

	eunomia__v1__position__init(&position);
	(void)snprintf(name, sizeof(name), "%s", slot);
	position.slot = name;
	position.ring = ring;
	position.next_seq = from;
	eunomia__v1__stream_request__init(&request);
	request.from = positions;
	request.n_from = 1;
	watch_open(&f->watch, &f->call[i], &request);
}

static void send_ring(struct fixture *f, size_t i, uint32_t ring, uint64_t first, uint64_t last)
{
	for (uint64_t seq = first; seq <= last; seq++) {
		struct eun_event event = test_event_of_pair(f->type, seq);

		event.ring = ring;
		watch_event(&f->watch, f->entry[i], &f->schema[i], &event);
	}
	watch_flush(&f->watch);
}

/* Each begins where it wants to, within one dispatch; then they get the same batches. */
static void test_from(void **state)
{
	struct fixture *f = *state;

	f->config.max_event_streams = 3;
	open_from(f, 0, "a", 5, 4);
	open_from(f, 1, "a", 5, 7);
	open_stream(f, 2, NULL, 0);
	send_ring(f, 0, 5, 1, 8);
	check(f, 0, "batch 4-6 a; batch 7-8 a; ");
	check(f, 1, "batch 7-8 a; ");
	check(f, 2, "batch 1-3 a; batch 4-6 a; batch 7-8 a; ");
	send_ring(f, 0, 5, 9, 12);
	check(f, 0, "batch 9-12 a; ");
	check(f, 1, "batch 9-12 a; ");
	check(f, 2, "batch 9-12 a; ");
}

static void test_from_is_of_one_ring(void **state)
{
	struct fixture *f = *state;

	open_from(f, 0, "a", 5, 100);
	send_ring(f, 0, 6, 1, 2);
	send_ring(f, 1, 5, 1, 2);
	send_ring(f, 0, 5, 1, 2);
	send_ring(f, 0, 0, 1, 2);
	check(f, 0, "batch 1-2 a; batch 1-2 b; batch 1-2 a; ");
	/* Between two numbers that come, and over several dispatches. */
	send_ring(f, 0, 5, 98, 99);
	send_ring(f, 0, 5, 103, 104);
	check(f, 0, "batch 103-104 a; ");
}

static void test_from_and_a_cut(void **state)
{
	const struct budget_cut seen = { .count = 3, .from_seq = 5, .to_seq = 9, .ring = 5 };
	const struct budget_cut new = { .count = 2, .from_seq = 9, .to_seq = 10, .ring = 5 };
	struct fixture *f = *state;

	open_from(f, 0, "a", 5, 10);
	watch_cut(&f->watch, f->entry[0], &seen);
	check(f, 0, "");
	watch_cut(&f->watch, f->entry[0], &new);
	check(f, 0, "lost 2 a budget; ");
}

/* A client that is back may ask for a slot that was stopped meanwhile. */
static void test_from_and_a_slot_that_is_gone(void **state)
{
	struct fixture *f = *state;
	Eunomia__V1__Position position;
	Eunomia__V1__Position *positions[] = { &position };
	Eunomia__V1__StreamRequest request;
	char first[] = "a", gone[] = "gone", wrong[] = "no/name";
	char *names[] = { first, gone, wrong };

	eunomia__v1__position__init(&position);
	position.slot = first;
	eunomia__v1__stream_request__init(&request);
	request.from = positions;
	request.n_from = 1;
	request.slots = names;
	request.n_slots = 3;
	watch_open(&f->watch, &f->call[0], &request);
	assert_int_equal(f->call[0].err.reason, EUN_REASON_NOT_FOUND);
	request.n_slots = 2;
	watch_open(&f->watch, &f->call[1], &request);
	assert_int_equal(f->watch.n_streams, 1);
}

static void test_from_a_foreign_name(void **state)
{
	struct fixture *f = *state;

	open_from(f, 0, "a/../b", 5, 10);
	assert_int_equal(f->call[0].err.reason, EUN_REASON_INVALID_ARGUMENT);
	assert_int_equal(f->watch.n_streams, 0);
}

static void test_nobody_watches(void **state)
{
	struct fixture *f = *state;

	send_events(f, 0, 1, 1000);
	for (size_t i = 0; i < _EUN_FORMAT_MAX; i++)
		assert_int_equal(f->watch.batches[i].events.cap, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		TEST(test_each_stream_gets_its_slots),
		TEST(test_limit_cuts_a_batch_and_ends_the_stream),
		TEST(test_slow_client),
		TEST(test_losses_are_told_before_the_next_batch),
		TEST(test_large_batch_to_an_empty_queue),
		TEST(test_losses_of_the_kernel),
		TEST(test_kernel_losses_wait_for_a_slow_client),
		TEST(test_cuts_of_a_budget),
		TEST(test_accounts_add_up),
		TEST(test_batches_are_bounded),
		TEST(test_refusals),
		TEST(test_limit_of_streams),
		TEST(test_end),
		TEST(test_from),
		TEST(test_from_is_of_one_ring),
		TEST(test_from_and_a_cut),
		TEST(test_from_and_a_slot_that_is_gone),
		TEST(test_from_a_foreign_name),
		TEST(test_nobody_watches),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
