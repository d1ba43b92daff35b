/* SPDX-License-Identifier: Apache-2.0 */
/* Reads .BTF.ext (Documentation/bpf/btf.rst): what a compiler says about the instructions. */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum eun__btf_ext_part {
	EUN__BTF_EXT_FUNC_INFO, /* instruction offset, type id of the FUNC */
	EUN__BTF_EXT_CORE_RELO, /* instruction offset, type id, access string, kind */
	_EUN__BTF_EXT_PART_MAX,
};

/* One record; what it names is not checked. */
struct eun__btf_ext_record {
	uint32_t section; /* offset of the section's name in the BTF's strings */
	uint32_t type_id;
	uint32_t kind; /* enum bpf_core_relo_kind; 0 in other parts */
};

typedef void (*eun__btf_ext_fn)(const struct eun__btf_ext_record *record, void *userdata);

/**
 * eun__btf_ext_walk() - visit every record of one part
 * @data: contents of the section, @size bytes of any alignment
 *
 * Return: 0; -EINVAL if the section is malformed: records before the damage were visited.
 */
int eun__btf_ext_walk(const void *data, size_t size, enum eun__btf_ext_part part,
		      eun__btf_ext_fn visit, void *userdata);
