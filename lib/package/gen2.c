/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Generation 2: v0.2. As generation 1, but programs may have no type, and the maps of data sections
 * list the variables in them ("sec_data"). Their offsets follow from the sizes before them; we do
 * not need these, since the object's BTF places variables by name.
 */
#include "package/manifest.h"

#include "base/macro.h"
#include "base/str.h"
#include "package/limits.h"
#include "package/variable.h"

#define SECTION_DATA "sec_data"

static bool any_has(const json_t *list, const char *key)
{
	for (size_t i = 0; i < json_array_size(list); i++)
		if (json_object_get(json_array_get(list, i), key))
			return true;
	return false;
}

static bool any_lacks(const json_t *list, const char *key)
{
	for (size_t i = 0; i < json_array_size(list); i++)
		if (!json_object_get(json_array_get(list, i), key))
			return true;
	return false;
}

static bool matches(const json_t *root)
{
	return json_object_get(root, "data") &&
	       (any_has(json_object_get(root, "maps"), SECTION_DATA) ||
		any_lacks(json_object_get(root, "progs"), "type"));
}

static int parse_variable(struct eun_package *package, const struct eun__json *at,
			  const char *section, struct eun_error *err)
{
	struct eun__json name = eun__json_member(at, "name");
	struct eun__json type = eun__json_member(at, "type");
	struct eun_package_variable variable;
	int r = eun__json_require(at, JSON_OBJECT, err);

	eun__variable_init(&variable, section);
	if (r == 0)
		r = eun__json_name(&name, package, &variable.name, err);
	if (r == 0)
		r = eun__json_string(&type, package, &variable.type, err);
	variable.long_option = variable.name;
	if (r == 0)
		eun__variable_add(package, &variable);
	return r;
}

/* The part of "client_b.rodata" from the dot on: that is how libbpf names sections' maps. */
static const char *section_of(const char *map_name)
{
	const char *dot = strchr(map_name, '.');

	return dot ? dot : "";
}

static int parse_section(struct eun_package *package, const struct eun__json *map,
			 const char *section, struct eun_error *err)
{
	struct eun__json list = eun__json_member(map, SECTION_DATA);
	size_t n = 0;
	int r = eun__json_list(&list, EUN__VARIABLES_MAX, &n, err);

	for (size_t i = 0; i < n && r == 0; i++) {
		struct eun__json at = eun__json_element(&list, i);

		r = parse_variable(package, &at, section, err);
	}
	return r;
}

static int parse(struct eun_package *package, const struct eun__json *root,
		 const struct eun__object *object EUB_UNUSED, struct eun_error *err)
{
	struct eun__json maps = eun__json_member(root, "maps");
	int r = eun__manifest_parse_ebpm(package, root, err);

	if (r == 0)
		r = eun__variables_reserve(package, eun__manifest_count(&maps, SECTION_DATA), err);
	for (size_t i = 0; i < package->n_maps && r == 0; i++) {
		struct eun__json map = eun__json_element(&maps, i);

		r = parse_section(package, &map, section_of(package->maps[i].pub.name), err);
	}
	return r;
}

const struct eun__generation eun__generation_2 = {
	.format = EUN_PACKAGE_GEN2,
	.matches = matches,
	.unpack = eun__manifest_unpack_data,
	.parse = parse,
};
