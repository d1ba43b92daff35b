/* SPDX-License-Identifier: Apache-2.0 */
/* What the agent's unit tests share: temporary folders, a schema of two members. */
#pragma once

#include "base/buf.h"
#include "event/schema.h"

#include <eunomia/event.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

struct test_folder {
	char path[64];
};

static inline void test_folder_make(struct test_folder *folder)
{
	(void)snprintf(folder->path, sizeof(folder->path), "/tmp/eunomia-test-XXXXXX");
	assert_non_null(mkdtemp(folder->path));
}

/* "FOLDER/NAME" in memory of its own; free() it. */
static inline char *test_path(const struct test_folder *folder, const char *name)
{
	char *path = NULL;

	assert_true(asprintf(&path, "%s/%s", folder->path, name) > 0);
	return path;
}

static inline void test_write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "we");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

/* struct pair { unsigned int pid; char comm[8]; } */
static inline struct eun_schema *test_schema_of_pair(void)
{
	static const struct eun__field_spec fields[] = {
		{ "pid", "unsigned int", 0, 32 },
		{ "comm", "char[8]", 32, 64 },
	};
	struct eun_schema *schema = NULL;

	assert_int_equal(eun__schema_from_fields("pair", 12, fields, 2, &schema, NULL), 0);
	return schema;
}

static inline struct eun_event test_event_of_pair(const struct eun_schema *schema, uint64_t seq)
{
	static const char record[12] = "\7\0\0\0bash\n\0\0";

	return (struct eun_event){ .schema = schema,
				   .data = record,
				   .size = sizeof(record),
				   .generation = 3,
				   .seq = seq,
				   .time_wall_ns = 1000000000 };
}
