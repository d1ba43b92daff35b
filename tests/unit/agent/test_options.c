/* SPDX-License-Identifier: Apache-2.0 */
/* The command line. */
#include "options.h"

#include "agent_test.h"
#include "base/macro.h"

#include <errno.h>

#define PARSE(options, err, ...)                                                                   \
	options_parse((int)EUB_ARRAY_SIZE(((const char *[]){ "eunomiad", __VA_ARGS__ })),          \
		      (char *const *)(const void *)(const char *[]){ "eunomiad", __VA_ARGS__ },    \
		      options, err)

static void test_all_options(void **state)
{
	struct options options;
	struct config config;

	(void)state;
	assert_int_equal(PARSE(&options, NULL, "--config", "/dev/null", "--socket=/s/a",
			       "--state-dir", "/st", "--bpffs-dir", "/b", "--log-level", "debug",
			       "--foreground-log"),
			 0);
	assert_int_equal(options.action, OPTIONS_RUN);
	assert_string_equal(options.config_path, "/dev/null");
	assert_true(options.is_log_foreground);
	assert_int_equal(options_configure(&options, NULL, NULL, &config, NULL), 0);
	assert_string_equal(config.socket_path, "/s/a");
	assert_string_equal(config.state_dir, "/st");
	assert_string_equal(config.bpffs_dir, "/b");
	assert_int_equal(config.log_level, LOG_LEVEL_DEBUG);
	config_done(&config);
}

static void test_last_of_equal_options_counts(void **state)
{
	const char *argv[40] = { "eunomiad" };
	struct options options;
	struct config config;

	(void)state;
	for (size_t i = 1; i < EUB_ARRAY_SIZE(argv); i++)
		argv[i] = "--socket=/first";
	argv[39] = "--socket=/last";
	assert_int_equal(options_parse(40, (char *const *)(const void *)argv, &options, NULL), 0);
	options.config_path = "/dev/null";
	assert_int_equal(options_configure(&options, NULL, NULL, &config, NULL), 0);
	assert_string_equal(config.socket_path, "/last");
	config_done(&config);
}

static void test_wrong_usage(void **state)
{
	struct eun_error err = EUN_ERROR_INIT;
	struct options options;

	(void)state;
	assert_int_equal(PARSE(&options, &err, "--sock"), -EINVAL);
	assert_string_equal(err.message, "unknown argument '--sock'");
	assert_string_equal(err.hint, "'eunomiad --help' lists the options");
	eun_error_done(&err);
	assert_int_equal(PARSE(&options, &err, "--socket"), -EINVAL);
	assert_string_equal(err.message, "--socket needs an argument");
	eun_error_done(&err);
	assert_int_equal(PARSE(&options, &err, "--foreground-log=yes"), -EINVAL);
	assert_string_equal(err.message, "--foreground-log takes no argument");
	eun_error_done(&err);
	assert_int_equal(PARSE(&options, &err, "extra"), -EINVAL);
	eun_error_done(&err);
}

static void test_bad_value_names_the_command_line(void **state)
{
	struct eun_error err = EUN_ERROR_INIT;
	struct options options;
	struct config config;

	(void)state;
	assert_int_equal(PARSE(&options, &err, "--config=/dev/null", "--log-level", "loud"), 0);
	assert_int_equal(options_configure(&options, NULL, NULL, &config, &err), -EINVAL);
	assert_non_null(strstr(err.message, "command line: LogLevel= takes"));
	eun_error_done(&err);
}

/* The default file may be missing, one that was asked for may not. */
static void test_no_file(void **state)
{
	struct eun_error err = EUN_ERROR_INIT;
	struct options options;
	struct config config;

	(void)state;
	assert_int_equal(PARSE(&options, &err, "--config=/tmp/eunomia-no-such"), 0);
	assert_int_equal(options_configure(&options, NULL, NULL, &config, &err), -ENOENT);
	assert_non_null(strstr(err.message, "/tmp/eunomia-no-such"));
	eun_error_done(&err);
}

static void test_actions(void **state)
{
	struct options options;
	char *text = NULL;
	size_t size = 0;
	FILE *file = open_memstream(&text, &size);

	(void)state;
	assert_int_equal(PARSE(&options, NULL, "--help"), 0);
	assert_int_equal(options.action, OPTIONS_HELP);
	assert_int_equal(PARSE(&options, NULL, "--version"), 0);
	assert_int_equal(options.action, OPTIONS_VERSION);
	assert_int_equal(PARSE(&options, NULL, "--end-trackers"), 0);
	assert_int_equal(options.action, OPTIONS_END_TRACKERS);
	assert_non_null(file);
	options_print_help(file);
	assert_int_equal(fclose(file), 0);
	assert_non_null(strstr(text, "--bpffs-dir"));
	assert_non_null(strstr(text, "--foreground-log"));
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_options),
		cmocka_unit_test(test_last_of_equal_options_counts),
		cmocka_unit_test(test_wrong_usage),
		cmocka_unit_test(test_bad_value_names_the_command_line),
		cmocka_unit_test(test_no_file),
		cmocka_unit_test(test_actions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
