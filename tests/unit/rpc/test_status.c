/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include "base/str.h"
#include "rpc/limits.h"
#include "rpc/status.h"

#include <string.h>

static void test_every_reason_has_a_status(void **state)
{
	(void)state;
	for (int reason = EUN_REASON_INTERNAL; reason < _EUN_REASON_MAX; reason++) {
		enum rpc_status status = rpc_status_from_reason((enum eun_reason)reason);

		assert_in_range(status, RPC_CANCELLED, RPC_UNAUTHENTICATED);
		assert_true(rpc_status_to_errno(status) < 0);
	}
	assert_int_equal(rpc_status_from_reason((enum eun_reason)1000), RPC_INTERNAL);
	assert_int_equal(rpc_status_from_reason(EUN_REASON_NOT_FOUND), RPC_NOT_FOUND);
}

static void test_every_status_has_a_reason(void **state)
{
	(void)state;
	for (int status = RPC_CANCELLED; status < _RPC_STATUS_MAX; status++)
		assert_int_not_equal(rpc_status_to_reason((enum rpc_status)status),
				     EUN_REASON_NONE);
	assert_int_equal(rpc_status_to_reason(RPC_UNAVAILABLE), EUN_REASON_UNREACHABLE);
	assert_int_equal(rpc_status_to_reason((enum rpc_status)99), EUN_REASON_INTERNAL);
	assert_string_equal(rpc_status_to_string(RPC_DATA_LOSS), "DATA_LOSS");
	assert_string_equal(rpc_status_to_string((enum rpc_status)17), "UNKNOWN");
	assert_int_equal(rpc_status_to_errno(RPC_OK), 0);
}

static void test_details_round_trip(void **state)
{
	struct eub_buf buf = EUB_BUF_INIT;

	(void)state;
	for (int reason = EUN_REASON_INTERNAL; reason < _EUN_REASON_MAX; reason++) {
		struct eun_error err = EUN_ERROR_INIT;
		struct eun_error back = EUN_ERROR_INIT;

		(void)eun_error_set(&err, -EIO, (enum eun_reason)reason, "message %d", reason);
		eun_error_set_subject(&err, "subject");
		eun_error_set_hint(&err, "hint");
		eun_error_set_log(&err, "log", 100);
		eub_buf_clear(&buf);
		rpc_error_encode_details(&err, &buf);
		assert_false(buf.has_failed);
		rpc_error_decode_details(buf.data, buf.len, &back);
		assert_int_equal(back.reason, reason);
		assert_int_equal(back.code, rpc_status_to_errno(
						rpc_status_from_reason((enum eun_reason)reason)));
		assert_string_equal(back.message, err.message);
		assert_string_equal(back.subject, "subject");
		assert_string_equal(back.hint, "hint");
		assert_string_equal(back.log, "log");
		eun_error_done(&err);
		eun_error_done(&back);
	}
	eub_buf_done(&buf);
}

/* Everything at its longest still fits into what clients take as trailers. */
static void test_details_are_bounded(void **state)
{
	enum { LOG_BYTES = 100000 };
	struct eun_error err = EUN_ERROR_INIT;
	struct eun_error back = EUN_ERROR_INIT;
	struct eub_buf buf = EUB_BUF_INIT;
	char *text = malloc(LOG_BYTES + 1);

	(void)state;
	assert_non_null(text);
	memset(text, 'x', LOG_BYTES);
	for (size_t i = 50; i < LOG_BYTES; i += 50)
		text[i] = '\n';
	memcpy(text + LOG_BYTES - 5, "last\n", 5);
	text[LOG_BYTES] = '\0';
	(void)eun_error_set(&err, -EIO, EUN_REASON_VERIFIER, "%s", text);
	eun_error_set_subject(&err, text);
	eun_error_set_hint(&err, "%s", text);
	eun_error_set_log(&err, text, LOG_BYTES);
	rpc_error_encode_details(&err, &buf);
	assert_in_range(buf.len, 1, RPC_MAX_DETAILS_BYTES);
	rpc_error_decode_details(buf.data, buf.len, &back);
	assert_non_null(back.log);
	assert_true(strlen(back.log) > 1000);
	assert_true(eub_has_suffix(back.log, "last\n"));
	eun_error_done(&err);
	eun_error_done(&back);
	eub_buf_done(&buf);
	free(text);
}

static void test_bytes_that_are_not_utf8(void **state)
{
	struct eun_error err = EUN_ERROR_INIT;
	struct eun_error back = EUN_ERROR_INIT;
	struct eub_buf buf = EUB_BUF_INIT;

	(void)state;
	(void)eun_error_set(&err, -EIO, EUN_REASON_IO, "message");
	eun_error_set_subject(&err, "a\xff"
				    "b");
	eun_error_set_log(&err, "\xc3\n\xc3\xa9\n", 100);
	rpc_error_encode_details(&err, &buf);
	rpc_error_decode_details(buf.data, buf.len, &back);
	assert_string_equal(back.subject, "a?b");
	assert_string_equal(back.log, "?\n\xc3\xa9\n");
	eun_error_done(&err);
	eun_error_done(&back);
	eub_buf_done(&buf);
}

static void test_other_bytes_change_nothing(void **state)
{
	static const struct {
		const char *data;
		size_t n;
	} others[] = {
		{ "", 0 },
		{ "\xff\xff\xff", 3 },
		{ "\x08\x05", 2 },
		{ "\x08\x05\x1a\x03\n\1x", 7 },
	};
	struct eun_error err = EUN_ERROR_INIT;

	(void)state;
	for (size_t i = 0; i < EUB_ARRAY_SIZE(others); i++) {
		rpc_error_decode_details(others[i].data, others[i].n, &err);
		assert_int_equal(err.code, 0);
		assert_int_equal(err.reason, EUN_REASON_NONE);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_reason_has_a_status),
		cmocka_unit_test(test_every_status_has_a_reason),
		cmocka_unit_test(test_details_round_trip),
		cmocka_unit_test(test_details_are_bounded),
		cmocka_unit_test(test_bytes_that_are_not_utf8),
		cmocka_unit_test(test_other_bytes_change_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
