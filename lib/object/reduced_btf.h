/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/buf.h"
#include "btf/raw.h"
#include "object/core_relo.h"

/**
 * eun__reduced_btf_build() - raw BTF of the types that @roots reach by value
 * @kernel: the kernel's types; borrowed
 * @out:    empty; gets the bytes of a BTF file
 *
 * Every kernel type whose kind and essential name equal a root's is a candidate of libbpf's search
 * and comes in, with all that its members hold by value. Pointers become "void *".
 *
 * Return: 0; -E2BIG over EUN__REDUCED_BTF_BYTES; -EINVAL (inconsistent BTF); -ENOMEM.
 */
int eun__reduced_btf_build(const struct eun__raw_btf *kernel, const struct eun__core_roots *roots,
			   struct eub_buf *out);
