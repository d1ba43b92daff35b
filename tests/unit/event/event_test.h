/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the event room's tests: BTF of a struct in few words, and events as strings. */
#pragma once

#include <eunomia/event.h>

#include "base/macro.h"
#include "event/schema.h"

#include <bpf/btf.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* 02:05:58 UTC. */
#define EVENT_TEST_WALL_NS (7558 * UINT64_C(1000000000))

/* The types that most tests need, made first in each BTF. */
struct types {
	struct btf *btf;
	uint32_t type_char;
	uint32_t type_int;
	uint32_t type_uint;
	uint32_t type_u8; /* unsigned char */
	uint32_t type_u64;
};

static inline uint32_t id(int type_id)
{
	assert_true(type_id > 0);
	return (uint32_t)type_id;
}

static inline struct types types_new(void)
{
	struct types types = { .btf = btf__new_empty() };

	assert_non_null(types.btf);
	types.type_char = id(btf__add_int(types.btf, "char", 1, BTF_INT_SIGNED));
	types.type_int = id(btf__add_int(types.btf, "int", 4, BTF_INT_SIGNED));
	types.type_uint = id(btf__add_int(types.btf, "unsigned int", 4, 0));
	types.type_u8 = id(btf__add_int(types.btf, "unsigned char", 1, 0));
	types.type_u64 = id(btf__add_int(types.btf, "unsigned long long", 8, 0));
	return types;
}

static inline uint32_t add_array(struct types *types, uint32_t element, uint32_t n)
{
	return id(btf__add_array(types->btf, (int)types->type_int, (int)element, n));
}

/* Adds "struct NAME" with one member "v" of @type at 0; for tests of one kind. */
static inline uint32_t add_wrapper(struct types *types, uint32_t type, uint32_t size_bytes)
{
	uint32_t wrapper = id(btf__add_struct(types->btf, "event", size_bytes));

	assert_return_code(btf__add_field(types->btf, "v", (int)type, 0, 0), 0);
	return wrapper;
}

/* Compiles and drops the BTF, as schemas must outlive it. */
static inline struct eun_schema *compile(struct types *types, uint32_t type)
{
	struct eun_schema *schema = NULL;
	struct eun_error err = EUN_ERROR_INIT;
	int r = eun__schema_from_btf(types->btf, type, &schema, &err);

	if (r < 0)
		print_error("%s\n", err.message);
	assert_int_equal(r, 0);
	btf__free(types->btf);
	types->btf = NULL;
	return schema;
}

static inline void check_refused(struct types *types, uint32_t type, int code,
				 enum eun_reason reason)
{
	struct eun_schema *schema = NULL;
	struct eun_error err = EUN_ERROR_INIT;

	assert_int_equal(eun__schema_from_btf(types->btf, type, &schema, &err), code);
	assert_int_equal(err.reason, reason);
	assert_true(err.message[0] != '\0');
	assert_null(schema);
	eun_error_done(&err);
	btf__free(types->btf);
	types->btf = NULL;
}

static inline struct eun_event event_of(const struct eun_schema *schema, const void *data,
					size_t size)
{
	return (struct eun_event){ .schema = schema,
				   .data = data,
				   .size = (uint32_t)size,
				   .generation = 1,
				   .time_wall_ns = EVENT_TEST_WALL_NS };
}

/*
 * Formats from a copy of exactly @size bytes, so that a sanitizer sees a read too many, into a
 * block of exactly the size needed.
 */
static inline void check_format(const struct eun_schema *schema, enum eun_format format,
				const void *data, size_t size, const char *expected)
{
	char *copy = malloc(size);
	struct eun_event event = event_of(schema, copy, size);
	size_t n;
	char *text;

	assert_non_null(copy);
	memcpy(copy, data, size);
	n = eun_event_format(&event, format, NULL, 0);
	text = malloc(n + 1);
	assert_non_null(text);
	assert_int_equal(eun_event_format(&event, format, text, n), n);
	text[n] = '\0';
	assert_string_equal(text, expected);
	free(text);
	free(copy);
}

static inline void check_json(const struct eun_schema *schema, const void *data, size_t size,
			      const char *expected)
{
	check_format(schema, EUN_FORMAT_JSON, data, size, expected);
}

static inline void check_text(const struct eun_schema *schema, const void *data, size_t size,
			      const char *expected)
{
	check_format(schema, EUN_FORMAT_TEXT, data, size, expected);
}

static inline void check_member(const struct eun_schema *schema, size_t i, const void *data,
				size_t size, const char *expected)
{
	struct eun_event event = event_of(schema, data, size);
	char text[512];
	size_t n = eun_event_format_member(&event, i, text, sizeof(text) - 1);

	assert_true(n < sizeof(text));
	text[n] = '\0';
	assert_string_equal(text, expected);
}

/* Compiles a wrapper of one type and checks its JSON. */
static inline void check_value(struct types *types, uint32_t type, const void *data, size_t size,
			       const char *expected)
{
	uint32_t wrapper = add_wrapper(types, type, (uint32_t)size);
	struct eun_schema *schema = compile(types, wrapper);

	check_json(schema, data, size, expected);
	eun__schema_free(schema);
}
