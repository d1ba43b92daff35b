/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Raw BTF as a read-only view: types by id and names, without the copies and checks that
 * btf__parse() spends 11-15 ms on for vmlinux. Format: docs.kernel.org/bpf/btf.html.
 */
#pragma once

#include <linux/btf.h>
#include <stddef.h>
#include <stdint.h>

struct eun__raw_btf {
	const unsigned char *types; /* borrowed from the bytes given; 4-byte aligned */
	const char *strings;	    /* n_strings bytes, the last one NUL */
	uint32_t n_strings;
	uint32_t *offsets; /* of type id i in types; entry 0 is unused; owned */
	uint32_t n_types;  /* ids are 1..n_types-1 */
};

/**
 * eun__raw_btf_init() - index raw BTF
 * @data: @size bytes, 4-byte aligned; must outlive the view
 *
 * Every type record is checked to lie inside the section; ids inside records are not (compare them
 * with n_types before use).
 *
 * Return: 0; -EINVAL; -ENOMEM.
 */
int eun__raw_btf_init(struct eun__raw_btf *raw, const void *data, size_t size);
void eun__raw_btf_done(struct eun__raw_btf *raw);

static inline const struct btf_type *eun__raw_btf_type(const struct eun__raw_btf *raw, uint32_t id)
{
	return (const struct btf_type *)(const void *)(raw->types + raw->offsets[id]);
}

/* "" for offsets that are out of range. */
static inline const char *eun__raw_btf_string(const struct eun__raw_btf *raw, uint32_t offset)
{
	return raw->strings + (offset < raw->n_strings ? offset : raw->n_strings - 1);
}
