/* SPDX-License-Identifier: Apache-2.0 */
/* Private to lib/event: how a BTF type is written in C. */
#pragma once

#include "base/buf.h"

#include <stdint.h>

struct btf;

/* The name at @offset; "" where there is none. Borrowed from @btf. */
const char *eun__btf_name(const struct btf *btf, uint32_t offset);
/* Appends "unsigned int", "struct event *", "char[16]"; qualifiers are left out. */
void eun__append_type_name(struct eub_buf *buf, const struct btf *btf, uint32_t type_id);
