/* SPDX-License-Identifier: Apache-2.0 */
/* Names of BTF types as C writes them. */
#pragma once

#include <stdint.h>

struct btf;
struct eub_buf;
struct eun_package;

/**
 * eun__type_name_append() - append a type's name as bpftool prints it
 * @type_id: of @btf, which eun__btf_open() checked
 *
 * "unsigned int", "char[16]", "__u32[2][3]", "struct event *", "enum kind". Qualifiers are left
 * out. What has no name is "struct", "union" or "enum"; pointers to functions are "void *".
 */
void eun__type_name_append(struct eub_buf *buf, const struct btf *btf, uint32_t type_id);
/* The same as a string of the package. Return: the name, or NULL if there is no memory. */
const char *eun__type_name_copy(struct eun_package *package, const struct btf *btf,
				uint32_t type_id);
