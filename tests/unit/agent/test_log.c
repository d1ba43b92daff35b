/* SPDX-License-Identifier: Apache-2.0 */
/* The agent's log on standard error: levels, escaping, cutting, never blocking. */
#include "log.h"

#include "agent_limits.h"
#include "journal_peer.h"

#include <errno.h>
#include <fcntl.h>

struct fixture {
	int saved; /* standard error */
	int pipe[2];
	struct log log;
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	assert_int_equal(pipe2(f->pipe, O_CLOEXEC), 0);
	f->saved = dup(STDERR_FILENO);
	assert_true(dup2(f->pipe[1], STDERR_FILENO) >= 0);
	log_init(&f->log, LOG_TARGET_STDERR, LOG_LEVEL_INFO);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	log_done(&f->log);
	(void)dup2(f->saved, STDERR_FILENO);
	(void)close(f->saved);
	(void)close(f->pipe[0]);
	(void)close(f->pipe[1]);
	free(f);
	return 0;
}

static void check_line(const struct fixture *f, const char *expected)
{
	char got[8192];
	ssize_t n = read(f->pipe[0], got, sizeof(got) - 1);

	assert_true(n >= 0);
	got[n] = '\0';
	assert_string_equal(got, expected);
}

static void test_line(void **state)
{
	struct fixture *f = *state;

	log_debug(&f->log, "not shown");
	log_notice(&f->log, "slot '%s' runs", "x");
	check_line(f, "eunomiad: notice: slot 'x' runs\n");
}

static void test_hostile_text_is_escaped(void **state)
{
	struct fixture *f = *state;

	log_info(&f->log, "%s", "a\nb\033[2J\xff");
	check_line(f, "eunomiad: info: a\\x0ab\\x1b[2J\\xff\n");
}

static void test_long_text_is_cut(void **state)
{
	struct fixture *f = *state;
	char text[3 * LIMIT_LOG_LINE_BYTES], got[8192];
	ssize_t n;

	memset(text, '\1', sizeof(text) - 1); /* each becomes four bytes */
	text[sizeof(text) - 1] = '\0';
	log_err(&f->log, "%s", text);
	n = read(f->pipe[0], got, sizeof(got));
	assert_true(n > LIMIT_LOG_LINE_BYTES / 2 && n <= LIMIT_LOG_LINE_BYTES + 64);
	assert_memory_equal(got + n - 4, "...\n", 4);
}

/* A reader that does not read costs lines, not the loop. */
static void test_full_pipe_does_not_block(void **state)
{
	struct fixture *f = *state;
	char got[65536];
	ssize_t n;

	for (int i = 0; i < 20000; i++)
		log_info(&f->log, "a line that nobody reads");
	assert_true(f->log.n_left_out > 0);
	n = read(f->pipe[0], got, sizeof(got));
	assert_true(n > 0);
	assert_int_equal(fcntl(f->pipe[0], F_SETFL, O_NONBLOCK), 0);
	while (read(f->pipe[0], got, sizeof(got)) > 0)
		continue;
	log_info(&f->log, "here again");
	n = read(f->pipe[0], got, sizeof(got) - 1);
	assert_true(n > 0);
	got[n] = '\0';
	assert_non_null(strstr(got, "lines left out before this one) here again\n"));
	assert_int_equal(f->log.n_left_out, 0);
}

/* To the journal, a line has its message id and fields; what has no room is left out, not cut. */
static void test_journal_entry(void **state)
{
	static char long_value[3 * LIMIT_LOG_LINE_BYTES];
	struct journal_peer peer;
	struct fixture *f = *state;
	char got[8192];

	memset(long_value, 'x', sizeof(long_value) - 1);
	journal_peer_open(&peer);
	assert_int_equal(journal_open(peer.path, JOURNAL_NONBLOCKING, &f->log.journal), 0);
	f->log.is_to_journal = true;
	log_write(&f->log, LOG_LEVEL_NOTICE, LOG_ID_SLOT_STARTED,
		  LOG_FIELDS({ "EUNOMIA_SLOT", "s1" }, { "EUNOMIA_METHOD", NULL },
			     { "EUNOMIA_TRACKER", long_value }, { "EUNOMIA_STATE", "running" }),
		  "slot '%s' runs", "s1");
	(void)journal_peer_receive(&peer, got, sizeof(got));
	assert_string_equal(got, "MESSAGE=slot 's1' runs\n"
				 "PRIORITY=5\n"
				 "SYSLOG_IDENTIFIER=eunomiad\n"
				 "MESSAGE_ID=" LOG_ID_SLOT_STARTED "\n"
				 "EUNOMIA_SLOT=s1\n"
				 "EUNOMIA_STATE=running\n");
	journal_peer_close(&peer);
}

static void test_levels(void **state)
{
	enum log_level level;

	(void)state;
	for (int i = LOG_LEVEL_ERR; i <= LOG_LEVEL_DEBUG; i++) {
		assert_int_equal(
		    log_level_from_string(log_level_to_string((enum log_level)i), &level), 0);
		assert_int_equal((int)level, i);
	}
	assert_int_equal(log_level_from_string("loud", &level), -EINVAL);
	assert_int_equal(log_level_from_string("", &level), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		TEST(test_line),
		TEST(test_hostile_text_is_escaped),
		TEST(test_long_text_is_cut),
		TEST(test_full_pipe_does_not_block),
		TEST(test_journal_entry),
		cmocka_unit_test(test_levels),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
