/* SPDX-License-Identifier: Apache-2.0 */
/* Checks BTF (the kernel's Documentation/bpf/btf.rst) before libbpf reads it. */
#pragma once

#include <eunomia/error.h>

#include <stddef.h>

struct btf;

/**
 * eun__btf_open() - check raw BTF and open it
 * @data: @size bytes, of any alignment; copied
 *
 * Older libbpf follows type ids and names without a look, and runs in circles where types contain
 * themselves; such BTF is refused here.
 *
 * Return: 0, with *@ret_btf to be released by btf__free(); -EINVAL (EUN_REASON_BAD_PACKAGE), -E2BIG
 * (TOO_LARGE), -ENOMEM.
 */
int eun__btf_open(const void *data, size_t size, struct btf **ret_btf, struct eun_error *err);
