/* SPDX-License-Identifier: Apache-2.0 */
/* Reports: what is in them, where they go, and that nothing else is harmed. */
#include "base/fd.h"
#include "capture.h"
#include "fake_agent.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <cmocka.h>
#include <zlib.h>

#define TAR_BYTES_MAX (4u << 20)

static void expect(const char *text, const char *words)
{
	if (!strstr(text, words))
		fail_msg("'%s' is not in\n%s", words, text);
}

/* The archive as text: names and contents; free() it. */
static char *expand(const char *bytes, size_t n)
{
	char *out = calloc(1, TAR_BYTES_MAX);
	char *copy = malloc(n);
	z_stream stream = { 0 };

	assert_non_null(out);
	assert_non_null(copy);
	memcpy(copy, bytes, n);
	stream.next_in = (unsigned char *)copy;
	stream.avail_in = (unsigned int)n;
	stream.next_out = (unsigned char *)out;
	stream.avail_out = TAR_BYTES_MAX - 1;
	assert_int_equal(inflateInit2(&stream, 15 + 16), Z_OK);
	assert_int_equal(inflate(&stream, Z_FINISH), Z_STREAM_END);
	assert_int_equal(inflateEnd(&stream), Z_OK);
	for (size_t i = 0; i < stream.total_out; i++)
		if (out[i] == '\0')
			out[i] = '\n';
	free(copy);
	return out;
}

static void test_stream(void **state)
{
	struct fake_agent *agent = fake_agent_new();
	struct captured c = CAPTURE("report", "-");
	char *text;

	(void)state;
	assert_int_equal(c.status, CTL_EXIT_OK);
	expect(c.err, "contains:\n  versions.txt");
	expect(c.err, "slots/alpha/history.json");
	text = expand(c.out, c.out_size);
	expect(text, "eunomiactl 0.1.0\n");
	expect(text, "\"program\": \"prog\"");
	expect(text, "\"value\": \"7\"");
	expect(text, "slot 'aside' was set aside");
	expect(text, "/README\n");
	expect(text, "Look through it before you send it");
	free(text);
	captured_done(&c);
	fake_agent_free(agent);
}

static void test_file(void **state)
{
	char folder[] = "/tmp/ctl-report-XXXXXX";
	char path[64];
	struct captured c;
	struct stat st;

	(void)state;
	assert_non_null(mkdtemp(folder));
	(void)snprintf(path, sizeof(path), "%s/r.tar.gz", folder);
	c = CAPTURE("report", path, "-H", "unix:///nonexistent/sock");
	assert_int_equal(c.status, CTL_EXIT_OK);
	expect(c.out, path);
	expect(c.out, "left out:\n");
	expect(c.out, "no answer from an agent");
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	captured_done(&c);
	c = CAPTURE("report", path, "-q", "-H", "unix:///nonexistent/sock"); /* once more */
	assert_int_equal(c.status, CTL_EXIT_OK);
	assert_memory_equal(c.out, path, strlen(path));
	assert_int_equal(c.out_size, strlen(path) + 1);
	captured_done(&c);
	assert_int_equal(unlink(path), 0);
	/* What is no file stays what it is. */
	c = CAPTURE("report", folder, "-H", "unix:///nonexistent/sock");
	assert_int_equal(c.status, CTL_EXIT_FAILED);
	expect(c.err, "it is there, and no plain file");
	captured_done(&c);
	assert_int_equal(rmdir(folder), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stream),
		cmocka_unit_test(test_file),
	};

	(void)signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
