/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include "rpc/metadata.h"

#include <string.h>

static void test_timeouts(void **state)
{
	static const struct {
		const char *text;
		uint64_t ns;
	} good[] = {
		{ "1n", 1 },
		{ "2u", 2000 },
		{ "3m", 3000000 },
		{ "4S", 4000000000 },
		{ "5M", 300000000000 },
		{ "1H", 3600000000000 },
		{ "0m", 0 },
		{ "99999999H", UINT64_MAX },
	};
	static const char *const bad[] = { "", "1", "m", "1x", "-1m", "123456789m", "1 m", "1mm" };
	uint64_t ns;

	(void)state;
	for (size_t i = 0; i < EUB_ARRAY_SIZE(good); i++) {
		assert_int_equal(
		    rpc_metadata_parse_timeout(good[i].text, strlen(good[i].text), &ns), 0);
		assert_int_equal(ns, good[i].ns);
	}
	for (size_t i = 0; i < EUB_ARRAY_SIZE(bad); i++)
		assert_int_equal(rpc_metadata_parse_timeout(bad[i], strlen(bad[i]), &ns), -EINVAL);
}

static void test_timeout_written(void **state)
{
	struct eub_buf buf = EUB_BUF_INIT;

	(void)state;
	rpc_metadata_append_timeout(&buf, 99999999);
	eub_buf_append_char(&buf, ' ');
	rpc_metadata_append_timeout(&buf, 100000001);
	assert_int_equal(buf.len, 17);
	assert_memory_equal(buf.data, "99999999m 100001S", 17);
	eub_buf_done(&buf);
}

static void test_percent_round_trip(void **state)
{
	static const char text[] = "100% \xc3\xa9\n\x7f\xff end";
	struct eub_buf encoded = EUB_BUF_INIT;
	struct eub_buf decoded = EUB_BUF_INIT;

	(void)state;
	rpc_metadata_append_percent(&encoded, text, 1000);
	for (size_t i = 0; i < encoded.len; i++)
		assert_in_range(encoded.data[i], 0x20, 0x7e);
	rpc_metadata_decode_percent(encoded.data, encoded.len, &decoded);
	assert_int_equal(decoded.len, sizeof(text) - 1);
	assert_memory_equal(decoded.data, text, decoded.len);
	eub_buf_done(&encoded);
	eub_buf_done(&decoded);
}

static void test_percent_cuts_between_characters(void **state)
{
	struct eub_buf buf = EUB_BUF_INIT;

	(void)state;
	rpc_metadata_append_percent(&buf, "a\xc3\xa9\xc3\xa9", 12);
	assert_int_equal(buf.len, 7);
	assert_memory_equal(buf.data, "a%C3%A9", 7);
	eub_buf_done(&buf);
}

static void test_percent_keeps_what_is_no_escape(void **state)
{
	struct eub_buf buf = EUB_BUF_INIT;

	(void)state;
	rpc_metadata_decode_percent("%zz%4%41%e9%", 12, &buf);
	assert_int_equal(buf.len, 8);
	assert_memory_equal(buf.data, "%zz%4A\xe9%", 8);
	eub_buf_done(&buf);
}

static void test_base64(void **state)
{
	/* RFC 4648 section 10, without padding. */
	static const char *const pairs[][2] = {
		{ "", "" },
		{ "f", "Zg" },
		{ "fo", "Zm8" },
		{ "foo", "Zm9v" },
		{ "foob", "Zm9vYg" },
		{ "fooba", "Zm9vYmE" },
		{ "foobar", "Zm9vYmFy" },
	};

	(void)state;
	for (size_t i = 0; i < EUB_ARRAY_SIZE(pairs); i++) {
		struct eub_buf buf = EUB_BUF_INIT;
		size_t n = strlen(pairs[i][1]);

		rpc_metadata_append_base64(&buf, pairs[i][0], strlen(pairs[i][0]));
		assert_int_equal(buf.len, n);
		if (n > 0)
			assert_memory_equal(buf.data, pairs[i][1], n);
		eub_buf_clear(&buf);
		assert_int_equal(rpc_metadata_decode_base64(pairs[i][1], n, &buf), 0);
		assert_int_equal(buf.len, strlen(pairs[i][0]));
		if (n > 0)
			assert_memory_equal(buf.data, pairs[i][0], buf.len);
		eub_buf_done(&buf);
	}
}

static void test_base64_padded_or_bad(void **state)
{
	static const char *const bad[] = { "A", "AAAAA", "AA*A", "A===", "A\nAA", "A-_A" };
	struct eub_buf buf = EUB_BUF_INIT;

	(void)state;
	assert_int_equal(rpc_metadata_decode_base64("Zg==", 4, &buf), 0);
	assert_int_equal(buf.len, 1);
	for (size_t i = 0; i < EUB_ARRAY_SIZE(bad); i++)
		assert_int_equal(rpc_metadata_decode_base64(bad[i], strlen(bad[i]), &buf), -EINVAL);
	assert_int_equal(rpc_metadata_decode_base64("\0AAA", 4, &buf), -EINVAL);
	eub_buf_done(&buf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_timeouts),
		cmocka_unit_test(test_timeout_written),
		cmocka_unit_test(test_percent_round_trip),
		cmocka_unit_test(test_percent_cuts_between_characters),
		cmocka_unit_test(test_percent_keeps_what_is_no_escape),
		cmocka_unit_test(test_base64),
		cmocka_unit_test(test_base64_padded_or_bad),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
