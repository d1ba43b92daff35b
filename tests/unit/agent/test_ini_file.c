/* SPDX-License-Identifier: Apache-2.0 */
/* Sections and keys in order, with their lines; what ends the reading, and how it is told. */
#include "ini_file.h"

#include "agent_limits.h"
#include "agent_test.h"
#include "base/str.h"
#include "folder.h"

#include <errno.h>

struct fixture {
	struct test_folder folder;
	char *path;
	char seen[512];
	struct eun_error err;
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	test_folder_make(&f->folder);
	f->path = test_path(&f->folder, "x.conf");
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(folder_remove(f->folder.path), 0);
	eun_error_done(&f->err);
	free(f->path);
	free(f);
	return 0;
}

/* Refuses the key "bad". */
static int on_key(void *userdata, const struct ini_key *key, struct eun_error *err)
{
	struct fixture *f = userdata;
	size_t used = strlen(f->seen);

	assert_string_equal(key->path, f->path);
	if (eub_streq(key->name, "bad"))
		return eun_error_set(err, -ERANGE, EUN_REASON_INVALID_ARGUMENT, "refused");
	(void)snprintf(f->seen + used, sizeof(f->seen) - used, "%u[%s]%s=%s;", key->line,
		       key->section, key->name, key->value);
	return 0;
}

static int read_text(struct fixture *f, const char *text)
{
	f->seen[0] = '\0';
	eun_error_done(&f->err);
	test_write_file(f->path, text);
	return ini_file_read(f->path, on_key, f, &f->err);
}

static void test_keys_in_order(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(read_text(f, "# comment\n[A]\nx = 1\n\n; another\n[B]\nx=a=b\nx=2\n"), 0);
	assert_string_equal(f->seen, "3[A]x=1;7[B]x=a=b;8[B]x=2;");
	assert_int_equal(read_text(f, ""), 0);
	assert_string_equal(f->seen, "");
}

static void test_first_failure_ends_it(void **state)
{
	struct fixture *f = *state;
	char wanted[128];

	assert_int_equal(read_text(f, "[A]\nx=1\nbad=1\nx=2\n"), -ERANGE);
	assert_string_equal(f->seen, "2[A]x=1;");
	(void)snprintf(wanted, sizeof(wanted), "%s:3: refused", f->path);
	assert_string_equal(f->err.message, wanted);
}

static void test_lines_that_are_none(void **state)
{
	struct fixture *f = *state;
	char line[LIMIT_CONFIG_LINE_BYTES + 16] = "x=";

	assert_int_equal(read_text(f, "[A]\nx=1\nnonsense\n"), -EINVAL);
	assert_non_null(strstr(f->err.message, ":3: neither"));
	memset(line + 2, 'y', LIMIT_CONFIG_LINE_BYTES);
	assert_int_equal(read_text(f, line), -EINVAL);
	assert_non_null(strstr(f->err.message, ":1: the line is longer"));
	line[0] = '#'; /* a comment may be of any length */
	assert_int_equal(read_text(f, line), 0);
}

static void test_file_that_is_not_there(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(ini_file_read("/nonexistent/x", on_key, f, &f->err), -ENOENT);
	assert_int_equal(f->err.reason, EUN_REASON_IO);
	eun_error_done(&f->err);
	assert_int_equal(ini_file_read(f->folder.path, on_key, f, &f->err), -EIO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_keys_in_order, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_first_failure_ends_it, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_lines_that_are_none, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_file_that_is_not_there, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
