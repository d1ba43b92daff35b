/* SPDX-License-Identifier: Apache-2.0 */
/* What the manifests of several generations have in common. */
#pragma once

#include "package/internal.h"

/**
 * eun__manifest_programs() - read a list of {"name", KEY: attach point}
 * @section_key: member that holds the attach point, or NULL
 *
 * Return: 0; -EINVAL, -E2BIG, -ENOMEM.
 */
int eun__manifest_programs(struct eun_package *package, const struct eun__json *list,
			   const char *section_key, struct eun_error *err);
/* Allocates maps for a list, with all strings "". Same errors; an absent list has no maps. */
int eun__manifest_maps(struct eun_package *package, const struct eun__json *list,
		       struct eun_error *err);
/* How many elements the lists @key of all elements of @list have together. */
size_t eun__manifest_count(const struct eun__json *list, const char *key);
/* Generations 0 to 2: "data" is the object in base64, "data_sz" its size if it is there. */
int eun__manifest_unpack_data(struct eun_package *package, const struct eun__json *root,
			      struct eun_error *err);
/* Generations 1 and 2: everything but sec_data. */
int eun__manifest_parse_ebpm(struct eun_package *package, const struct eun__json *root,
			     struct eun_error *err);
