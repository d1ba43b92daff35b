/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Generation 0: the hot-update JSON of the first Eunomia (2022). Maps and programs are lists of
 * names, "name" is always empty, and event types are nowhere: the record of its ring buffer "rb" is
 * the fixed struct that lib/event knows.
 */
#include "package/manifest.h"

#include "base/error.h"
#include "base/macro.h"
#include "package/limits.h"

static bool holds_names(const json_t *root, const char *key)
{
	return json_is_string(json_array_get(json_object_get(root, key), 0));
}

static bool matches(const json_t *root)
{
	return json_object_get(root, "data") &&
	       (holds_names(root, "maps") || holds_names(root, "progs"));
}

static int parse_maps(struct eun_package *package, const struct eun__json *list,
		      struct eun_error *err)
{
	int r = eun__manifest_maps(package, list, err);

	for (size_t i = 0; i < package->n_maps && r == 0; i++) {
		struct eun__json name = eun__json_element(list, i);

		r = eun__json_name(&name, package, &package->maps[i].pub.name, err);
	}
	return r;
}

static int parse_programs(struct eun_package *package, const struct eun__json *list,
			  struct eun_error *err)
{
	size_t n = 0;
	int r = eun__json_list(list, EUN__PROGRAMS_MAX, &n, err);

	if (r < 0)
		return r;
	package->programs = eun__package_alloc(package, n, sizeof(*package->programs));
	if (!package->programs)
		return eub_error_no_memory(err);
	for (size_t i = 0; i < n && r == 0; i++) {
		struct eun__json name = eun__json_element(list, i);

		package->programs[i].section = "";
		r = eun__json_name(&name, package, &package->programs[i].name, err);
	}
	package->n_programs = n;
	return r;
}

static int parse(struct eun_package *package, const struct eun__json *root,
		 const struct eun__object *object EUB_UNUSED, struct eun_error *err)
{
	struct eun__json name = eun__json_member(root, "name");
	struct eun__json maps = eun__json_member(root, "maps");
	struct eun__json programs = eun__json_member(root, "progs");
	int r = eun__json_string(&name, package, &package->name, err);

	if (r == 0)
		r = parse_maps(package, &maps, err);
	return r < 0 ? r : parse_programs(package, &programs, err);
}

const struct eun__generation eun__generation_0 = {
	.format = EUN_PACKAGE_GEN0,
	.matches = matches,
	.unpack = eun__manifest_unpack_data,
	.parse = parse,
};
