/* SPDX-License-Identifier: Apache-2.0 */
/* See manifest.h. Entries keep the order of the manifest, on which upstream's rules depend. */
#include "package/manifest.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "base/macro.h"
#include "package/limits.h"

static int parse_program(struct eun_package *package, const struct eun__json *at,
			 const char *section_key, struct eun_package_program *program,
			 struct eun_error *err)
{
	struct eun__json name = eun__json_member(at, "name");
	int r = eun__json_require(at, JSON_OBJECT, err);

	program->name = "";
	program->section = "";
	if (r == 0)
		r = eun__json_name(&name, package, &program->name, err);
	if (r == 0 && section_key) {
		struct eun__json section = eun__json_member(at, section_key);

		r = eun__json_string(&section, package, &program->section, err);
	}
	return r;
}

int eun__manifest_programs(struct eun_package *package, const struct eun__json *list,
			   const char *section_key, struct eun_error *err)
{
	size_t n = 0;
	int r = eun__json_list(list, EUN__PROGRAMS_MAX, &n, err);

	if (r < 0)
		return r;
	package->programs = eun__package_alloc(package, n, sizeof(*package->programs));
	if (!package->programs)
		return eub_error_no_memory(err);
	for (size_t i = 0; i < n && r == 0; i++) {
		struct eun__json element = eun__json_element(list, i);

		r = parse_program(package, &element, section_key, &package->programs[i], err);
	}
	package->n_programs = n;
	return r;
}

int eun__manifest_maps(struct eun_package *package, const struct eun__json *list,
		       struct eun_error *err)
{
	size_t n = 0;
	int r = eun__json_list(list, EUN__MAPS_MAX, &n, err);

	if (r < 0)
		return r;
	package->maps = eun__package_alloc(package, n, sizeof(*package->maps));
	if (!package->maps)
		return eub_error_no_memory(err);
	for (size_t i = 0; i < n; i++) {
		package->maps[i].pub.name = "";
		package->maps[i].pub.type = "";
		package->maps[i].ident = "";
	}
	package->n_maps = n;
	return 0;
}

size_t eun__manifest_count(const struct eun__json *list, const char *key)
{
	size_t n = 0;

	for (size_t i = 0; i < json_array_size(list->value); i++)
		n += json_array_size(json_object_get(json_array_get(list->value, i), key));
	return n;
}

int eun__manifest_unpack_data(struct eun_package *package, const struct eun__json *root,
			      struct eun_error *err)
{
	struct eun__json data = eun__json_member(root, "data");
	struct eun__json declared = eun__json_member(root, "data_sz");
	uint32_t size = 0;
	int r = eun__json_u32(&declared, EUN__OBJECT_SIZE_MAX, &size, err);

	if (r < 0)
		return r;
	r = eun__json_base64(&data, EUN__OBJECT_SIZE_MAX, &package->object, &package->object_size,
			     err);
	if (r < 0)
		return r;
	if (declared.value && size != package->object_size)
		return eun__json_error(&declared, -EINVAL, EUN_REASON_BAD_PACKAGE, err,
				       "'data' holds %zu bytes, %u are declared",
				       package->object_size, size);
	return 0;
}
