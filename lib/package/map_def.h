/* SPDX-License-Identifier: Apache-2.0 */
/* Map definitions as BTF carries them (section ".maps", libbpf's __uint() and __type()). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct btf;
struct btf_type;

struct eun__map_def {
	uint32_t type;	   /* enum bpf_map_type */
	uint32_t key_id;   /* BTF type of keys; 0 if the definition gives only a size, or nothing */
	uint32_t value_id; /* likewise of values */
};

/* The DATASEC ".maps"; NULL if there is none. */
const struct btf_type *eun__map_section(const struct btf *btf);
/* Name of map @i of @section. */
const char *eun__map_name(const struct btf *btf, const struct btf_type *section, uint32_t i);
/* Definition of map @i of @section; members that it does not have are 0. */
struct eun__map_def eun__map_def(const struct btf *btf, const struct btf_type *section, uint32_t i);
/* The map of that name; false if there is none. @section may be NULL. */
bool eun__map_find(const struct btf *btf, const struct btf_type *section, const char *name,
		   struct eun__map_def *ret_def);
/* "BPF_MAP_TYPE_RINGBUF"; "" for types that libbpf does not know. */
void eun__map_type_name(uint32_t type, char *text, size_t size);
