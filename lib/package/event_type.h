/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which struct of an object's BTF its events are, where nobody says. The rules stand here only and
 * are described in docs/package-format.md, "Event types".
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct btf;

/**
 * eun__event_type_find() - find the type of the records of a map
 * @btf:      the object's types, from an object that eun_package_parse() accepted
 * @map_name: ring buffer or perf event array
 * @note:     @note_size > 0 bytes for a terminated remark; "" if there is nothing to remark
 *
 * The value type of the map's definition, else what a global pointer leads to, else the only struct
 * that is no map's key or value and no kernel type. Where several qualify in the second step the
 * first of the BTF is taken and @note says so; in the third none is taken and @note lists them.
 *
 * Return: 1 with *@ret_type_id, 0 if there is none, -ENOMEM.
 */
int eun__event_type_find(const struct btf *btf, const char *map_name, uint32_t *ret_type_id,
			 char *note, size_t note_size);

/**
 * eun__event_type_find_in_object() - as eun__event_type_find(), with the object at hand
 * @object: ELF image of @size bytes that passed eun_package_parse()
 *
 * Its .BTF.ext tells exactly which types belong to the kernel (CO-RE relocations name them) and
 * which are contexts of programs; from the BTF alone this is guessed by their names.
 */
int eun__event_type_find_in_object(const void *object, size_t size, const struct btf *btf,
				   const char *map_name, uint32_t *ret_type_id, char *note,
				   size_t note_size);
