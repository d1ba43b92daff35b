/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include "rpc/decode.h"
#include "rpc/limits.h"

#include <string.h>

static void test_decodes(void **state)
{
	ProtobufCMessage *message;

	(void)state;
	message = rpc_decode(&eunomia__v1__slot_request__descriptor, "\n\3abc", 5);
	assert_non_null(message);
	assert_string_equal(((Eunomia__V1__SlotRequest *)message)->name, "abc");
	assert_null(rpc_message_free(message));
	message = rpc_decode(&eunomia__v1__slot_request__descriptor, NULL, 0);
	assert_non_null(message);
	assert_string_equal(((Eunomia__V1__SlotRequest *)message)->name, "");
	assert_null(rpc_message_free(message));
	assert_null(rpc_message_free(NULL));
}

static void test_refuses_what_does_not_parse(void **state)
{
	(void)state;
	assert_null(rpc_decode(&eunomia__v1__slot_request__descriptor, "\n\7abc", 5));
	assert_null(rpc_decode(&eunomia__v1__slot_request__descriptor, "\xff", 1));
}

/* A megabyte of empty settings would become more than 40. */
static void test_amplification_is_bounded(void **state)
{
	enum { BYTES = 1 << 20 };
	char *bomb = malloc(BYTES);

	(void)state;
	assert_non_null(bomb);
	for (size_t i = 0; i < BYTES; i += 2)
		memcpy(bomb + i, "\x22", 2); /* field 4, length 0 */
	assert_null(rpc_decode(&eunomia__v1__start_request__descriptor, bomb, BYTES));
	free(bomb);
}

static void test_large_package_fits(void **state)
{
	enum { BYTES = 8 << 20 };
	Eunomia__V1__StartRequest request;
	ProtobufCMessage *message;
	uint8_t *bytes;
	size_t n;

	(void)state;
	eunomia__v1__start_request__init(&request);
	request.package.len = BYTES;
	request.package.data = calloc(1, BYTES);
	n = eunomia__v1__start_request__get_packed_size(&request);
	bytes = malloc(n);
	assert_non_null(request.package.data);
	assert_non_null(bytes);
	assert_int_equal(eunomia__v1__start_request__pack(&request, bytes), n);
	message = rpc_decode(&eunomia__v1__start_request__descriptor, bytes, n);
	assert_non_null(message);
	assert_int_equal(((Eunomia__V1__StartRequest *)message)->package.len, BYTES);
	(void)rpc_message_free(message);
	free(request.package.data);
	free(bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_decodes),
		cmocka_unit_test(test_refuses_what_does_not_parse),
		cmocka_unit_test(test_amplification_is_bounded),
		cmocka_unit_test(test_large_package_fits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
