/* SPDX-License-Identifier: Apache-2.0 */
/* The head of a file: every damage is told from content, sizes are bounded, failures have hints. */
#include "state_file.h"

#include "agent_limits.h"
#include "agent_test.h"
#include "base/fd.h"
#include "folder.h"

#include <errno.h>

struct fixture {
	struct test_folder folder;
	char *path;
	struct eub_buf payload;
	struct eun_error err;
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	test_folder_make(&f->folder);
	f->path = test_path(&f->folder, "file");
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(folder_remove(f->folder.path), 0);
	eun_error_done(&f->err);
	eub_buf_done(&f->payload);
	free(f->path);
	free(f);
	return 0;
}

static int write_text(struct fixture *f, const char *text)
{
	eub_buf_clear(&f->payload);
	eub_buf_append_str(&f->payload, text);
	return state_file_write(f->path, STATE_FILE_SLOT, &f->payload, STATE_FAST, &f->err);
}

static int read_back(struct fixture *f, enum state_file_kind kind)
{
	eun_error_done(&f->err);
	eub_buf_clear(&f->payload);
	return state_file_read(f->path, kind, &f->payload, &f->err);
}

static void test_round_trip(void **state)
{
	struct fixture *f = *state;
	struct stat st;

	assert_int_equal(write_text(f, "content"), 0);
	assert_int_equal(stat(f->path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600); /* arguments may hold secrets */
	assert_int_equal(read_back(f, STATE_FILE_SLOT), 0);
	assert_int_equal(f->payload.len, 7);
	assert_memory_equal(f->payload.data, "content", 7);
	assert_int_equal(read_back(f, STATE_FILE_PACKAGE), -EBADMSG);
	assert_int_equal(write_text(f, ""), 0);
	assert_int_equal(read_back(f, STATE_FILE_SLOT), 0);
	assert_int_equal(f->payload.len, 0);
}

/* The head is laid down for other programs, and for versions to come. */
static void test_layout(void **state)
{
	static const char wanted[] = "EUNSLOT\n\3\0\0\0\302\101\44\65abc"; /* crc32("abc") */
	struct fixture *f = *state;
	struct eub_buf bytes = EUB_BUF_INIT;

	assert_int_equal(write_text(f, "abc"), 0);
	assert_int_equal(eub_read_file(f->path, 100, &bytes), 0);
	assert_int_equal(bytes.len, sizeof(wanted) - 1);
	assert_memory_equal(bytes.data, wanted, sizeof(wanted) - 1);
	eub_buf_done(&bytes);
}

static void test_every_cut_and_flip_is_damage(void **state)
{
	struct fixture *f = *state;
	struct eub_buf bytes = EUB_BUF_INIT;

	assert_int_equal(write_text(f, "content"), 0);
	assert_int_equal(eub_read_file(f->path, 100, &bytes), 0);
	for (size_t i = 0; i < bytes.len; i++) {
		assert_int_equal(eub_write_file_atomic(f->path, bytes.data, i, 0600), 0);
		assert_int_equal(read_back(f, STATE_FILE_SLOT), -EBADMSG);
		assert_non_null(strstr(f->err.message, "damaged"));
		bytes.data[i] = (char)(bytes.data[i] ^ 0x10);
		assert_int_equal(eub_write_file_atomic(f->path, bytes.data, bytes.len, 0600), 0);
		assert_int_equal(read_back(f, STATE_FILE_SLOT), -EBADMSG);
		bytes.data[i] = (char)(bytes.data[i] ^ 0x10);
	}
	eub_buf_append_char(&bytes, 'x');
	assert_int_equal(eub_write_file_atomic(f->path, bytes.data, bytes.len, 0600), 0);
	assert_int_equal(read_back(f, STATE_FILE_SLOT), -EBADMSG);
	eub_buf_done(&bytes);
}

static void test_sizes_are_bounded(void **state)
{
	struct fixture *f = *state;

	eub_buf_fill(&f->payload, 'x', LIMIT_STATE_SLOT_BYTES);
	assert_int_equal(
	    state_file_write(f->path, STATE_FILE_SLOT, &f->payload, STATE_FAST, &f->err), 0);
	assert_int_equal(read_back(f, STATE_FILE_SLOT), 0);
	assert_int_equal(f->payload.len, LIMIT_STATE_SLOT_BYTES);
	eub_buf_append_char(&f->payload, 'x');
	assert_int_equal(
	    state_file_write(f->path, STATE_FILE_SLOT, &f->payload, STATE_FAST, &f->err), -E2BIG);
	assert_int_equal(
	    state_file_write(f->path, STATE_FILE_PACKAGE, &f->payload, STATE_FAST, NULL), 0);
	assert_int_equal(read_back(f, STATE_FILE_SLOT), -EBADMSG);
	assert_non_null(strstr(f->err.message, "larger"));
}

static void test_failures_say_what_to_do(void **state)
{
	static const int codes[] = { -ENOSPC, -EDQUOT, -EROFS, -EIO, -EACCES };
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		eun_error_done(&f->err);
		assert_int_equal(state_file_fail(&f->err, codes[i], "write", f->path), codes[i]);
		assert_int_equal(f->err.reason, EUN_REASON_IO);
		assert_non_null(strstr(f->err.message, f->path));
		assert_non_null(strstr(f->err.message, strerror(-codes[i])));
		assert_string_not_equal(f->err.hint, "");
	}
	eun_error_done(&f->err);
	assert_int_equal(read_back(f, STATE_FILE_SLOT), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_round_trip, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_layout, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_every_cut_and_flip_is_damage, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(test_sizes_are_bounded, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_failures_say_what_to_do, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
