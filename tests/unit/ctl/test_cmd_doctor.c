/* SPDX-License-Identifier: Apache-2.0 */
/* The doctor with an agent, without one, and before a closed door. */
#include "capture.h"
#include "fake_agent.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static void expect(const char *text, const char *words)
{
	if (!strstr(text, words))
		fail_msg("'%s' is not in\n%s", words, text);
}

static void test_agent(void **state)
{
	struct fake_agent *agent = fake_agent_new();
	struct captured c = CAPTURE("doctor", "-o", "jsonl");

	(void)state;
	assert_int_equal(c.status, CTL_EXIT_FAILED); /* a slot was set aside */
	expect(c.out,
	       "{\"check\":\"agent\",\"level\":\"ok\",\"evidence\":\"eunomiad 0.1.0, process 42");
	expect(c.out,
	       "\"level\":\"note\",\"evidence\":\"the agent does without 'kprobe': no kprobes "
	       "here\"");
	expect(c.out, "slots: 2, running: 1");
	expect(c.out, "slot 'b' lost 5 events in the kernel");
	expect(c.out, "slot 'b' went back by itself: 11 to 10: more decode errors");
	expect(c.out, "\"level\":\"problem\",\"evidence\":\"slot 'aside' was set aside at "
		      "2001-09-09T01:46:41.000000000Z: its record is damaged\"");
	captured_done(&c);
	fake_agent_free(agent);
}

static void test_forms(void **state)
{
	struct captured c = CAPTURE("doctor", "-H", "unix:///nonexistent/sock");
	struct captured json = CAPTURE("doctor", "-H", "unix:///nonexistent/sock", "-o", "json");
	struct captured names = CAPTURE("doctor", "-H", "unix:///nonexistent/sock", "-o", "name");

	(void)state;
	assert_int_equal(c.status, CTL_EXIT_FAILED);
	expect(c.out, "problem  agent          cannot find the agent's socket");
	expect(c.out, "remedy: systemctl enable --now eunomiad");
	expect(c.out, "\nproblems: ");
	expect(json.out, "[\n");
	expect(json.out, "\"check\": \"kernel\"");
	expect(names.out, "agent\n");
	captured_done(&c);
	captured_done(&json);
	captured_done(&names);
}

static void test_address(void **state)
{
	struct captured c = CAPTURE("doctor", "-H", "nonsense");

	(void)state;
	assert_int_equal(c.status, CTL_EXIT_FAILED);
	expect(c.out, "'nonsense' is no address of an agent");
	captured_done(&c);
}

static void test_no_socket(void **state)
{
	char path[] = "/tmp/ctl-doctor-XXXXXX";
	char host[64];
	int fd = mkstemp(path);
	struct captured c;

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(close(fd), 0);
	(void)snprintf(host, sizeof(host), "unix://%s", path);
	c = CAPTURE("doctor", "-H", host);
	expect(c.out, "is no socket");
	captured_done(&c);
	assert_int_equal(unlink(path), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_agent),
		cmocka_unit_test(test_forms),
		cmocka_unit_test(test_address),
		cmocka_unit_test(test_no_socket),
	};

	(void)signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
