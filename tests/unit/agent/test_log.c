/* SPDX-License-Identifier: Apache-2.0 */
/* The agent's log: levels, escaping, cutting, never blocking, what goes to the journal. */
#include "log.h"

#include "agent_limits.h"
#include "queue_peer.h"

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
	log_init(&f->log, LOG_TARGET_STDERR, LOG_LEVEL_INFO, NULL);
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
	assert_true(f->log.n_unwritten > 0);
	n = read(f->pipe[0], got, sizeof(got));
	assert_true(n > 0);
	assert_int_equal(fcntl(f->pipe[0], F_SETFL, O_NONBLOCK), 0);
	while (read(f->pipe[0], got, sizeof(got)) > 0)
		continue;
	log_info(&f->log, "here again");
	n = read(f->pipe[0], got, sizeof(got) - 1);
	assert_true(n > 0);
	got[n] = '\0';
	assert_non_null(strstr(got, "lines left out until now) here again\n"));
	log_info(&f->log, "and again");
	check_line(f, "eunomiad: info: and again\n");
}

/* As systemd tells that standard error is the journal's stream. */
static void init_for_journal(struct fixture *f, struct journal_queue *queue)
{
	char stream[64];
	struct stat st;

	assert_int_equal(fstat(STDERR_FILENO, &st), 0);
	(void)snprintf(stream, sizeof(stream), "%llu:%llu", (unsigned long long)st.st_dev,
		       (unsigned long long)st.st_ino);
	assert_int_equal(setenv("JOURNAL_STREAM", stream, 1), 0);
	log_done(&f->log);
	log_init(&f->log, LOG_TARGET_AUTO, LOG_LEVEL_INFO, queue);
	assert_int_equal(unsetenv("JOURNAL_STREAM"), 0);
}

/* To the journal, a line has its message id and fields; what has no room is left out, not cut. */
static void test_journal_entry(void **state)
{
	static char long_value[3 * LIMIT_LOG_LINE_BYTES];
	struct queue_peer peer;
	struct fixture *f = *state;

	memset(long_value, 'x', sizeof(long_value) - 1);
	queue_peer_open(&peer);
	init_for_journal(f, peer.queue);
	log_write(&f->log, LOG_LEVEL_NOTICE, LOG_ID_SLOT_STARTED,
		  LOG_FIELDS({ "EUNOMIA_SLOT", "s1" }, { "EUNOMIA_METHOD", NULL },
			     { "EUNOMIA_TRACKER", long_value }, { "EUNOMIA_STATE", "running" }),
		  "slot '%s' runs", "s1");
	queue_peer_receive(&peer);
	assert_int_equal(peer.n_fields, 6);
	assert_true(queue_peer_has(&peer, "MESSAGE=slot 's1' runs"));
	assert_true(queue_peer_has(&peer, "PRIORITY=5"));
	assert_true(queue_peer_has(&peer, "SYSLOG_IDENTIFIER=eunomiad"));
	assert_true(queue_peer_has(&peer, "MESSAGE_ID=" LOG_ID_SLOT_STARTED));
	assert_true(queue_peer_has(&peer, "EUNOMIA_SLOT=s1"));
	assert_true(queue_peer_has(&peer, "EUNOMIA_STATE=running"));
	log_done(&f->log);
	log_info(&f->log, "at once");
	check_line(f, "eunomiad: info: at once\n");
	queue_peer_close(&peer);
}

/* Lines that journald did not take are told of, also when the line that tells is lost. */
static void test_lines_that_the_journal_did_not_take(void **state)
{
	struct queue_peer peer;
	struct fixture *f = *state;

	queue_peer_open(&peer);
	init_for_journal(f, peer.queue);
	atomic_fetch_add(&f->log.account->n_dropped, 2);
	log_info(&f->log, "first");
	queue_peer_receive(&peer);
	assert_true(queue_peer_has(&peer, "MESSAGE=(2 lines left out until now) first"));
	log_info(&f->log, "second");
	queue_peer_receive(&peer);
	assert_true(queue_peer_has(&peer, "MESSAGE=second"));
	queue_peer_close(&peer);
}

/* Without room in the queue, the line is on standard error, and nothing counts as left out. */
static void test_queue_that_takes_nothing(void **state)
{
	struct queue_peer peer;
	struct fixture *f = *state;

	queue_peer_open(&peer);
	journal_queue_set_limits(peer.queue, 1, 1);
	init_for_journal(f, peer.queue);
	log_info(&f->log, "first");
	log_info(&f->log, "second");
	check_line(f, "eunomiad: info: first\neunomiad: info: second\n");
	queue_peer_close(&peer);
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
		TEST(test_lines_that_the_journal_did_not_take),
		TEST(test_queue_that_takes_nothing),
		cmocka_unit_test(test_levels),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
