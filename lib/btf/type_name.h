/* SPDX-License-Identifier: Apache-2.0 */
/* Names of BTF types as C writes them. */
#pragma once

#include <stdint.h>

struct btf;
struct eub_buf;

/* The name at @offset; "" where there is none. Borrowed from @btf. */
const char *eun__btf_name(const struct btf *btf, uint32_t offset);

/**
 * eun__type_name_append() - append a type's name as bpftool prints it
 * @type_id: of @btf; what it leads to need not exist
 *
 * "unsigned int", "char[16]", "__u32[2][3]", "struct event *", "enum kind". Qualifiers are left
 * out. What has no name is "struct", "union" or "enum"; pointers to functions are "void *".
 */
void eun__type_name_append(struct eub_buf *buf, const struct btf *btf, uint32_t type_id);
