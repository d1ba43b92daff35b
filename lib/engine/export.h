/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which maps of a tracker carry events, and of which types (docs/package-format.md, "Event types").
 */
#pragma once

#include "engine/notes.h"

#include <eunomia/error.h>
#include <eunomia/event.h>
#include <eunomia/package.h>
#include <eunomia/slot.h>

struct bpf_map;
struct bpf_object;

/* A map whose records are events. */
struct eun__export {
	const struct bpf_map *map; /* of the object; borrowed */
	struct eun_schema *schema; /* owned */
};

struct eun__exports {
	struct eun__export *items;
	size_t n_items;
};

/**
 * eun__exports_choose() - find the event maps of a loaded object and their types
 * @object:  borrowed, must outlive the exports
 * @notes:   gets a remark where several structs or maps qualify, or where a type is not known
 *
 * A map whose type cannot be told is exported untyped: its events print as hex.
 *
 * Return: 0; -ENOENT (EUN_REASON_NOT_FOUND: --type names no struct or no map), -EINVAL
 * (EUN_REASON_BAD_PACKAGE), -E2BIG, -ENOMEM.
 */
int eun__exports_choose(const struct bpf_object *object, const struct eun_package *package,
			const struct eun_slot_options *options, struct eun__notes *notes,
			struct eun__exports *ret_exports, struct eun_error *err);
void eun__exports_done(struct eun__exports *exports);
