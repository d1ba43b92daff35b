/* SPDX-License-Identifier: Apache-2.0 */
/*
 * State that goes on over a swap: a map of the new generation takes the place of the old one's map
 * of the same name if nothing can tell them apart but their contents.
 */
#pragma once

#include "object/object.h"

#include <eunomia/swap.h>

struct bpf_map;

/* Maps of one object, in its order; strings are the object's or static. */
struct eun__map_reuse {
	struct eun_swap_map *items;
	size_t n_items;
};

/**
 * eun__maps_reuse() - give an opened object the maps of a loaded one
 * @object:   opened, not loaded
 * @previous: loaded or adopted
 * @why_not:  a reason against a map that passed every other test, for its events' types; NULL: none
 *
 * Data sections and program arrays are never shared: they hold what belongs to one generation.
 *
 * Return: 0; -ENOMEM, -errno of bpf_map__reuse_fd().
 */
int eun__maps_reuse(struct eun__object *object, const struct eun__object *previous,
		    enum eun_map_policy policy,
		    const char *(*why_not)(const struct bpf_map *map, void *userdata),
		    void *userdata, struct eun__map_reuse *ret_reuse, struct eun_error *err);
void eun__map_reuse_done(struct eun__map_reuse *reuse);
