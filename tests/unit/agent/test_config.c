/* SPDX-License-Identifier: Apache-2.0 */
/* Defaults, the file's syntax, ranges, warnings; and that the documents list what the table has. */
#include "config.h"

#include "agent_test.h"
#include "base/cleanup.h"
#include "base/fd.h"

#include <errno.h>

struct fixture {
	struct test_folder folder;
	char *path;
	struct config config;
	struct eun_error err;
	char warnings[1024];
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	test_folder_make(&f->folder);
	f->path = test_path(&f->folder, "eunomiad.conf");
	assert_int_equal(config_init(&f->config, NULL), 0);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	(void)unlink(f->path);
	assert_int_equal(rmdir(f->folder.path), 0);
	free(f->path);
	config_done(&f->config);
	eun_error_done(&f->err);
	free(f);
	return 0;
}

static void on_warning(void *userdata, const char *line)
{
	struct fixture *f = userdata;

	strncat(f->warnings, line, sizeof(f->warnings) - strlen(f->warnings) - 1);
	strncat(f->warnings, "\n", sizeof(f->warnings) - strlen(f->warnings) - 1);
}

static int read_text(struct fixture *f, const char *text)
{
	test_write_file(f->path, text);
	return config_read(&f->config, f->path, on_warning, f, &f->err);
}

static void test_defaults(void **state)
{
	struct fixture *f = *state;

	assert_string_equal(f->config.socket_path, "/run/eunomia/control.sock");
	assert_int_equal(f->config.socket_mode, 0660);
	assert_int_equal(f->config.log_level, LOG_LEVEL_INFO);
	assert_int_equal(f->config.journal_events, 1);
	assert_int_equal(f->config.journal_rate_limit, 1000);
	assert_int_equal(f->config.event_delay_us, 2000);
}

static void test_file_is_read(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(read_text(f, "# a comment\n"
				      "[Agent]\n"
				      "Socket=/tmp/x.sock\n"
				      "SocketMode = 0666\n"
				      "LogLevel=debug\n"
				      "\n"
				      "[Journal]\n"
				      "JournalEvents=off\n"
				      "[Limits]\n"
				      "MaxSlots=7\n"),
			 0);
	assert_string_equal(f->config.socket_path, "/tmp/x.sock");
	assert_int_equal(f->config.socket_mode, 0666);
	assert_int_equal(f->config.log_level, LOG_LEVEL_DEBUG);
	assert_int_equal(f->config.journal_events, 0);
	assert_int_equal(f->config.max_slots, 7);
	assert_string_equal(f->warnings, "");
}

static void test_unknown_keys_are_warned_about_by_line(void **state)
{
	struct fixture *f = *state;
	char expected[512];

	assert_int_equal(read_text(f, "[Agent]\n"
				      "Sokcet=/tmp/x\n"
				      "LogLevel=err\n"
				      "\n"
				      "[Extra]\n"
				      "Socket=/tmp/y\n"),
			 0);
	(void)snprintf(expected, sizeof(expected),
		       "%s:2: unknown key Sokcet= in section [Agent], ignoring it\n"
		       "%s:6: unknown key Socket= in section [Extra], ignoring it\n",
		       f->path, f->path);
	assert_string_equal(f->warnings, expected);
	assert_string_equal(f->config.socket_path, "/run/eunomia/control.sock");
	assert_int_equal(f->config.log_level, LOG_LEVEL_ERR);
}

static void test_bad_values_are_errors_by_line(void **state)
{
	static const struct {
		const char *line;
		const char *message; /* after "FILE:2: " */
		int code;
	} rows[] = {
		{ "LogLevel=loud",
		  "LogLevel= takes one of err, warning, notice, info, debug, not 'loud'", -EINVAL },
		{ "EventDelayUs=-1", "EventDelayUs= takes a number from 0 to 100000, not '-1'",
		  -EINVAL },
		{ "EventDelayUs=100001",
		  "EventDelayUs= takes a number from 0 to 100000, not '100001'", -ERANGE },
		{ "EventDelayUs=99999999999999999999999",
		  "EventDelayUs= takes a number from 0 to 100000, not '99999999999999999999999'",
		  -ERANGE },
		{ "SocketMode=0888", "SocketMode= takes an octal number from 0 to 0777, not '0888'",
		  -EINVAL },
		{ "SocketMode=1777", "SocketMode= takes an octal number from 0 to 0777, not '1777'",
		  -ERANGE },
		{ "Socket=relative.sock",
		  "Socket= takes an absolute path of 2 to 107 bytes, not 'relative.sock'",
		  -EINVAL },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < EUB_ARRAY_SIZE(rows); i++) {
		char text[256], expected[512];

		(void)snprintf(text, sizeof(text), "[Agent]\n%s\n", rows[i].line);
		(void)snprintf(expected, sizeof(expected), "%s:2: %s", f->path, rows[i].message);
		assert_int_equal(read_text(f, text), rows[i].code);
		assert_string_equal(f->err.message, expected);
		eun_error_done(&f->err);
	}
	assert_int_equal(f->config.event_delay_us, 2000);
}

static void test_socket_path_of_108_bytes_is_refused(void **state)
{
	struct fixture *f = *state;
	const struct config_key *key = config_find_key("Agent", "Socket");
	char path[109];

	memset(path, 'a', sizeof(path) - 1);
	path[0] = '/';
	path[108] = '\0';
	assert_int_equal(config_set(&f->config, key, path, NULL), -ERANGE);
	path[107] = '\0';
	assert_int_equal(config_set(&f->config, key, path, NULL), 0);
	assert_string_equal(f->config.socket_path, path);
}

static void test_lines_that_are_no_setting_are_errors(void **state)
{
	struct fixture *f = *state;
	char expected[256];

	assert_int_equal(read_text(f, "[Agent]\n\nnonsense\n"), -EINVAL);
	(void)snprintf(expected, sizeof(expected),
		       "%s:3: neither a section, a comment, nor KEY=VALUE", f->path);
	assert_string_equal(f->err.message, expected);
}

/* inih would read the rest of a long line as a line of its own. */
static void test_long_lines(void **state)
{
	struct fixture *f = *state;
	char text[4096];

	memset(text, 'x', sizeof(text));
	text[0] = '#';
	memcpy(text + 3000, "\n[Limits]\nMaxSlots=3\n", 22);
	assert_int_equal(read_text(f, text), 0);
	assert_int_equal(f->config.max_slots, 3);
	memcpy(text, "[Agent]\nStateDir=/", 18);
	assert_int_equal(read_text(f, text), -EINVAL);
	assert_non_null(strstr(f->err.message, ":2: the line is longer than"));
}

static void test_missing_file(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(config_read(&f->config, f->path, on_warning, f, &f->err), -ENOENT);
	assert_non_null(strstr(f->err.message, f->path));
}

static void test_swap_and_compare(void **state)
{
	struct fixture *f = *state;
	const struct config_key *path = config_find_key("Agent", "StateDir");
	const struct config_key *number = config_find_key("Limits", "MaxSlots");
	struct config other;

	assert_int_equal(config_init(&other, NULL), 0);
	assert_true(config_is_equal(&f->config, &other, path));
	assert_int_equal(config_set(&other, path, "/x/y", NULL), 0);
	assert_int_equal(config_set(&other, number, "9", NULL), 0);
	assert_false(config_is_equal(&f->config, &other, path));
	assert_false(config_is_equal(&f->config, &other, number));
	config_swap(&f->config, &other, path);
	config_swap(&f->config, &other, number);
	assert_string_equal(f->config.state_dir, "/x/y");
	assert_int_equal(config_get_number(&f->config, number), 9);
	config_done(&other);
}

/* Every key is in both documents with its default: a new key cannot be forgotten there. */
static void test_documents_list_every_key(void **state)
{
	_cleanup_(eub_buf_done) struct eub_buf conf = EUB_BUF_INIT;
	_cleanup_(eub_buf_done) struct eub_buf doc = EUB_BUF_INIT;
	const struct config_key *key;

	(void)state;
	assert_int_equal(eub_read_file(SOURCE_DIR "/packaging/eunomiad.conf", 1 << 20, &conf), 0);
	assert_int_equal(eub_read_file(SOURCE_DIR "/docs/configuration.md", 1 << 20, &doc), 0);
	eub_buf_append_char(&conf, '\0');
	eub_buf_append_char(&doc, '\0');
	for (size_t i = 0; (key = config_get_key(i)); i++) {
		bool depends_on_build = strcmp(key->name, "TrackersDir") == 0;
		char line[256];

		(void)snprintf(line, sizeof(line), "\n#%s=%s\n", key->name, key->fallback);
		if (!depends_on_build && !strstr(conf.data, line))
			fail_msg("packaging/eunomiad.conf lacks %s", line);
		(void)snprintf(line, sizeof(line), "\n| `%s=` | `%s` | %s |", key->name,
			       depends_on_build ? "/usr/lib/eunomia/trackers" : key->fallback,
			       key->is_reloadable ? "reload" : "restart");
		if (!strstr(doc.data, line))
			fail_msg("docs/configuration.md lacks %s", line);
	}
}

static void test_packaged_file_is_valid(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(
	    config_read(&f->config, SOURCE_DIR "/packaging/eunomiad.conf", on_warning, f, &f->err),
	    0);
	assert_string_equal(f->warnings, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		TEST(test_defaults),
		TEST(test_file_is_read),
		TEST(test_unknown_keys_are_warned_about_by_line),
		TEST(test_bad_values_are_errors_by_line),
		TEST(test_socket_path_of_108_bytes_is_refused),
		TEST(test_lines_that_are_no_setting_are_errors),
		TEST(test_long_lines),
		TEST(test_missing_file),
		TEST(test_swap_and_compare),
		TEST(test_documents_list_every_key),
		TEST(test_packaged_file_is_valid),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
