/* SPDX-License-Identifier: Apache-2.0 */
/* Each kind of SOURCE, and what is said when there is none. */
#include "source.h"

#include "base/fd.h"
#include "base/str.h"
#include "capture.h"
#include "ctl_limits.h"
#include "http_server.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <cmocka.h>

/* A working folder with a folder of installed trackers in it. */
struct fixture {
	struct http_server *server;
	char folder[32];
};

static void write_file(const char *path, const char *text)
{
	assert_int_equal(eub_write_file_atomic(path, text, strlen(text), 0600), 0);
}

static int set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	assert_non_null(fixture);
	(void)signal(SIGPIPE, SIG_IGN);
	(void)setenv("no_proxy", "127.0.0.1", 1);
	fixture->server = http_server_new();
	memcpy(fixture->folder, "/tmp/ctl-source-XXXXXX", 23);
	assert_non_null(mkdtemp(fixture->folder));
	assert_int_equal(chdir(fixture->folder), 0);
	assert_int_equal(mkdir("trackers", 0700), 0);
	assert_int_equal(mkdir("opensnoop", 0700), 0);
	assert_int_equal(setenv("EUNOMIA_TRACKERS_DIR", "trackers", 1), 0);
	write_file("trackers/opensnoop.json", "{installed}");
	write_file("trackers/plain.bpf.o", "\177ELF");
	write_file("trackers/plain.json", "\177ELF");
	write_file("trackers/.hidden.json", "{}");
	write_file("trackers/notes.txt", "no tracker");
	write_file("here.bpf.o", "local");
	*state = fixture;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;
	static const char *const files[] = {
		"trackers/opensnoop.json", "trackers/plain.bpf.o", "trackers/plain.json",
		"trackers/.hidden.json",   "trackers/notes.txt",   "here.bpf.o",
	};

	for (size_t i = 0; i < EUB_ARRAY_SIZE(files); i++)
		assert_int_equal(unlink(files[i]), 0);
	assert_int_equal(rmdir("trackers"), 0);
	assert_int_equal(rmdir("opensnoop"), 0);
	assert_int_equal(chdir("/"), 0);
	assert_int_equal(rmdir(fixture->folder), 0);
	http_server_free(fixture->server);
	free(fixture);
	return 0;
}

static void expect(const char *spec, const char *data, const char *name)
{
	struct source source = { 0 };
	struct eun_error err = EUN_ERROR_INIT;

	if (source_load(spec, 0, &source, &err) < 0)
		fail_msg("'%s': %s", spec, err.message);
	assert_int_equal(source.data.len, strlen(data));
	assert_memory_equal(source.data.data, data, source.data.len);
	if (name)
		assert_string_equal(source.name, name);
	else
		assert_null(source.name);
	assert_null(source.tracker);
	source_done(&source);
}

static void expect_failure(const char *spec, enum eun_reason reason, const char *hint)
{
	struct source source = { 0 };
	struct eun_error err = EUN_ERROR_INIT;

	assert_true(source_load(spec, 0, &source, &err) < 0);
	if (err.reason != reason || !strstr(err.hint, hint))
		fail_msg("'%s': %d, '%s', '%s'", spec, err.reason, err.message, err.hint);
	eun_error_done(&err);
}

static void test_kinds(void **state)
{
	struct fixture *fixture = *state;
	char url[100];

	expect("{\"literal\":1}", "{\"literal\":1}", NULL);
	expect(" \n{}", " \n{}", NULL);
	expect("here.bpf.o", "local", "here");
	expect("./here.bpf.o", "local", "here");
	expect("opensnoop", "{installed}", "opensnoop"); /* not the folder of that name */
	expect("plain", "\177ELF", "plain");
	http_server_url(fixture->server, "/body", url, sizeof(url));
	expect(url, "{\"a\":1}", "body");
}

static void test_failures(void **state)
{
	struct fixture *fixture = *state;
	char url[100];

	expect_failure("opensnop", EUN_REASON_NOT_FOUND, "did you mean 'opensnoop'?");
	expect_failure("unlike-any", EUN_REASON_NOT_FOUND, "");
	expect_failure("hidden", EUN_REASON_NOT_FOUND, "");
	expect_failure("./missing.json", EUN_REASON_NOT_FOUND, "");
	expect_failure("../trackers/opensnoop", EUN_REASON_NOT_FOUND, "");
	expect_failure("ftp://host/x.json", EUN_REASON_INVALID_ARGUMENT, "");
	expect_failure("./trackers", EUN_REASON_IO, "");
	expect_failure("", EUN_REASON_NOT_FOUND, "");
	http_server_url(fixture->server, "/missing", url, sizeof(url));
	expect_failure(url, EUN_REASON_NOT_FOUND, "");
}

static void test_remote_names(void **state)
{
	struct source source = { 0 };
	struct eun_error err = EUN_ERROR_INIT;

	(void)state;
	assert_int_equal(source_load("elsewhere", SOURCE_MAY_BE_REMOTE, &source, &err), 0);
	assert_string_equal(source.tracker, "elsewhere");
	assert_int_equal(source.data.len, 0);
	assert_int_equal(err.code, 0);
	source_done(&source);
	assert_int_equal(source_load("./elsewhere", SOURCE_MAY_BE_REMOTE, &source, &err), -ENOENT);
	eun_error_done(&err);
}

/* Standard input is a file of @size bytes, sparse. */
static int load_stdin(off_t size, struct source *source, struct eun_error *err)
{
	int saved = dup(STDIN_FILENO);
	int fd = memfd_create("stdin", MFD_CLOEXEC);
	int r;

	assert_int_equal(ftruncate(fd, size), 0);
	assert_int_equal(dup2(fd, STDIN_FILENO), STDIN_FILENO);
	r = source_load("-", 0, source, err);
	assert_int_equal(dup2(saved, STDIN_FILENO), STDIN_FILENO);
	(void)close(fd);
	(void)close(saved);
	return r;
}

static void test_standard_input(void **state)
{
	struct source source = { 0 };
	struct eun_error err = EUN_ERROR_INIT;

	(void)state;
	assert_int_equal(load_stdin(CTL_SOURCE_MAX_BYTES, &source, &err), 0);
	assert_int_equal(source.data.len, CTL_SOURCE_MAX_BYTES);
	assert_null(source.name);
	source_done(&source);
	assert_int_equal(load_stdin(CTL_SOURCE_MAX_BYTES + 1, &source, &err), -EFBIG);
	assert_int_equal(err.reason, EUN_REASON_TOO_LARGE);
	eun_error_done(&err);
	assert_int_equal(load_stdin(0, &source, &err), -EINVAL);
	assert_int_equal(err.reason, EUN_REASON_BAD_PACKAGE);
	eun_error_done(&err);
}

static void test_stem(void **state)
{
	static const struct {
		const char *path;
		const char *stem;
	} cases[] = {
		{ "/a/b/opensnoop.bpf.o", "opensnoop" },
		{ "x", "x" },
		{ "https://host/p/package.json?raw=1", "package" },
		{ "a/.hidden", NULL },
		{ "a/", NULL },
	};

	(void)state;
	for (size_t i = 0; i < EUB_ARRAY_SIZE(cases); i++) {
		char *stem = source_stem(cases[i].path);

		if (cases[i].stem)
			assert_string_equal(stem, cases[i].stem);
		else
			assert_null(stem);
		free(stem);
	}
}

static void test_completion_of_trackers(void **state)
{
	struct captured c = CAPTURE("completion", "--trackers");

	(void)state;
	assert_int_equal(c.status, 0);
	assert_string_equal(c.out, "opensnoop\nplain\n");
	captured_done(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kinds),	     cmocka_unit_test(test_failures),
		cmocka_unit_test(test_remote_names), cmocka_unit_test(test_standard_input),
		cmocka_unit_test(test_stem),	     cmocka_unit_test(test_completion_of_trackers),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
