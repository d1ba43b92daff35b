/* SPDX-License-Identifier: Apache-2.0 */
/* The layout of a type's record in raw BTF, by kind: docs.kernel.org/bpf/btf.html. */
#pragma once

#include <linux/btf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What follows a record's header of 12 bytes, and what its size_or_type is. */
struct eun__btf_kind {
	bool is_known;
	uint8_t fixed_size;   /* bytes once */
	uint8_t element_size; /* bytes of each of vlen elements */
	bool has_type;	      /* size_or_type is a type id */
	bool is_wrapper;      /* that type lies within this one */
	bool has_members;     /* elements begin with a name and a type id */
};

/* Never NULL; a row with nothing set for kinds that nobody knows. Static. */
const struct eun__btf_kind *eun__btf_kind_find(uint32_t kind);
/* Bytes of a type's record with all that follows its header; 0 for kinds that nobody knows. */
size_t eun__btf_record_size(const struct btf_type *type);
