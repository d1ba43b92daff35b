/* SPDX-License-Identifier: Apache-2.0 */
/* Finds the type of a map's events in an object's BTF (docs/package-format.md, "Event types"). */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct btf;

/* __type(value, struct X) on the map. Return: 1 and the struct's id; 0: the map does not say. */
int eun__event_type_of_map(const struct btf *btf, const char *map_name, uint32_t *ret_type_id);

/**
 * eun__event_type_find() - the type of a map's events
 * @note: gets a remark when several types qualified, saying which was taken; else untouched
 *
 * In this order: the map's own value type; a global pointer to a struct; the only struct that is no
 * map's key or value and no kernel context.
 *
 * Return: 1 and the struct's id; 0 if there is none; -errno.
 */
int eun__event_type_find(const struct btf *btf, const char *map_name, uint32_t *ret_type_id,
			 char *note, size_t note_size);
