/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel's memory that an object's maps take. */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct bpf_object;

struct eun__map_memory {
	uint32_t id; /* the kernel's: objects that share a map say the same */
	uint64_t bytes;
};

/**
 * eun__map_memory_measure() - ask the kernel about the maps of a loaded object
 *
 * A few system calls per map. What a map that allocates its entries one by one takes is counted as
 * if it were full.
 *
 * Return: the number of maps, in *@ret_maps, for free(); 0 and NULL if there are none or no memory.
 */
size_t eun__map_memory_measure(const struct bpf_object *object, struct eun__map_memory **ret_maps);
