/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Generation 1: the "ebpm" template of v0.1, which generation 2 extends. The object is plain base64
 * in "data". A map may carry the type of its records as LLVM lays it out, offsets and sizes in
 * bits: a field reaches to the next one, and its LLVM type tells how much of that is padding.
 */
#include "package/manifest.h"

#include "base/error.h"
#include "base/macro.h"
#include "base/str.h"
#include "package/limits.h"

#define BITS_PER_BYTE 8u

static bool matches(const json_t *root)
{
	return json_object_get(root, "data");
}

/* Reads a number of at most 7 digits and moves *@p behind it; 0 if there is none. */
static uint32_t take_number(const char **p)
{
	uint32_t value = 0;

	for (int i = 0; i < 7 && **p >= '0' && **p <= '9'; i++, (*p)++)
		value = value * 10 + (uint32_t)(**p - '0');
	return value;
}

static bool take_text(const char **p, const char *text)
{
	if (!eub_has_prefix(*p, text))
		return false;
	*p += strlen(text);
	return true;
}

/* Bits of "i32" or "[16 x i8]"; 0 for types whose text does not tell. */
static uint32_t llvm_type_bits(const char *type)
{
	bool is_array = take_text(&type, "[");
	uint32_t n = is_array ? take_number(&type) : 1;
	uint32_t width;
	uint32_t bits;

	if ((is_array && !take_text(&type, " x ")) || !take_text(&type, "i"))
		return 0;
	width = take_number(&type);
	if ((is_array && !take_text(&type, "]")) || *type || eub_mul_overflow(n, width, &bits))
		return 0;
	return bits;
}

static int parse_field(struct eun_package *package, const struct eun__json *at,
		       struct eun__package_field *field, struct eun_error *err)
{
	struct eun__json name = eun__json_member(at, "Name");
	struct eun__json type = eun__json_member(at, "Type");
	struct eun__json llvm_type = eun__json_member(at, "LLVMType");
	struct eun__json offset = eun__json_member(at, "FieldOffset");
	const char *llvm = "";
	int r = eun__json_require(at, JSON_OBJECT, err);

	field->type = "";
	if (r == 0)
		r = eun__json_name(&name, package, &field->name, err);
	if (r == 0)
		r = eun__json_name(&type, package, &field->type, err);
	if (r == 0)
		r = eun__json_string(&llvm_type, package, &llvm, err);
	if (r == 0)
		r = eun__json_require(&offset, JSON_INTEGER, err);
	if (r == 0)
		r = eun__json_u32(&offset, EUN__EVENT_SIZE_MAX * BITS_PER_BYTE, &field->offset_bits,
				  err);
	field->size_bits = llvm_type_bits(llvm);
	return r;
}

/* Cuts each field off at the next one; the last one at the end of the data. */
static int bound_fields(struct eun__package_type *type, uint32_t end_bits,
			const struct eun__json *fields, struct eun_error *err)
{
	for (size_t i = type->n_fields; i-- > 0;) {
		struct eun__package_field *field = &type->fields[i];
		struct eun__json at = eun__json_element(fields, i);
		uint32_t room_bits;

		if (field->offset_bits >= end_bits)
			return eun__json_error(&at, -EINVAL, EUN_REASON_BAD_PACKAGE, err,
					       "the field begins at bit %u, but must end by bit %u",
					       field->offset_bits, end_bits);
		room_bits = end_bits - field->offset_bits;
		if (field->size_bits == 0 || field->size_bits > room_bits)
			field->size_bits = room_bits;
		end_bits = field->offset_bits;
	}
	return 0;
}

static int parse_fields(struct eun_package *package, const struct eun__json *fields,
			struct eun__package_type *type, uint32_t end_bits, struct eun_error *err)
{
	size_t n = 0;
	int r = eun__json_require(fields, JSON_ARRAY, err);

	if (r == 0)
		r = eun__json_list(fields, EUN__MEMBERS_MAX, &n, err);
	if (r < 0)
		return r;
	type->fields = eun__package_alloc(package, n, sizeof(*type->fields));
	if (!type->fields)
		return eub_error_no_memory(err);
	for (size_t i = 0; i < n && r == 0; i++) {
		struct eun__json field = eun__json_element(fields, i);

		r = parse_field(package, &field, &type->fields[i], err);
	}
	type->n_fields = n;
	return r < 0 ? r : bound_fields(type, end_bits, fields, err);
}

/* "export_data_types" of a map; the schema file of that time calls it "ring_buffer_export". */
static int parse_layout(struct eun_package *package, const struct eun__json *at,
			struct eun__package_type **ret_type, struct eun_error *err)
{
	struct eun__json name = eun__json_member(at, "Struct Name");
	struct eun__json size = eun__json_member(at, "DataSize");
	struct eun__json fields = eun__json_member(at, "Fields");
	struct eun__package_type *type;
	uint32_t size_bits = 0;
	int r = eun__json_require(at, JSON_OBJECT, err);

	if (r < 0)
		return r;
	if (!size.value)
		size = eun__json_member(at, "Size");
	r = eun__json_require(&size, JSON_INTEGER, err);
	if (r == 0)
		r = eun__json_u32(&size, EUN__EVENT_SIZE_MAX * BITS_PER_BYTE, &size_bits, err);
	if (r < 0)
		return r;
	type = eun__package_alloc(package, 1, sizeof(*type));
	if (!type)
		return eub_error_no_memory(err);
	type->name = "";
	type->size_bytes = (size_bits + BITS_PER_BYTE - 1) / BITS_PER_BYTE;
	type->has_layout = true;
	r = eun__json_string(&name, package, &type->name, err);
	if (r == 0)
		r = parse_fields(package, &fields, type, size_bits, err);
	*ret_type = type;
	return r;
}

static int parse_map(struct eun_package *package, const struct eun__json *at,
		     struct eun__package_map *map, struct eun_error *err)
{
	struct eun__json name = eun__json_member(at, "name");
	struct eun__json type = eun__json_member(at, "type");
	struct eun__json layout = eun__json_member(at, "export_data_types");
	int r = eun__json_require(at, JSON_OBJECT, err);

	if (r == 0)
		r = eun__json_name(&name, package, &map->pub.name, err);
	if (r == 0)
		r = eun__json_string(&type, package, &map->pub.type, err);
	if (!layout.value)
		layout = eun__json_member(at, "ring_buffer_export");
	if (r == 0 && layout.value)
		r = parse_layout(package, &layout, &map->layout, err);
	/* Written for data sections, whose real type the object knows. */
	if (eub_streq(map->pub.type, "BPF_MAP_TYPE_UNSPEC") || eub_streq(map->pub.type, "RODATA"))
		map->pub.type = "";
	return r;
}

int eun__manifest_parse_ebpm(struct eun_package *package, const struct eun__json *root,
			     struct eun_error *err)
{
	struct eun__json name = eun__json_member(root, "name");
	struct eun__json version = eun__json_member(root, "version");
	struct eun__json description = eun__json_member(root, "description");
	struct eun__json maps = eun__json_member(root, "maps");
	struct eun__json programs = eun__json_member(root, "progs");
	int r = eun__json_string(&name, package, &package->name, err);

	if (r == 0)
		r = eun__json_string(&version, package, &package->version, err);
	if (r == 0)
		r = eun__json_string(&description, package, &package->description, err);
	if (r == 0)
		r = eun__manifest_maps(package, &maps, err);
	for (size_t i = 0; i < package->n_maps && r == 0; i++) {
		struct eun__json map = eun__json_element(&maps, i);

		r = parse_map(package, &map, &package->maps[i], err);
	}
	/* "type" of a program is its program type; where it attaches, only the object says. */
	return r < 0 ? r : eun__manifest_programs(package, &programs, NULL, err);
}

static int parse(struct eun_package *package, const struct eun__json *root,
		 const struct eun__object *object EUB_UNUSED, struct eun_error *err)
{
	return eun__manifest_parse_ebpm(package, root, err);
}

const struct eun__generation eun__generation_1 = {
	.format = EUN_PACKAGE_GEN1,
	.matches = matches,
	.unpack = eun__manifest_unpack_data,
	.parse = parse,
};
