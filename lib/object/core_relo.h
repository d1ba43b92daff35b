/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an object's CO-RE relocations ask of the kernel's types: the names of the local types that
 * they start from (struct bpf_core_relo in <linux/bpf.h>).
 */
#pragma once

#include <eunomia/error.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct btf;

/* A kernel type that an object starts relocations from. */
struct eun__core_root {
	char *name;    /* essential: without the "___flavour" suffix */
	uint32_t kind; /* BTF_KIND_*; ENUM stands for ENUM64 too */
};

struct eun__core_roots {
	struct eun__core_root *items; /* sorted by name, then kind; no duplicates */
	size_t n_items;
	/* Relocations that need more than the by-value closure of the roots: use the whole BTF. */
	bool needs_everything;
};

/**
 * eun__core_roots_read() - list the roots of an object's relocations
 * @btf:     the object's types; borrowed
 * @ext:     contents of its .BTF.ext section, @ext_size bytes; NULL if it has none
 *
 * Return: 0; -EINVAL (EUN_REASON_BAD_PACKAGE), -ENOMEM.
 */
int eun__core_roots_read(const struct btf *btf, const void *ext, size_t ext_size,
			 struct eun__core_roots *ret_roots, struct eun_error *err);
void eun__core_roots_done(struct eun__core_roots *roots);
