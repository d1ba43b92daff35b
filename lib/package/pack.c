/* SPDX-License-Identifier: Apache-2.0 */
/*
 * eun_package_pack(): the way back, from an object to a generation-3 package. The object is parsed
 * as a plain object package is, and what that says is written as ecc would write it, so upstream's
 * loader takes the result: it accepts no data section but .rodata and .bss, reads the first of
 * export_types, and knows the maps of sections by libbpf's name for them. Objects that stream
 * several event types are marked with enable_multiple_export_types and an export_config per map.
 */
#include "package/internal.h"

#include <eunomia/version.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "base/macro.h"
#include "base/str.h"
#include "btf/type_name.h"
#include "package/base64.h"
#include "package/event_type.h"
#include "package/inflate.h"
#include "package/limits.h"
#include "package/map_def.h"

#include <assert.h>
#include <bpf/btf.h>
#include <ctype.h>
#include <linux/bpf.h>
#include <stdio.h>

#define NOTE_MAX	   256
#define MAP_NAME_MAX	   16 /* BPF_OBJ_NAME_LEN */
#define MAP_PREFIX_MAX	   8  /* bytes of the object's name in libbpf's names for data maps */
#define OBJECT_NAME_SUFFIX "_bpf"

/* Sections that upstream lets a manifest list. */
static const char *const listed_sections[] = { ".rodata", ".bss" };

struct packer {
	const struct eun_package *package;
	const struct eun__object *object;
	char *object_name;  /* "opensnoop_bpf" */
	uint32_t *type_ids; /* of each map's events; 0 for maps that carry none */
	size_t n_streams;   /* maps that carry events of a known type */
	struct eun_error *err;
};

EUB_DEFINE_CLEANUP(struct eun_package *, eun_package_free);

/* All functions below that make JSON return NULL if there is no memory; jansson's setters take
 * NULL for a value and fail, so that one look at the end suffices. */

static json_t *pack_variables(const struct packer *packer, const char *section)
{
	json_t *list = json_array();
	const struct eun_package_variable *variable;

	for (size_t i = 0; (variable = eun_package_get_variable(packer->package, i)); i++) {
		json_t *entry;

		if (!eub_streq(variable->section, section))
			continue;
		entry = json_pack("{ss ss}", "name", variable->name, "type", variable->type);
		if (json_array_append_new(list, entry) < 0) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

static json_t *pack_sections(const struct packer *packer)
{
	json_t *list = json_array();

	for (size_t i = 0; i < EUB_ARRAY_SIZE(listed_sections); i++) {
		json_t *variables = pack_variables(packer, listed_sections[i]);
		json_t *entry;

		if (variables && json_array_size(variables) == 0) {
			json_decref(variables);
			continue;
		}
		entry = json_pack("{ss so}", "name", listed_sections[i], "variables", variables);
		if (json_array_append_new(list, entry) < 0) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

static json_t *pack_map(const struct packer *packer, size_t i)
{
	const struct eun_package_map *map = eun_package_get_map(packer->package, i);
	json_int_t type_id = packer->type_ids[i];

	if (type_id == 0 || packer->n_streams < 2)
		return json_pack("{ss ss}", "ident", map->name, "name", map->name);
	return json_pack("{s{sI} ss ss}", "export_config", "btf_type_id", type_id, "ident",
			 map->name, "name", map->name);
}

/* libbpf names the map of ".rodata" after the object: "bootstra.rodata". */
static json_t *pack_data_map(const struct packer *packer, const char *section)
{
	char name[MAP_NAME_MAX];

	(void)snprintf(name, sizeof(name), "%.*s%s", MAP_PREFIX_MAX, packer->object_name, section);
	return json_pack("{ss sb ss}", "ident", section + 1, "mmaped", 1, "name", name);
}

static json_t *pack_maps(const struct packer *packer)
{
	static const char *const sections[] = { ".rodata", ".data", ".bss" };
	json_t *list = json_array();
	int r = 0;

	for (size_t i = 0; eun_package_get_map(packer->package, i) && r == 0; i++)
		r = json_array_append_new(list, pack_map(packer, i));
	for (size_t i = 0; i < EUB_ARRAY_SIZE(sections) && r == 0; i++) {
		struct eun__elf_section section;

		if (eun__elf_find_section(&packer->object->elf, sections[i], &section) &&
		    section.header.sh_size > 0)
			r = json_array_append_new(list, pack_data_map(packer, sections[i]));
	}
	if (r == 0)
		return list;
	json_decref(list);
	return NULL;
}

static json_t *pack_programs(const struct packer *packer)
{
	json_t *list = json_array();
	const struct eun_package_program *program;

	for (size_t i = 0; (program = eun_package_get_program(packer->package, i)); i++) {
		json_t *entry = json_pack("{ss sb ss}", "attach", program->section, "link", 1,
					  "name", program->name);

		if (json_array_append_new(list, entry) < 0) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

static json_t *pack_member(const struct btf *btf, const struct btf_member *member)
{
	struct eub_buf type = EUB_BUF_INIT;
	json_t *entry = NULL;

	eun__type_name_append(&type, btf, member->type);
	if (!type.has_failed)
		entry = json_pack("{ss ss%}", "name", btf__name_by_offset(btf, member->name_off),
				  "type", type.data, type.len);
	eub_buf_done(&type);
	return entry;
}

static json_t *pack_members(const struct btf *btf, const struct btf_type *type)
{
	json_t *list = json_array();

	for (uint32_t i = 0; i < btf_vlen(type); i++) {
		if (json_array_append_new(list, pack_member(btf, &btf_members(type)[i])) < 0) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

static json_t *pack_type(const struct btf *btf, uint32_t type_id)
{
	const struct btf_type *named = btf__type_by_id(btf, type_id);
	int id = btf__resolve_type(btf, type_id);
	const struct btf_type *type = btf__type_by_id(btf, id > 0 ? (uint32_t)id : 0);

	return json_pack("{so ss si sI}", "members", pack_members(btf, type), "name",
			 btf__name_by_offset(btf, named->name_off), "size", (int)type->size,
			 "type_id", (json_int_t)type_id);
}

static bool is_packed_before(const struct packer *packer, size_t i)
{
	for (size_t j = 0; j < i; j++)
		if (packer->type_ids[j] == packer->type_ids[i])
			return true;
	return false;
}

static json_t *pack_types(const struct packer *packer)
{
	json_t *list = json_array();

	assert(packer->type_ids);
	for (size_t i = 0; eun_package_get_map(packer->package, i); i++) {
		if (packer->type_ids[i] == 0 || is_packed_before(packer, i))
			continue;
		if (json_array_append_new(
			list, pack_type(packer->object->btf, packer->type_ids[i])) < 0) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

static json_t *pack_meta(const struct packer *packer)
{
	json_t *skeleton = json_pack("{so so ss so}", "data_sections", pack_sections(packer),
				     "maps", pack_maps(packer), "obj_name", packer->object_name,
				     "progs", pack_programs(packer));
	json_t *meta = json_pack("{so ss so}", "bpf_skel", skeleton, "eunomia_version",
				 eun_version(), "export_types", pack_types(packer));

	if (packer->n_streams < 2 || !meta)
		return meta;
	if (json_object_set_new(meta, "enable_multiple_export_types", json_true()) == 0)
		return meta;
	json_decref(meta);
	return NULL;
}

/* The object as zlib in base64. */
static json_t *pack_object(const struct packer *packer)
{
	_cleanup_(eub_freep) void *packed = NULL;
	struct eub_buf text = EUB_BUF_INIT;
	json_t *string = NULL;
	size_t packed_size;
	size_t size;
	const void *data = eun_package_get_object(packer->package, &size);

	if (eun__deflate(data, size, &packed, &packed_size, packer->err) < 0)
		return NULL;
	eun__base64_append(&text, packed, packed_size);
	if (!text.has_failed)
		string = json_stringn_nocheck(text.data, text.len);
	eub_buf_done(&text);
	return string;
}

static int write_json(const struct packer *packer, char **ret_json, size_t *ret_json_size)
{
	json_auto_t *root = NULL;
	char *text = NULL;
	size_t size;

	(void)eun_package_get_object(packer->package, &size);
	root = json_pack("{so sI so}", "bpf_object", pack_object(packer), "bpf_object_size",
			 (json_int_t)size, "meta", pack_meta(packer));
	if (root)
		text = json_dumps(root, JSON_COMPACT);
	if (!text)
		return eub_error_no_memory(packer->err);
	*ret_json_size = strlen(text);
	*ret_json = text;
	return 0;
}

/* An object within all limits may have more to list than a manifest may. */
static int check_result(const char *json, size_t size, struct eun_error *err)
{
	struct eun_package *package = NULL;
	int r = eun_package_parse(json, size, NULL, &package, err);

	if (r < 0)
		eun_error_prefix(err, "the package of this object would not be accepted");
	eun_package_free(package);
	return r;
}

static bool is_stream(const struct eun_package_map *map)
{
	return eub_streq(map->type, "BPF_MAP_TYPE_RINGBUF") ||
	       eub_streq(map->type, "BPF_MAP_TYPE_PERF_EVENT_ARRAY");
}

static int find_types(struct packer *packer)
{
	const struct eun_package_map *map;

	packer->type_ids = calloc(packer->package->n_maps, sizeof(*packer->type_ids));
	if (!packer->type_ids)
		return eub_error_no_memory(packer->err);
	for (size_t i = 0; (map = eun_package_get_map(packer->package, i)); i++) {
		char note[NOTE_MAX];
		int r;

		if (!is_stream(map))
			continue;
		r = eun__event_type_find_in_object(
		    packer->package->object, packer->package->object_size, packer->object->btf,
		    map->name, &packer->type_ids[i], note, sizeof(note));
		if (r < 0)
			return eub_error_no_memory(packer->err);
		packer->n_streams += r > 0;
	}
	return 0;
}

/* A C identifier, as the tools that read obj_name make one of it. */
static char *object_name(const char *name)
{
	char *text = NULL;

	if (asprintf(&text, "%s" OBJECT_NAME_SUFFIX, name) < 0)
		return NULL;
	for (char *p = text; *p; p++)
		if (!isalnum((unsigned char)*p))
			*p = '_';
	return text;
}

static int pack(struct packer *packer, char **ret_json, size_t *ret_json_size)
{
	_cleanup_(eub_freep) char *json = NULL;
	size_t json_size = 0;
	int r;

	if (!packer->object->btf) {
		eun_error_set(packer->err, -EINVAL, EUN_REASON_BAD_PACKAGE,
			      "the object has no BTF, which describes its variables and events");
		eun_error_set_hint(packer->err,
				   "compile with: clang -O2 -g -target bpf -c FILE.bpf.c");
		return -EINVAL;
	}
	packer->object_name = object_name(packer->package->name);
	r = packer->object_name ? find_types(packer) : eub_error_no_memory(packer->err);
	if (r == 0)
		r = write_json(packer, &json, &json_size);
	free(packer->object_name);
	free(packer->type_ids);
	if (r == 0)
		r = check_result(json, json_size, packer->err);
	if (r < 0)
		return r;
	*ret_json = EUB_TAKE_PTR(json);
	*ret_json_size = json_size;
	return 0;
}

int eun_package_pack(const void *object, size_t size, const char *name, char **ret_json,
		     size_t *ret_json_size, struct eun_error *err)
{
	_cleanup_(eun_package_freep) struct eun_package *package = NULL;
	struct eun__object view;
	struct packer packer = { .object = &view, .err = err };
	int r;

	if (!ret_json || !ret_json_size || !eun__elf_has_magic(object, object ? size : 0))
		return eun_error_set(err, -EINVAL, EUN_REASON_INVALID_ARGUMENT,
				     "eun_package_pack() needs an ELF object and two results");
	r = eun_package_parse(object, size, name, &package, err);
	if (r < 0)
		return r;
	r = eun__object_open(&view, package->object, package->object_size, err);
	if (r < 0)
		return r;
	packer.package = package;
	r = pack(&packer, ret_json, ret_json_size);
	eun__object_close(&view);
	return r;
}
