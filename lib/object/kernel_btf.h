/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel's types, read once and lent to every start (design of the fast start:
 * docs/architecture.md). libbpf alone parses all of vmlinux BTF anew for each object, which is
 * nearly the whole start time of existing tools; here an object gets a reduced BTF of the few types
 * that its relocations name. All functions are thread-safe.
 */
#pragma once

#include "object/core_relo.h"

#include <eunomia/error.h>

#include <stdbool.h>
#include <stddef.h>

struct eun__kernel_btf;

/* @path: BTF file, NULL for /sys/kernel/btf/vmlinux; copied. Nothing is read yet. */
int eun__kernel_btf_new(const char *path, struct eun__kernel_btf **ret_btf);
/* NULL is allowed. Returns NULL. */
struct eun__kernel_btf *eun__kernel_btf_free(struct eun__kernel_btf *btf);
const char *eun__kernel_btf_get_path(const struct eun__kernel_btf *btf);

/**
 * eun__kernel_btf_reduce() - make a file with the types that @roots reach by value
 * @ret_fd: a memfd with raw BTF, owned by the caller; give it to libbpf as /proc/self/fd/N
 *
 * Pointers are cut to "void *": a CO-RE access never follows one within a relocation. Results are
 * cached by the set of roots.
 *
 * Return: 0; -ENOENT (EUN_REASON_NO_KERNEL_BTF), -E2BIG (closure too large: use the whole BTF),
 * -EINVAL (EUN_REASON_NO_KERNEL_BTF: the kernel's BTF cannot be understood), -ENOMEM, -errno of
 * memfd_create(2).
 */
int eun__kernel_btf_reduce(struct eun__kernel_btf *btf, const struct eun__core_roots *roots,
			   int *ret_fd, struct eun_error *err);
/**
 * eun__kernel_btf_each_name() - call @on_name for the name of every type of @kind
 *
 * Return: 0; as eun__kernel_btf_reduce() when the types cannot be read.
 */
int eun__kernel_btf_each_name(struct eun__kernel_btf *btf, unsigned int kind,
			      void (*on_name)(const char *name, void *userdata), void *userdata,
			      struct eun_error *err);
/* Releases the kernel's types; they are read again when needed. Reduced results stay cached. */
void eun__kernel_btf_trim(struct eun__kernel_btf *btf);
