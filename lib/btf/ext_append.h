/* SPDX-License-Identifier: Apache-2.0 */
/* Adds to .BTF.ext what a loader must know of functions that are appended to a section. */
#pragma once

#include "base/buf.h"

#include <stddef.h>
#include <stdint.h>

struct eun__btf_ext_function {
	uint32_t at_bytes; /* of its first instruction, from the start of the section */
	uint32_t type_id;  /* of its BTF_KIND_FUNC */
	uint32_t file;	   /* offsets in the BTF's strings: names of a source file, ... */
	uint32_t line;	   /* ... and the text of a line */
};

/**
 * eun__btf_ext_append() - a copy of .BTF.ext that knows more functions
 * @data:      contents of the section, @size bytes of any alignment
 * @section:   offset of the functions' section name in the BTF's strings
 * @functions: in the order of at_bytes, behind all that the section has
 * @out:       empty; gets the bytes
 *
 * Function and line information are extended where there is any, as loaders want it: for all
 * functions or for none.
 *
 * Return: 0; -EINVAL if the section is malformed; -EOPNOTSUPP if it has parts that are not known;
 * -ENOMEM.
 */
int eun__btf_ext_append(const void *data, size_t size, uint32_t section,
			const struct eun__btf_ext_function *functions, size_t n_functions,
			struct eub_buf *out);
