/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/buf.h"

#include <linux/bpf.h>
#include <stddef.h>

/**
 * eun__gate_elf_build() - a relocatable BPF object with one program named "gate"
 * @section: name of its section: tells libbpf type and attach point
 * @insns:   @n_insns instructions that need no relocation
 * @out:     empty; gets the bytes of the ELF file
 *
 * Return: 0; -ENOMEM.
 */
int eun__gate_elf_build(const char *section, const struct bpf_insn *insns, size_t n_insns,
			struct eub_buf *out);
