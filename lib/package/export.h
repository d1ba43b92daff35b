/* SPDX-License-Identifier: Apache-2.0 */
/* What a generation-3 manifest says about the types of events. */
#pragma once

#include "package/internal.h"

/**
 * eun__export_types() - read "export_types" in its usual and its early form
 * @at:     array, object (early form) or absent
 * @object: whose BTF the type ids mean
 *
 * Return: 0; -EINVAL (a type that the BTF does not have), -E2BIG, -ENOMEM.
 */
int eun__export_types(struct eun_package *package, const struct eun__json *at,
		      const struct eun__object *object, struct eun_error *err);
/**
 * eun__export_config() - read a map's "export_config" (multi-export mode)
 * @at: "no_export", "default", {"btf_type_id"}, {"custom_members"} or absent
 *
 * Return: as eun__export_types().
 */
int eun__export_config(struct eun_package *package, const struct eun__json *at,
		       const struct eun__object *object, struct eun__package_map *map,
		       struct eun_error *err);
