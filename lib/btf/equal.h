/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct btf;

/**
 * eun__btf_types_equal() - whether two types, of two BTFs, lay memory out alike under the same
 * names
 * @a_id: 0: void, or none
 *
 * Structs and unions must agree in the name, type and place of each member; enums in their values;
 * what a pointer points to is not looked at, since its memory is not in the value.
 */
bool eun__btf_types_equal(const struct btf *a, uint32_t a_id, const struct btf *b, uint32_t b_id);
