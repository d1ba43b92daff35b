/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See export.h. A type id is a number that a tool once wrote down; the name beside it is what the
 * author meant. Where the two disagree (an object that was stripped or linked anew after the
 * manifest was written) the name decides, and only a name that the BTF does not have is an error.
 */
#include "package/export.h"

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "base/macro.h"
#include "base/str.h"
#include "package/btf_check.h"
#include "package/limits.h"
#include "package/name.h"

#include <bpf/btf.h>

#define BITS_PER_BYTE 8u

EUB_DEFINE_CLEANUP(struct btf *, btf__free);

static const struct btf_type *struct_of(const struct btf *btf, uint32_t type_id)
{
	int resolved = type_id > 0 ? btf__resolve_type(btf, type_id) : -ENOENT;
	const struct btf_type *type =
	    resolved > 0 ? btf__type_by_id(btf, (uint32_t)resolved) : NULL;

	return type && btf_is_composite(type) ? type : NULL;
}

static bool is_named(const struct btf *btf, const struct btf_type *type, const char *name)
{
	return eub_streq(btf__name_by_offset(btf, type->name_off), name);
}

/* Sets type_id and size to what @btf has; see the file's comment. */
static int resolve_type(const struct btf *btf, struct eun__package_type *type,
			const struct eun__json *at, struct eun_error *err)
{
	const struct btf_type *found = struct_of(btf, type->type_id);

	if (!found || (!is_named(btf, found, type->name) &&
		       !is_named(btf, btf__type_by_id(btf, type->type_id), type->name))) {
		int id = btf__find_by_name_kind(btf, type->name, BTF_KIND_STRUCT);

		if (id <= 0 || !type->name[0])
			return eun__json_error(at, -EINVAL, EUN_REASON_BAD_PACKAGE, err,
					       "the BTF has no struct '%.64s'", type->name);
		type->type_id = (uint32_t)id;
		found = btf__type_by_id(btf, type->type_id);
	}
	type->size_bytes = found->size;
	return 0;
}

static int parse_member(struct eun_package *package, const struct eun__json *at,
			struct eun__package_field *field, struct eun_error *err)
{
	struct eun__json name = eun__json_member(at, "name");
	struct eun__json type = eun__json_member(at, "type");
	int r = eun__json_require(at, JSON_OBJECT, err);

	field->name = "";
	field->type = "";
	if (r == 0)
		r = eun__json_string(&name, package, &field->name, err);
	return r < 0 ? r : eun__json_string(&type, package, &field->type, err);
}

static int parse_members(struct eun_package *package, const struct eun__json *list,
			 struct eun__package_type *type, struct eun_error *err)
{
	size_t n = 0;
	int r = eun__json_list(list, EUN__MEMBERS_MAX, &n, err);

	if (r < 0)
		return r;
	type->fields = eun__package_alloc(package, n, sizeof(*type->fields));
	if (!type->fields)
		return eub_error_no_memory(err);
	for (size_t i = 0; i < n && r == 0; i++) {
		struct eun__json member = eun__json_element(list, i);

		r = parse_member(package, &member, &type->fields[i], err);
	}
	type->n_fields = n;
	return r;
}

/* An element of either form; only the name of the id's member differs. */
static int parse_type(struct eun_package *package, const struct eun__json *at, const char *id_key,
		      const struct btf *btf, struct eun__package_type *type, struct eun_error *err)
{
	struct eun__json name = eun__json_member(at, "name");
	struct eun__json size = eun__json_member(at, "size");
	struct eun__json id = eun__json_member(at, id_key);
	struct eun__json members = eun__json_member(at, "members");
	int r = eun__json_require(at, JSON_OBJECT, err);

	type->name = "";
	if (r == 0)
		r = eun__json_require(&name, JSON_STRING, err);
	if (r == 0)
		r = eun__json_string(&name, package, &type->name, err);
	if (r == 0)
		r = eun__json_u32(&size, EUN__EVENT_SIZE_MAX, &type->size_bytes, err);
	if (r == 0)
		r = eun__json_u32(&id, UINT32_MAX, &type->type_id, err);
	if (r == 0)
		r = parse_members(package, &members, type, err);
	if (r < 0)
		return r;
	if (!btf)
		type->type_id = 0;
	return btf ? resolve_type(btf, type, at, err) : 0;
}

static int parse_types(struct eun_package *package, const struct eun__json *list,
		       const char *id_key, const struct btf *btf, struct eun_error *err)
{
	size_t n = 0;
	int r = eun__json_list(list, EUN__TYPES_MAX, &n, err);

	if (r < 0)
		return r;
	package->types = eun__package_alloc(package, n, sizeof(*package->types));
	if (!package->types)
		return eub_error_no_memory(err);
	for (size_t i = 0; i < n && r == 0; i++) {
		struct eun__json type = eun__json_element(list, i);

		r = parse_type(package, &type, id_key, btf, &package->types[i], err);
	}
	package->n_types = n;
	return r;
}

static int parse_early_types(struct eun_package *package, const struct eun__json *at,
			     struct eun_error *err)
{
	struct eun__json raw = eun__json_member(at, "export_btf");
	struct eun__json list = eun__json_member(at, "structs");
	_cleanup_(btf__freep) struct btf *btf = NULL;
	int r = eun__json_base64(&raw, EUN__BTF_SIZE_MAX, &package->types_btf,
				 &package->types_btf_size, err);

	if (r < 0)
		return r;
	r = eun__btf_open(package->types_btf, package->types_btf_size, &btf, err);
	if (r < 0)
		return eun__json_context(&raw, r, err);
	return parse_types(package, &list, "id", btf, err);
}

int eun__export_types(struct eun_package *package, const struct eun__json *at,
		      const struct eun__object *object, struct eun_error *err)
{
	if (json_is_object(at->value))
		return parse_early_types(package, at, err);
	return parse_types(package, at, "type_id", object->btf, err);
}

static int require_btf(const struct eun__object *object, const struct eun__json *at,
		       struct eun_error *err)
{
	if (object->btf)
		return 0;
	return eun__json_error(at, -EINVAL, EUN_REASON_BAD_PACKAGE, err,
			       "it names a type, but the object has no BTF");
}

static int parse_custom_member(struct eun_package *package, const struct eun__json *at,
			       const struct btf *btf, struct eun__package_field *field,
			       struct eun_error *err)
{
	struct eun__json name = eun__json_member(at, "name");
	struct eun__json offset = eun__json_member(at, "offset");
	struct eun__json id = eun__json_member(at, "btf_type_id");
	uint32_t offset_bytes = 0;
	uint32_t type_id = 0;
	int64_t size_bytes;
	int r = eun__json_require(at, JSON_OBJECT, err);

	field->type = "";
	if (r == 0)
		r = eun__json_name(&name, package, &field->name, err);
	if (r == 0)
		r = eun__json_u32(&offset, EUN__EVENT_SIZE_MAX, &offset_bytes, err);
	if (r == 0)
		r = eun__json_u32(&id, UINT32_MAX, &type_id, err);
	if (r < 0)
		return r;
	size_bytes = type_id > 0 ? btf__resolve_size(btf, type_id) : -ENOENT;
	if (size_bytes <= 0 || size_bytes > EUN__EVENT_SIZE_MAX)
		return eun__json_error(&id, -EINVAL, EUN_REASON_BAD_PACKAGE, err,
				       "type %u of the object's BTF has no size or does not exist",
				       type_id);
	field->offset_bits = offset_bytes * BITS_PER_BYTE;
	field->size_bits = (uint32_t)size_bytes * BITS_PER_BYTE;
	field->type = eun__type_name_copy(package, btf, type_id);
	return field->type ? 0 : eub_error_no_memory(err);
}

static int compare_fields(const void *a, const void *b)
{
	const struct eun__package_field *x = a;
	const struct eun__package_field *y = b;

	return (x->offset_bits > y->offset_bits) - (x->offset_bits < y->offset_bits);
}

/* Sorts the fields by offset, finds overlaps and the end of the last one. */
static int lay_out(struct eun__package_type *type, const struct eun__json *list,
		   struct eun_error *err)
{
	uint32_t end_bits = 0;

	qsort(type->fields, type->n_fields, sizeof(*type->fields), compare_fields);
	for (size_t i = 0; i < type->n_fields; i++) {
		if (type->fields[i].offset_bits < end_bits)
			return eun__json_error(list, -EINVAL, EUN_REASON_BAD_PACKAGE, err,
					       "members '%.64s' and '%.64s' overlap",
					       type->fields[i - 1].name, type->fields[i].name);
		end_bits = type->fields[i].offset_bits + type->fields[i].size_bits;
	}
	type->size_bytes = end_bits / BITS_PER_BYTE;
	return 0;
}

static int parse_custom_members(struct eun_package *package, const struct eun__json *list,
				const struct eun__object *object, struct eun__package_map *map,
				struct eun_error *err)
{
	struct eun__package_type *type = eun__package_alloc(package, 1, sizeof(*type));
	size_t n = 0;
	int r = eun__json_list(list, EUN__MEMBERS_MAX, &n, err);

	if (r == 0)
		r = require_btf(object, list, err);
	if (r < 0)
		return r;
	if (type)
		type->fields = eun__package_alloc(package, n, sizeof(*type->fields));
	if (!type || !type->fields)
		return eub_error_no_memory(err);
	for (size_t i = 0; i < n && r == 0; i++) {
		struct eun__json member = eun__json_element(list, i);

		r = parse_custom_member(package, &member, object->btf, &type->fields[i], err);
	}
	if (r < 0)
		return r;
	type->name = map->pub.name;
	type->has_layout = true;
	type->n_fields = n;
	map->layout = type;
	return lay_out(type, list, err);
}

static int parse_export_object(struct eun_package *package, const struct eun__json *at,
			       const struct eun__object *object, struct eun__package_map *map,
			       struct eun_error *err)
{
	struct eun__json id = eun__json_member(at, "btf_type_id");
	struct eun__json members = eun__json_member(at, "custom_members");
	int r;

	map->is_exported = true;
	if (members.value)
		return parse_custom_members(package, &members, object, map, err);
	r = eun__json_require(&id, JSON_INTEGER, err);
	if (r == 0)
		r = eun__json_u32(&id, UINT32_MAX, &map->export_type_id, err);
	if (r == 0)
		r = require_btf(object, &id, err);
	if (r == 0 && !struct_of(object->btf, map->export_type_id))
		return eun__json_error(&id, -EINVAL, EUN_REASON_BAD_PACKAGE, err,
				       "type %u of the object's BTF is no struct",
				       map->export_type_id);
	return r;
}

int eun__export_config(struct eun_package *package, const struct eun__json *at,
		       const struct eun__object *object, struct eun__package_map *map,
		       struct eun_error *err)
{
	const char *word = json_string_value(at->value);

	if (!at->value)
		return 0;
	if (!word && eun__json_require(at, JSON_OBJECT, err) < 0)
		return -EINVAL;
	if (!word)
		return parse_export_object(package, at, object, map, err);
	map->is_exported = eub_streq(word, "default");
	if (!map->is_exported && !eub_streq(word, "no_export"))
		return eun__json_error(at, -EINVAL, EUN_REASON_BAD_PACKAGE, err,
				       "'%.64s' is neither 'no_export' nor 'default'", word);
	return 0;
}
