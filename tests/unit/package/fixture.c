/* SPDX-License-Identifier: Apache-2.0 */
/* See fixture.h. The manifests name what package_events.bpf.c holds. */
#include "fixture.h"

#include "base/buf.h"
#include "base/fd.h"
#include "package/base64.h"
#include "package/inflate.h"
#include "package/object.h"

#include <bpf/btf.h>

unsigned char *fixture_object(size_t *ret_size)
{
	struct eub_buf buf = EUB_BUF_INIT;

	assert_int_equal(eub_read_file(EUNOMIA_TEST_OBJECT, 16 << 20, &buf), 0);
	*ret_size = buf.len;
	return (unsigned char *)buf.data;
}

static json_t *base64_of(const void *data, size_t size)
{
	struct eub_buf buf = EUB_BUF_INIT;
	json_t *string;

	eun__base64_append(&buf, data, size);
	assert_false(buf.has_failed);
	string = json_stringn(buf.data, buf.len);
	eub_buf_done(&buf);
	return string;
}

/* Also gives the id of struct event in the object, and its raw BTF in base64. */
static json_t *packed_object(size_t *ret_size, int *ret_type_id, json_t **ret_btf)
{
	unsigned char *object = fixture_object(ret_size);
	struct eun__object view;
	const void *raw;
	uint32_t raw_size;
	size_t packed_size;
	void *packed;
	json_t *text;

	assert_int_equal(eun__object_open(&view, object, *ret_size, NULL), 0);
	*ret_type_id = btf__find_by_name_kind(view.btf, "event", BTF_KIND_STRUCT);
	raw = btf__raw_data(view.btf, &raw_size);
	*ret_btf = base64_of(raw, raw_size);
	assert_int_equal(eun__deflate(object, *ret_size, &packed, &packed_size, NULL), 0);
	text = base64_of(packed, packed_size);
	eun__object_close(&view);
	free(packed);
	free(object);
	return text;
}

static json_t *gen3(void)
{
	size_t size;
	int id;
	json_t *btf;
	json_t *object = packed_object(&size, &id, &btf);
	json_t *sections =
	    json_pack("[{s:s s:[{s:s s:s s:i s:s s:{s:i s:s s:s s:s}}]} {s:s s:[{s:s s:s}]}]",
		      "name", ".rodata", "variables", "name", "target_pid", "type", "int", "value",
		      4, "description", "old words", "cmdarg", "default", 9, "long", "pid", "short",
		      "p", "help", "only this process", "name", ".bss", "variables", "name",
		      "__eunomia_dummy_event_ptr", "type", "struct event *");
	json_t *maps = json_pack(
	    "[{s:s s:s s:{s:i}} {s:s s:s s:{s:[{s:s s:i s:i} {s:s s:i s:i}]}} {s:s s:s s:b}]",
	    "ident", "events", "name", "events", "export_config", "btf_type_id", id, "ident",
	    "starts", "name", "starts", "export_config", "custom_members", "name", "second",
	    "offset", 4, "btf_type_id", 2, "name", "first", "offset", 0, "btf_type_id", 2, "ident",
	    "rodata", "name", "events_b.rodata", "mmaped", 1);
	json_t *skeleton =
	    json_pack("{s:s s:o s:o s:[{s:s s:s s:b} {s:s s:s}] s:{s:s s:s s:s s:s}}", "obj_name",
		      "events_bpf", "data_sections", sections, "maps", maps, "progs", "name",
		      "on_open", "attach", "tp/syscalls/sys_enter_openat", "link", 1, "name",
		      "on_exit", "attach", "raw_tp/sched_process_exit", "doc", "version", "1.2",
		      "brief", "", "description", "watches", "details", "more");

	json_decref(btf);
	return json_pack("{s:o s:I s:{s:o s:b s:s s:[{s:s s:i s:i s:[{s:s s:s}]}]}}", "bpf_object",
			 object, "bpf_object_size", (json_int_t)size, "meta", "bpf_skel", skeleton,
			 "enable_multiple_export_types", 1, "eunomia_version", "0.3.4",
			 "export_types", "name", "event", "size", 48, "type_id", id, "members",
			 "name", "pid", "type", "__u32");
}

static json_t *plain_object(size_t *ret_size)
{
	unsigned char *object = fixture_object(ret_size);
	json_t *text = base64_of(object, *ret_size);

	free(object);
	return text;
}

static json_t *gen0(void)
{
	size_t size;
	json_t *object = plain_object(&size);

	return json_pack("{s:o s:I s:s s:[s s] s:[s]}", "data", object, "data_sz", (json_int_t)size,
			 "name", "", "maps", "starts", "events", "progs", "on_open");
}

static json_t *gen1(void)
{
	size_t size;
	json_t *object = plain_object(&size);
	json_t *layout = json_pack(
	    "{s:[{s:s s:s s:s s:i} {s:s s:s s:s s:i} {s:s s:s s:s s:i}] s:s s:i s:i s:i}", "Fields",
	    "Name", "pid", "Type", "int", "LLVMType", "i32", "FieldOffset", 0, "Name", "ts", "Type",
	    "unsigned long long", "LLVMType", "i64", "FieldOffset", 64, "Name", "comm", "Type",
	    "char [16]", "LLVMType", "[16 x i8]", "FieldOffset", 128, "Struct Name", "event",
	    "Size", 256, "DataSize", 256, "Alignment", 64);

	return json_pack("{s:o s:I s:s s:s s:s s:[{s:s s:s s:o} {s:s s:s}] s:[{s:s s:s}]}", "data",
			 object, "data_sz", (json_int_t)size, "name", "opens", "version", "0.1.0",
			 "description", "watches", "maps", "name", "events", "type",
			 "BPF_MAP_TYPE_RINGBUF", "export_data_types", layout, "name",
			 "client_b.rodata", "type", "BPF_MAP_TYPE_UNSPEC", "progs", "name",
			 "on_open", "type", "BPF_PROG_TYPE_TRACEPOINT");
}

static json_t *gen2(void)
{
	json_t *root = gen1();

	fixture_set(root, "maps[1]", "sec_data",
		    json_pack("[{s:s s:s s:i}]", "name", "target_pid", "type", "int", "size", 4));
	return root;
}

json_t *fixture_json(enum eun_package_format format)
{
	static json_t *(*const makers[])(void) = { gen0, gen1, gen2, gen3, NULL };
	json_t *root = makers[format] ? makers[format]() : NULL;

	if (makers[format])
		assert_non_null(root);
	return root;
}

int fixture_parse(json_t *root, struct eun_package **ret_package, struct eun_error *err)
{
	char *text = json_dumps(root, JSON_COMPACT);
	int r;

	assert_non_null(text);
	r = eun_package_parse(text, strlen(text), "file", ret_package, err);
	free(text);
	json_decref(root);
	return r;
}

struct eun_package *fixture_package(json_t *root)
{
	struct eun_package *package = NULL;
	struct eun_error err = EUN_ERROR_INIT;

	if (fixture_parse(root, &package, &err) < 0)
		fail_msg("refused: %s", err.message);
	return package;
}

void fixture_refuse(json_t *root, enum eun_reason reason, const char *subject, const char *message)
{
	struct eun_package *package = NULL;
	struct eun_error err = EUN_ERROR_INIT;
	int r = fixture_parse(root, &package, &err);

	assert_true(r < 0);
	assert_null(package);
	assert_int_equal(err.code, r);
	assert_string_equal(eun_reason_to_string(err.reason), eun_reason_to_string(reason));
	assert_string_equal(err.subject, subject);
	if (!strstr(err.message, message))
		fail_msg("'%s' does not say '%s'", err.message, message);
	eun_error_done(&err);
}

json_t *fixture_at(json_t *root, const char *path)
{
	while (*path && root) {
		char key[64];
		size_t n = strcspn(path + 1, ".[") + 1;

		if (*path == '[') {
			root = json_array_get(root, (size_t)strtoul(path + 1, NULL, 10));
		} else {
			size_t skip = *path == '.';

			assert_true(n - skip < sizeof(key));
			memcpy(key, path + skip, n - skip);
			key[n - skip] = '\0';
			root = json_object_get(root, key);
		}
		path += n;
	}
	assert_non_null(root);
	return root;
}

void fixture_set(json_t *root, const char *path, const char *key, json_t *value)
{
	assert_int_equal(json_object_set_new(fixture_at(root, path), key, value), 0);
}
