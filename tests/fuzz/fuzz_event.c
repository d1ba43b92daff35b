/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Types and records from outside. The input is a type, either BTF or a package's table, and the
 * bytes of a record; every struct of the type is compiled and the record is formatted with it in
 * all formats. Beside not crashing, JSON must be JSON and text must be one line.
 *
 *   byte 0      kind: even BTF, odd table
 *   bytes 1-2   length of the type, little-endian
 *   the type    BTF; or fields: lengths of name and type (1 byte each), offset and size in bits
 *               (2 bytes each), name, type
 *   the record  the rest
 */
#include "base/macro.h"
#include "event/schema.h"

#include <assert.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <jansson.h>
#include <linux/btf.h>
#include <stdlib.h>
#include <string.h>

#define N_TYPES_MAX  32
#define N_FIELDS_MAX 32
#define FIELD_HEADER 6
#define NAME_SIZE    256
#define OUTPUT_MAX   (1024 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int quiet(enum libbpf_print_level level, const char *format, va_list args)
{
	(void)level;
	(void)format;
	(void)args;
	return 0;
}

/* Return: the output, @ret_n bytes and a terminator; NULL if it is long. */
static char *format_event(const struct eun_event *event, enum eun_format format, size_t *ret_n)
{
	size_t n = eun_event_format(event, format, NULL, 0);
	char *text;

	if (n > OUTPUT_MAX)
		return NULL;
	text = malloc(n + 1);
	assert(text);
	*ret_n = eun_event_format(event, format, text, n);
	assert(*ret_n == n);
	text[n] = '\0';
	return text;
}

static void check_json(const struct eun_event *event, enum eun_format format)
{
	size_t n = 0;
	char *text = format_event(event, format, &n);
	json_t *json;

	if (!text)
		return;
	json = json_loadb(text, n, JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL, NULL);
	assert(json_is_object(json));
	json_decref(json);
	free(text);
}

static void check_text(const struct eun_event *event)
{
	size_t n = 0;
	char *text = format_event(event, EUN_FORMAT_TEXT, &n);

	for (size_t i = 0; text && i < n; i++) {
		const unsigned char *p = (const unsigned char *)text + i;

		assert(p[0] >= 0x20 && p[0] != 0x7f);
		assert(p[0] != 0xc2 || p[1] >= 0xa0); /* C1 */
	}
	free(text);
}

static void check_schema(const struct eun_schema *schema, const uint8_t *record, size_t size)
{
	/* A copy of just the size, so that the sanitizer sees a read past its end. */
	uint8_t *copy = malloc(size);
	struct eun_event event = { .schema = schema, .data = copy, .size = (uint32_t)size };
	char member[64];

	assert(copy);
	memcpy(copy, record, size);
	check_json(&event, EUN_FORMAT_JSON);
	check_json(&event, EUN_FORMAT_RAW_JSON);
	check_text(&event);
	for (size_t i = 0; i < eun_schema_get_n_members(schema); i++) {
		assert(eun_schema_get_member(schema, i)->name);
		(void)eun_event_format_member(&event, i, member, sizeof(member));
	}
	free(copy);
}

static void check_result(int r, struct eun_schema *schema, struct eun_error *err,
			 const uint8_t *record, size_t size)
{
	if (r == 0 && size > 0)
		check_schema(schema, record, size);
	assert(r == 0 || (err->code == r && err->message[0] != '\0'));
	eun__schema_free(schema);
	eun_error_done(err);
}

/*
 * eun__btf_open() lets through only headers of the length known. libbpf takes any, and has records
 * that are not aligned behind one of an odd length.
 */
static bool has_aligned_records(const uint8_t *type, size_t type_size)
{
	struct btf_header header;

	if (type_size < sizeof(header))
		return false;
	memcpy(&header, type, sizeof(header));
	return header.hdr_len % sizeof(uint32_t) == 0;
}

static void check_btf(const uint8_t *type, size_t type_size, const uint8_t *record, size_t size)
{
	struct btf *btf;

	if (!has_aligned_records(type, type_size))
		return;
	btf = btf__new(type, (uint32_t)type_size);
	if (!btf)
		return;
	for (uint32_t i = 0; i < EUB_MIN(btf__type_cnt(btf), (uint32_t)N_TYPES_MAX); i++) {
		struct eun_error err = EUN_ERROR_INIT;
		struct eun_schema *schema = NULL;
		int r = eun__schema_from_btf(btf, i, &schema, &err);

		check_result(r, schema, &err, record, size);
	}
	btf__free(btf);
}

static uint32_t u16_at(const uint8_t *p)
{
	return p[0] | (uint32_t)p[1] << 8;
}

static void check_table(const uint8_t *type, size_t type_size, const uint8_t *record, size_t size)
{
	static char names[N_FIELDS_MAX][NAME_SIZE];
	static char types[N_FIELDS_MAX][NAME_SIZE];
	struct eun__field_spec fields[N_FIELDS_MAX];
	struct eun_error err = EUN_ERROR_INIT;
	struct eun_schema *schema = NULL;
	size_t n = 0;
	int r;

	while (n < N_FIELDS_MAX && type_size >= FIELD_HEADER) {
		size_t name_len = type[0];
		size_t type_len = type[1];

		if (name_len + type_len > type_size - FIELD_HEADER)
			break;
		memcpy(names[n], type + FIELD_HEADER, name_len);
		names[n][name_len] = '\0';
		memcpy(types[n], type + FIELD_HEADER + name_len, type_len);
		types[n][type_len] = '\0';
		fields[n] = (struct eun__field_spec){ .name = names[n],
						      .type = types[n],
						      .offset_bits = u16_at(type + 2),
						      .size_bits = u16_at(type + 4) };
		n++;
		type += FIELD_HEADER + name_len + type_len;
		type_size -= FIELD_HEADER + name_len + type_len;
	}
	r = eun__schema_from_fields("table", 0, fields, n, &schema, &err);
	check_result(r, schema, &err, record, size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t type_size;

	if (size < 3)
		return 0;
	(void)libbpf_set_print(quiet);
	type_size = EUB_MIN((size_t)u16_at(data + 1), size - 3);
	if (data[0] % 2 == 0)
		check_btf(data + 3, type_size, data + 3 + type_size, size - 3 - type_size);
	else
		check_table(data + 3, type_size, data + 3 + type_size, size - 3 - type_size);
	return 0;
}
