/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of events in each form, headers, losses, bounds. */
#include "events_output.h"

#include "capture.h"
#include "ctl_limits.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* A stream of events of two slots, as print_events() sends it. */
struct sample {
	struct events_output out;
	struct event_source sources[2];
};

static void put(struct sample *sample, size_t source, uint64_t seq, const char *body)
{
	events_output_begin(&sample->out, &sample->sources[source], seq, 1000000000 + seq);
	eub_buf_append_str(&sample->out.buf, body);
	events_output_end(&sample->out);
}

static int print_events(void *userdata)
{
	struct sample *sample = userdata;
	const struct event_loss loss = {
		.slot = "b",
		.count = 3,
		.from_seq = 5,
		.to_seq = 9,
		.reason = "slow-client",
		.time_wall_ns = 7,
	};

	assert_int_equal(event_source_init(&sample->sources[0], "a", 1, "event", "TIME  PID"), 0);
	assert_int_equal(event_source_init(&sample->sources[1], "b\"\n", 2, "", "HEX"), 0);
	put(sample, 0, 1, "{\"pid\":1}");
	put(sample, 0, 2, "{\"pid\":2}");
	put(sample, 1, 3, "\"ff\"");
	events_output_lost(&sample->out, &loss);
	put(sample, 0, 4, "{}");
	(void)events_output_flush(&sample->out);
	for (size_t i = 0; i < 2; i++)
		event_source_done(&sample->sources[i]);
	events_output_done(&sample->out);
	return sample->out.error;
}

static void check(const struct events_output *out, const char *expected, const char *expected_err)
{
	struct sample sample = { .out = *out };
	struct captured captured = capture_call(print_events, &sample);

	assert_string_equal(captured.out, expected);
	assert_string_equal(captured.err, expected_err);
	assert_int_equal(sample.out.n_events, 4);
	assert_int_equal(sample.out.n_lost, 3);
	captured_done(&captured);
}

static void test_jsonl(void **state)
{
	const struct events_output out = { .format = OUTPUT_JSONL };

	(void)state;
	check(&out,
	      "{\"time\":\"1970-01-01T00:00:01.000000001Z\",\"slot\":\"a\",\"generation\":1,"
	      "\"seq\":1,\"type\":\"event\",\"data\":{\"pid\":1}}\n"
	      "{\"time\":\"1970-01-01T00:00:01.000000002Z\",\"slot\":\"a\",\"generation\":1,"
	      "\"seq\":2,\"type\":\"event\",\"data\":{\"pid\":2}}\n"
	      "{\"time\":\"1970-01-01T00:00:01.000000003Z\",\"slot\":\"b\\\"\\n\","
	      "\"generation\":2,\"seq\":3,\"type\":\"\",\"data\":\"ff\"}\n"
	      "{\"time\":\"1970-01-01T00:00:00.000000007Z\",\"slot\":\"b\",\"lost\":3,"
	      "\"from_seq\":5,\"to_seq\":9,\"reason\":\"slow-client\"}\n"
	      "{\"time\":\"1970-01-01T00:00:01.000000004Z\",\"slot\":\"a\",\"generation\":1,"
	      "\"seq\":4,\"type\":\"event\",\"data\":{}}\n",
	      "");
}

static const char loss_line[] = "eunomiactl: slot 'b' lost 3 events (slow-client)\n";

static void test_text(void **state)
{
	const struct events_output out = { .format = OUTPUT_TEXT };

	(void)state;
	check(&out, "TIME  PID\n{\"pid\":1}\n{\"pid\":2}\nHEX\n\"ff\"\nTIME  PID\n{}\n", loss_line);
}

static void test_text_of_many_slots(void **state)
{
	const struct events_output out = { .format = OUTPUT_TEXT, .has_many_slots = true };

	(void)state;
	check(&out,
	      "==> a <==\nTIME  PID\n{\"pid\":1}\n{\"pid\":2}\n"
	      "\n==> b\"\\x0a <==\nHEX\n\"ff\"\n"
	      "\n==> a <==\nTIME  PID\n{}\n",
	      loss_line);
}

static void test_text_without_headers(void **state)
{
	const struct events_output out = { .format = OUTPUT_TEXT, .has_no_headers = true };

	(void)state;
	check(&out, "{\"pid\":1}\n{\"pid\":2}\n\"ff\"\n{}\n", loss_line);
}

static void test_raw_forms(void **state)
{
	const struct events_output json = { .format = OUTPUT_RAW_JSON };
	const struct events_output raw = { .format = OUTPUT_RAW };

	(void)state;
	check(&json, "{\"pid\":1}\n{\"pid\":2}\n\"ff\"\n{}\n", loss_line);
	check(&raw, "{\"pid\":1}{\"pid\":2}\"ff\"{}", loss_line);
}

static void test_limit(void **state)
{
	struct events_output out = { .limit = 2 };

	(void)state;
	assert_false(events_output_is_over(&out));
	out.n_events = 2;
	assert_true(events_output_is_over(&out));
	out.limit = 0;
	assert_false(events_output_is_over(&out));
	out.error = -EPIPE;
	assert_true(events_output_is_over(&out));
}

/* Writes more than a buffer holds before anybody flushes. */
static int print_many(void *userdata)
{
	struct sample *sample = userdata;
	char body[1000];

	memset(body, 'x', sizeof(body) - 1);
	body[sizeof(body) - 1] = '\0';
	assert_int_equal(event_source_init(&sample->sources[0], "a", 1, "event", ""), 0);
	for (uint64_t seq = 0; seq < 100; seq++)
		put(sample, 0, seq, body);
	assert_true(sample->out.buf.len < CTL_EVENTS_FLUSH_BYTES);
	event_source_done(&sample->sources[0]);
	events_output_done(&sample->out);
	return 0;
}

static void test_writes_when_full(void **state)
{
	struct sample sample = { .out = { .format = OUTPUT_RAW_JSON } };
	struct captured captured = capture_call(print_many, &sample);

	(void)state;
	assert_true(captured.out_size >= CTL_EVENTS_FLUSH_BYTES);
	captured_done(&captured);
}

static int print_to_closed_pipe(void *userdata)
{
	struct sample *sample = userdata;
	int fds[2];

	assert_int_equal(pipe(fds), 0);
	(void)close(fds[0]);
	(void)dup2(fds[1], STDOUT_FILENO);
	(void)close(fds[1]);
	assert_int_equal(event_source_init(&sample->sources[0], "a", 1, "event", ""), 0);
	put(sample, 0, 1, "x");
	assert_int_equal(events_output_flush(&sample->out), -EPIPE);
	put(sample, 0, 2, "y");
	assert_int_equal(events_output_flush(&sample->out), -EPIPE);
	event_source_done(&sample->sources[0]);
	events_output_done(&sample->out);
	return 0;
}

static void test_closed_pipe(void **state)
{
	struct sample sample = { .out = { .format = OUTPUT_RAW_JSON } };
	struct captured captured;

	(void)state;
	(void)signal(SIGPIPE, SIG_IGN);
	captured = capture_call(print_to_closed_pipe, &sample);
	assert_true(events_output_is_over(&sample.out));
	captured_done(&captured);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_jsonl),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_text_of_many_slots),
		cmocka_unit_test(test_text_without_headers),
		cmocka_unit_test(test_raw_forms),
		cmocka_unit_test(test_limit),
		cmocka_unit_test(test_writes_when_full),
		cmocka_unit_test(test_closed_pipe),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
