/* SPDX-License-Identifier: Apache-2.0 */
/* One value, three styles. */
#include "document.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void write_sample(struct document *doc)
{
	document_begin_array(doc, NULL);
	document_begin_object(doc, NULL);
	document_add_string(doc, "name", "a");
	document_add_u64(doc, "n", UINT64_MAX);
	document_add_double(doc, "rate", 0.5);
	document_add_bool(doc, "on", true);
	document_add_time(doc, "since", 0);
	document_begin_array(doc, "empty");
	document_end(doc);
	document_begin_object(doc, "none");
	document_end(doc);
	document_begin_array(doc, "words");
	document_add_string(doc, NULL, "x y");
	document_add_string(doc, NULL, "no");
	document_end(doc);
	document_begin_array(doc, "objects");
	document_begin_object(doc, NULL);
	document_add_u64(doc, "i", 1);
	document_add_u64(doc, "j", 2);
	document_end(doc);
	document_begin_object(doc, NULL);
	document_end(doc);
	document_end(doc);
	document_end(doc);
	document_begin_object(doc, NULL);
	document_add_string(doc, "name", "\n\"\xff");
	document_end(doc);
	document_end(doc);
	document_finish(doc);
}

static void check(enum document_style style, void (*write)(struct document *doc),
		  const char *expected)
{
	struct eub_buf buf = EUB_BUF_INIT;
	struct document doc;
	char *text;

	document_init(&doc, &buf, style);
	write(&doc);
	text = eub_buf_take_string(&buf);
	assert_string_equal(text, expected);
	free(text);
}

static void test_json(void **state)
{
	(void)state;
	check(DOCUMENT_JSON, write_sample,
	      "[\n"
	      "  {\n"
	      "    \"name\": \"a\",\n"
	      "    \"n\": 18446744073709551615,\n"
	      "    \"rate\": 0.5,\n"
	      "    \"on\": true,\n"
	      "    \"since\": null,\n"
	      "    \"empty\": [],\n"
	      "    \"none\": {},\n"
	      "    \"words\": [\n"
	      "      \"x y\",\n"
	      "      \"no\"\n"
	      "    ],\n"
	      "    \"objects\": [\n"
	      "      {\n"
	      "        \"i\": 1,\n"
	      "        \"j\": 2\n"
	      "      },\n"
	      "      {}\n"
	      "    ]\n"
	      "  },\n"
	      "  {\n"
	      "    \"name\": \"\\n\\\"\\uefff\"\n"
	      "  }\n"
	      "]\n");
}

static void test_json_line(void **state)
{
	(void)state;
	check(DOCUMENT_JSON_LINE, write_sample,
	      "[{\"name\":\"a\",\"n\":18446744073709551615,\"rate\":0.5,\"on\":true,"
	      "\"since\":null,\"empty\":[],\"none\":{},\"words\":[\"x y\",\"no\"],"
	      "\"objects\":[{\"i\":1,\"j\":2},{}]},{\"name\":\"\\n\\\"\\uefff\"}]\n");
}

static void test_yaml(void **state)
{
	(void)state;
	check(DOCUMENT_YAML, write_sample,
	      "- name: a\n"
	      "  n: 18446744073709551615\n"
	      "  rate: 0.5\n"
	      "  on: true\n"
	      "  since: null\n"
	      "  empty: []\n"
	      "  none: {}\n"
	      "  words:\n"
	      "    - \"x y\"\n"
	      "    - \"no\"\n"
	      "  objects:\n"
	      "    - i: 1\n"
	      "      j: 2\n"
	      "    - {}\n"
	      "- name: \"\\n\\\"\\uefff\"\n");
}

static void write_scalars(struct document *doc)
{
	document_begin_object(doc, NULL);
	document_add_double(doc, "nan", (double)NAN);
	document_add_double(doc, "inf", (double)INFINITY);
	document_add_time(doc, "time", 1);
	document_add_string(doc, "empty", "");
	document_add_string(doc, "number", "12");
	document_add_string(doc, "word", "True");
	document_add_string(doc, "dash", "-");
	document_add_string(doc, "path", "/sys/fs");
	document_end(doc);
	document_finish(doc);
}

static void test_yaml_scalars(void **state)
{
	(void)state;
	check(DOCUMENT_YAML, write_scalars,
	      "nan: 0\n"
	      "inf: 0\n"
	      "time: \"1970-01-01T00:00:00.000000001Z\"\n"
	      "empty: \"\"\n"
	      "number: \"12\"\n"
	      "word: \"True\"\n"
	      "dash: \"-\"\n"
	      "path: /sys/fs\n");
}

static void write_empty_array(struct document *doc)
{
	document_begin_array(doc, NULL);
	document_end(doc);
	document_finish(doc);
}

static void test_empty(void **state)
{
	(void)state;
	check(DOCUMENT_JSON, write_empty_array, "[]\n");
	check(DOCUMENT_YAML, write_empty_array, "[]\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_json),  cmocka_unit_test(test_json_line),
		cmocka_unit_test(test_yaml),  cmocka_unit_test(test_yaml_scalars),
		cmocka_unit_test(test_empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
