/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Generation 3: v0.3 to v1.0, and what eun_package_pack() writes. The object is zlib in base64. The
 * manifest ("meta") describes the skeleton and the exported types by their ids in the object's BTF;
 * in the first documents of v0.3 "export_types" was an object that brought BTF of its own.
 * Upstream's rule that "maps" and "progs" may be null is ours for every member.
 */
#include "package/manifest.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "base/macro.h"
#include "base/str.h"
#include "package/btf_check.h"
#include "package/export.h"
#include "package/inflate.h"
#include "package/limits.h"
#include "package/variable.h"

#define OBJECT_NAME_SUFFIX "_bpf" /* of obj_name, after the file's stem */

static bool matches(const json_t *root)
{
	return json_object_get(root, "bpf_object") || json_object_get(root, "meta");
}

static int unpack(struct eun_package *package, const struct eun__json *root, struct eun_error *err)
{
	struct eun__json object = eun__json_member(root, "bpf_object");
	struct eun__json declared = eun__json_member(root, "bpf_object_size");
	_cleanup_(eub_freep) void *packed = NULL;
	size_t packed_size = 0;
	uint32_t size = 0;
	int r = eun__json_u32(&declared, EUN__OBJECT_SIZE_MAX, &size, err);

	if (r == 0 && declared.value && size == 0)
		return eun__json_error(&declared, -EINVAL, EUN_REASON_BAD_PACKAGE, err,
				       "an object has at least one byte");
	if (r == 0)
		r = eun__json_base64(&object, EUN__OBJECT_SIZE_MAX, &packed, &packed_size, err);
	if (r < 0)
		return r;
	r = eun__inflate(packed, packed_size, size, EUN__OBJECT_SIZE_MAX, &package->object,
			 &package->object_size, err);
	return r < 0 ? eun__json_context(&object, r, err) : 0;
}

/* "bootstrap_bpf" is the tracker "bootstrap". */
static int parse_name(struct eun_package *package, const struct eun__json *skeleton,
		      struct eun_error *err)
{
	struct eun__json at = eun__json_member(skeleton, "obj_name");
	size_t n;
	int r = eun__json_string(&at, package, &package->name, err);

	if (r < 0 || !eub_has_suffix(package->name, OBJECT_NAME_SUFFIX))
		return r;
	n = strlen(package->name) - strlen(OBJECT_NAME_SUFFIX);
	package->name = eun__package_copy(package, package->name, n);
	return package->name ? 0 : eub_error_no_memory(err);
}

static int parse_doc(struct eun_package *package, const struct eun__json *skeleton,
		     struct eun_error *err)
{
	static const char *const description_keys[] = { "brief", "description", "details" };
	struct eun__json doc = eun__json_member(skeleton, "doc");
	struct eun__json version = eun__json_member(&doc, "version");
	int r = eun__json_allow(&doc, JSON_OBJECT, err);

	if (r == 0)
		r = eun__json_string(&version, package, &package->version, err);
	for (size_t i = 0; i < EUB_ARRAY_SIZE(description_keys) && r == 0; i++) {
		struct eun__json text = eun__json_member(&doc, description_keys[i]);
		const char *description = "";

		r = eun__json_string(&text, package, &description, err);
		if (!package->description[0])
			package->description = description;
	}
	return r;
}

/* "cmdarg" of a variable: {"default", "long", "short", "help"}, all optional. */
static int parse_cmdarg(struct eun_package *package, const struct eun__json *at,
			struct eun_package_variable *variable, struct eun_error *err)
{
	struct eun__json default_value = eun__json_member(at, "default");
	struct eun__json long_option = eun__json_member(at, "long");
	struct eun__json short_option = eun__json_member(at, "short");
	struct eun__json help = eun__json_member(at, "help");
	int r = eun__json_allow(at, JSON_OBJECT, err);

	if (r == 0)
		r = eun__json_scalar(&default_value, package, &variable->default_value, err);
	if (r == 0)
		r = eun__json_string(&long_option, package, &variable->long_option, err);
	if (r == 0)
		r = eun__json_string(&short_option, package, &variable->short_option, err);
	if (r == 0)
		r = eun__json_string(&help, package, &variable->description, err);
	if (r == 0 && strlen(variable->short_option) > 1)
		return eun__json_error(&short_option, -EINVAL, EUN_REASON_BAD_PACKAGE, err,
				       "expected one character");
	return r;
}

static int parse_variable(struct eun_package *package, const struct eun__json *at,
			  const char *section, struct eun_error *err)
{
	struct eun__json name = eun__json_member(at, "name");
	struct eun__json type = eun__json_member(at, "type");
	struct eun__json value = eun__json_member(at, "value");
	struct eun__json description = eun__json_member(at, "description");
	struct eun__json cmdarg = eun__json_member(at, "cmdarg");
	struct eun_package_variable variable;
	int r = eun__json_require(at, JSON_OBJECT, err);

	eun__variable_init(&variable, section);
	if (r == 0)
		r = eun__json_name(&name, package, &variable.name, err);
	variable.long_option = variable.name;
	if (r == 0)
		r = eun__json_string(&type, package, &variable.type, err);
	if (r == 0)
		r = eun__json_scalar(&value, package, &variable.default_value, err);
	if (r == 0)
		r = eun__json_string(&description, package, &variable.description, err);
	if (r == 0)
		r = parse_cmdarg(package, &cmdarg, &variable, err);
	if (r == 0)
		eun__variable_add(package, &variable);
	return r;
}

static int parse_section(struct eun_package *package, const struct eun__json *at,
			 struct eun_error *err)
{
	struct eun__json name = eun__json_member(at, "name");
	struct eun__json list = eun__json_member(at, "variables");
	const char *section = "";
	size_t n = 0;
	int r = eun__json_require(at, JSON_OBJECT, err);

	if (r == 0)
		r = eun__json_name(&name, package, &section, err);
	if (r == 0)
		r = eun__json_list(&list, EUN__VARIABLES_MAX, &n, err);
	for (size_t i = 0; i < n && r == 0; i++) {
		struct eun__json variable = eun__json_element(&list, i);

		r = parse_variable(package, &variable, section, err);
	}
	return r;
}

static int parse_sections(struct eun_package *package, const struct eun__json *list,
			  struct eun_error *err)
{
	size_t n = 0;
	int r = eun__json_list(list, EUN__SECTIONS_MAX, &n, err);

	if (r == 0)
		r = eun__variables_reserve(package, eun__manifest_count(list, "variables"), err);
	for (size_t i = 0; i < n && r == 0; i++) {
		struct eun__json section = eun__json_element(list, i);

		r = parse_section(package, &section, err);
	}
	return r;
}

static int parse_map(struct eun_package *package, const struct eun__json *at,
		     const struct eun__object *object, struct eun__package_map *map,
		     struct eun_error *err)
{
	struct eun__json name = eun__json_member(at, "name");
	struct eun__json ident = eun__json_member(at, "ident");
	struct eun__json sample = eun__json_member(at, "sample");
	struct eun__json config = eun__json_member(at, "export_config");
	int r = eun__json_require(at, JSON_OBJECT, err);

	if (r == 0)
		r = eun__json_name(&name, package, &map->pub.name, err);
	if (r == 0)
		r = eun__json_string(&ident, package, &map->ident, err);
	if (r == 0)
		r = eun__json_allow(&sample, JSON_OBJECT, err);
	map->is_sample = sample.value;
	return r < 0 ? r : eun__export_config(package, &config, object, map, err);
}

static int parse_skeleton(struct eun_package *package, const struct eun__json *skeleton,
			  const struct eun__object *object, struct eun_error *err)
{
	struct eun__json sections = eun__json_member(skeleton, "data_sections");
	struct eun__json maps = eun__json_member(skeleton, "maps");
	struct eun__json programs = eun__json_member(skeleton, "progs");
	int r = parse_name(package, skeleton, err);

	if (r == 0)
		r = parse_doc(package, skeleton, err);
	if (r == 0)
		r = parse_sections(package, &sections, err);
	if (r == 0)
		r = eun__manifest_maps(package, &maps, err);
	for (size_t i = 0; i < package->n_maps && r == 0; i++) {
		struct eun__json map = eun__json_element(&maps, i);

		r = parse_map(package, &map, object, &package->maps[i], err);
	}
	return r < 0 ? r : eun__manifest_programs(package, &programs, "attach", err);
}

static int parse(struct eun_package *package, const struct eun__json *root,
		 const struct eun__object *object, struct eun_error *err)
{
	struct eun__json meta = eun__json_member(root, "meta");
	struct eun__json skeleton = eun__json_member(&meta, "bpf_skel");
	struct eun__json types = eun__json_member(&meta, "export_types");
	struct eun__json multiple = eun__json_member(&meta, "enable_multiple_export_types");
	int r = eun__json_require(&meta, JSON_OBJECT, err);

	if (r == 0)
		r = eun__json_require(&skeleton, JSON_OBJECT, err);
	if (r == 0)
		r = eun__json_bool(&multiple, &package->has_multiple_exports, err);
	if (r == 0)
		r = parse_skeleton(package, &skeleton, object, err);
	return r < 0 ? r : eun__export_types(package, &types, object, err);
}

const struct eun__generation eun__generation_3 = {
	.format = EUN_PACKAGE_GEN3,
	.matches = matches,
	.unpack = unpack,
	.parse = parse,
};
