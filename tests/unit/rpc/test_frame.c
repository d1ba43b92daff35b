/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include "rpc/frame.h"

static void test_parse_needs_every_byte(void **state)
{
	static const char bytes[] = "\0\0\0\0\3abc";
	struct rpc_frame frame;

	(void)state;
	for (size_t n = 0; n < sizeof(bytes) - 1; n++)
		assert_int_equal(rpc_frame_parse(bytes, n, 100, &frame), 0);
	assert_int_equal(rpc_frame_parse(bytes, sizeof(bytes) - 1, 100, &frame), 1);
	assert_int_equal(frame.n_bytes, 3);
	assert_memory_equal(frame.data, "abc", 3);
	assert_false(frame.is_compressed);
	assert_int_equal(rpc_frame_parse(NULL, 0, 100, &frame), 0);
}

static void test_parse_limits(void **state)
{
	struct rpc_frame frame;

	(void)state;
	assert_int_equal(rpc_frame_parse("\0\0\0\0\3", 5, 2, &frame), -EMSGSIZE);
	assert_int_equal(frame.n_bytes, 3);
	assert_int_equal(rpc_frame_parse("\0\xff\xff\xff\xff", 5, 2, &frame), -EMSGSIZE);
	assert_int_equal(frame.n_bytes, UINT32_MAX);
	assert_int_equal(rpc_frame_parse("\2", 1, 100, &frame), -EPROTO);
	assert_int_equal(rpc_frame_parse("\1\0\0\0\0", 5, 100, &frame), 1);
	assert_true(frame.is_compressed);
}

static void test_append_is_parsed_back(void **state)
{
	struct eub_buf buf = EUB_BUF_INIT;
	struct rpc_frame frame;
	Eunomia__V1__SlotRequest request;
	char name[] = "opensnoop";

	(void)state;
	eunomia__v1__slot_request__init(&request);
	request.name = name;
	assert_int_equal(rpc_frame_append(&buf, &request.base), 0);
	assert_int_equal(rpc_frame_parse(buf.data, buf.len, 100, &frame), 1);
	assert_memory_equal(frame.data, "\n\topensnoop", 11);
	assert_int_equal(frame.n_bytes, 11);
	eub_buf_clear(&buf);
	assert_int_equal(rpc_frame_append_encoded(&buf, "xyz", 3), 0);
	assert_int_equal(buf.len, RPC_FRAME_PREFIX_BYTES + 3);
	eub_buf_done(&buf);
}

static void test_append_over_four_gigabytes(void **state)
{
	struct eub_buf buf = EUB_BUF_INIT;

	(void)state;
	assert_int_equal(rpc_frame_append_encoded(&buf, "", (size_t)UINT32_MAX + 1), -EMSGSIZE);
	assert_int_equal(buf.len, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse_needs_every_byte),
		cmocka_unit_test(test_parse_limits),
		cmocka_unit_test(test_append_is_parsed_back),
		cmocka_unit_test(test_append_over_four_gigabytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
