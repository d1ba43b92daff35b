/* SPDX-License-Identifier: Apache-2.0 */
/* Archives, read back by the bytes of the standard. */
#include "archive.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <zlib.h>

#define BLOCK 512

/* Makes an archive of two files, one of them with a long path, and of one without contents. */
static void make(struct eub_buf *bytes)
{
	struct archive *archive = NULL;
	char path[200];

	assert_int_equal(archive_new(1000000000, &archive), 0);
	assert_int_equal(archive_add(archive, "folder/a", "hello", 5), 0);
	memset(path, 'p', sizeof(path));
	memcpy(path + 95, "/slot/", 6);
	path[180] = '\0';
	assert_int_equal(archive_add(archive, path, NULL, 0), 0);
	assert_int_equal(archive_finish(archive, bytes), 0);
	assert_null(archive_free(archive));
}

/* Decompresses at most @size bytes. Return: how many there are. */
static size_t expand(const struct eub_buf *bytes, char *out, size_t size)
{
	z_stream stream = { .next_in = (unsigned char *)bytes->data,
			    .avail_in = (unsigned int)bytes->len,
			    .next_out = (unsigned char *)out,
			    .avail_out = (unsigned int)size };

	assert_int_equal(inflateInit2(&stream, 15 + 16), Z_OK);
	assert_int_equal(inflate(&stream, Z_FINISH), Z_STREAM_END);
	assert_int_equal(inflateEnd(&stream), Z_OK);
	return stream.total_out;
}

static void test_layout(void **state)
{
	struct eub_buf bytes = EUB_BUF_INIT;
	char tar[8192] = "";
	const char *second = tar + 2 * BLOCK;

	(void)state;
	make(&bytes);
	assert_int_equal(expand(&bytes, tar, sizeof(tar)), 5 * BLOCK);
	assert_string_equal(tar, "folder/a");
	assert_string_equal(tar + 100, "0000600");
	assert_string_equal(tar + 124, "00000000005");
	assert_string_equal(tar + 136, "07346545000");
	assert_memory_equal(tar + 257, "ustar\00000", 8);
	assert_memory_equal(tar + BLOCK, "hello\0\0", 7);
	/* The path is cut at a slash, so that its end fits. */
	assert_memory_equal(second, "slot/ppp", 8);
	assert_int_equal(strlen(second), 84);
	assert_int_equal(strlen(second + 345), 95);
	eub_buf_done(&bytes);
}

static void test_checksum(void **state)
{
	struct eub_buf bytes = EUB_BUF_INIT;
	char tar[8192];
	unsigned int sum = 8 * ' ';

	(void)state;
	make(&bytes);
	(void)expand(&bytes, tar, sizeof(tar));
	for (size_t i = 0; i < BLOCK; i++)
		if (i < 148 || i >= 156)
			sum += (unsigned char)tar[i];
	assert_int_equal(strtoul(tar + 148, NULL, 8), sum);
	eub_buf_done(&bytes);
}

static void test_same_bytes(void **state)
{
	struct eub_buf a = EUB_BUF_INIT, b = EUB_BUF_INIT;

	(void)state;
	make(&a);
	make(&b);
	assert_int_equal(a.len, b.len);
	assert_memory_equal(a.data, b.data, a.len);
	eub_buf_done(&a);
	eub_buf_done(&b);
}

static void test_names_that_do_not_fit(void **state)
{
	struct archive *archive = NULL;
	char path[300];

	(void)state;
	assert_int_equal(archive_new(0, &archive), 0);
	memset(path, 'p', sizeof(path));
	path[101] = '\0';
	assert_int_equal(archive_add(archive, path, "", 0), -ENAMETOOLONG);
	path[100] = '\0';
	assert_int_equal(archive_add(archive, path, "", 0), 0);
	path[100] = 'p';
	path[299] = '\0';
	path[200] = '/';
	assert_int_equal(archive_add(archive, path, "", 0), -ENAMETOOLONG);
	assert_null(archive_free(archive));
	assert_null(archive_free(NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_layout),
		cmocka_unit_test(test_checksum),
		cmocka_unit_test(test_same_bytes),
		cmocka_unit_test(test_names_that_do_not_fit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
