/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads the core_relo part of .BTF.ext. The section comes from a package, so every offset is
 * checked against the section's size before it is followed; records are copied out, since nothing
 * promises their alignment.
 */
#include "object/core_relo.h"

#include "base/str.h"
#include "object/limits.h"

#include <bpf/btf.h>
#include <linux/bpf.h>

/* The header up to the fields that we need; later kernels only append. */
struct ext_header {
	uint16_t magic;
	uint8_t version;
	uint8_t flags;
	uint32_t hdr_len;
	uint32_t func_info_off;
	uint32_t func_info_len;
	uint32_t line_info_off;
	uint32_t line_info_len;
	uint32_t core_relo_off;
	uint32_t core_relo_len;
};

struct ext_section {
	uint32_t sec_name_off;
	uint32_t num_info;
};

enum need {
	NEED_NOTHING, /* answered from the object's own types */
	NEED_CLOSURE, /* by-value closure of the root */
	NEED_SIMPLE,  /* closure, if the root is a struct, union, enum or number */
	NEED_ALL,
};

static const enum need needs[] = {
	[BPF_CORE_FIELD_BYTE_OFFSET] = NEED_CLOSURE, [BPF_CORE_FIELD_BYTE_SIZE] = NEED_CLOSURE,
	[BPF_CORE_FIELD_EXISTS] = NEED_CLOSURE,	     [BPF_CORE_FIELD_SIGNED] = NEED_CLOSURE,
	[BPF_CORE_FIELD_LSHIFT_U64] = NEED_CLOSURE,  [BPF_CORE_FIELD_RSHIFT_U64] = NEED_CLOSURE,
	[BPF_CORE_TYPE_ID_LOCAL] = NEED_NOTHING,     [BPF_CORE_TYPE_ID_TARGET] = NEED_ALL,
	[BPF_CORE_TYPE_EXISTS] = NEED_SIMPLE,	     [BPF_CORE_TYPE_SIZE] = NEED_SIMPLE,
	[BPF_CORE_ENUMVAL_EXISTS] = NEED_CLOSURE,    [BPF_CORE_ENUMVAL_VALUE] = NEED_CLOSURE,
	[BPF_CORE_TYPE_MATCHES] = NEED_ALL,
};

static bool is_simple_kind(uint32_t kind)
{
	return kind == BTF_KIND_STRUCT || kind == BTF_KIND_UNION || kind == BTF_KIND_ENUM ||
	       kind == BTF_KIND_INT || kind == BTF_KIND_FLOAT;
}

static int compare_roots(const void *a, const void *b)
{
	const struct eun__core_root *x = a;
	const struct eun__core_root *y = b;
	int order = strcmp(x->name, y->name);

	return order ? order : (x->kind > y->kind) - (x->kind < y->kind);
}

static bool has_root(const struct eun__core_roots *roots, const char *name, size_t n, uint32_t kind)
{
	for (size_t i = 0; i < roots->n_items; i++)
		if (roots->items[i].kind == kind && strlen(roots->items[i].name) == n &&
		    memcmp(roots->items[i].name, name, n) == 0)
			return true;
	return false;
}

static int add_root(struct eun__core_roots *roots, const char *name, size_t n, uint32_t kind)
{
	struct eun__core_root *items;

	if (has_root(roots, name, n, kind))
		return 0;
	items = reallocarray(roots->items, roots->n_items + 1, sizeof(*items));
	if (!items)
		return -ENOMEM;
	roots->items = items;
	items[roots->n_items].name = strndup(name, n);
	items[roots->n_items].kind = kind;
	if (!items[roots->n_items].name)
		return -ENOMEM;
	roots->n_items++;
	return 0;
}

/* The name without "___flavour", as libbpf's bpf_core_essential_name_len() cuts it. */
static size_t essential_length(const char *name)
{
	size_t n = strlen(name);

	for (size_t i = n; i-- > 1;)
		if (i + 3 < n && name[i - 1] != '_' && memcmp(name + i, "___", 3) == 0 &&
		    name[i + 3] != '_')
			return i;
	return n;
}

static int add_relo(struct eun__core_roots *roots, const struct btf *btf,
		    const struct bpf_core_relo *relo)
{
	enum need need = relo->kind < EUB_ARRAY_SIZE(needs) ? needs[relo->kind] : NEED_ALL;
	const struct btf_type *type = btf__type_by_id(btf, relo->type_id);
	const char *name;
	uint32_t kind;

	if (need == NEED_NOTHING)
		return 0;
	if (!type)
		return -EINVAL;
	kind = btf_kind(type) == BTF_KIND_ENUM64 ? BTF_KIND_ENUM : btf_kind(type);
	name = btf__name_by_offset(btf, type->name_off);
	if (need == NEED_ALL || !name || !*name || (need == NEED_SIMPLE && !is_simple_kind(kind))) {
		roots->needs_everything = true;
		return 0;
	}
	return add_root(roots, name, essential_length(name), kind);
}

/* One section's records at @p, @n bytes to the end. Return: bytes used, or -errno. */
static ssize_t read_section(struct eun__core_roots *roots, const struct btf *btf,
			    const unsigned char *p, size_t n, uint32_t record_size)
{
	struct ext_section section;
	size_t size;

	if (n < sizeof(section))
		return -EINVAL;
	memcpy(&section, p, sizeof(section));
	if (section.num_info > EUN__CORE_RELOS_MAX)
		return -E2BIG;
	size = sizeof(section) + (size_t)section.num_info * record_size;
	if (size > n)
		return -EINVAL;
	for (uint32_t i = 0; i < section.num_info; i++) {
		struct bpf_core_relo relo;
		int r;

		memcpy(&relo, p + sizeof(section) + (size_t)i * record_size, sizeof(relo));
		r = add_relo(roots, btf, &relo);
		if (r < 0)
			return r;
	}
	return (ssize_t)size;
}

static int read_relos(struct eun__core_roots *roots, const struct btf *btf, const unsigned char *p,
		      size_t n)
{
	uint32_t record_size;
	size_t at = sizeof(record_size);

	if (n < sizeof(record_size))
		return -EINVAL;
	memcpy(&record_size, p, sizeof(record_size));
	if (record_size < sizeof(struct bpf_core_relo) || record_size > 1024)
		return -EINVAL;
	while (at < n) {
		ssize_t used = read_section(roots, btf, p + at, n - at, record_size);

		if (used < 0)
			return (int)used;
		at += (size_t)used;
	}
	return 0;
}

static int read_ext(struct eun__core_roots *roots, const struct btf *btf, const unsigned char *ext,
		    size_t size)
{
	struct ext_header header = { 0 };
	uint64_t start;

	if (size < offsetof(struct ext_header, core_relo_off))
		return -EINVAL;
	memcpy(&header, ext, EUB_MIN(size, sizeof(header)));
	if (header.magic != BTF_MAGIC || header.hdr_len > size)
		return -EINVAL;
	/* Before CO-RE the header ended earlier. */
	if (header.hdr_len < sizeof(header) || header.core_relo_len == 0)
		return 0;
	start = (uint64_t)header.hdr_len + header.core_relo_off;
	if (start > size || header.core_relo_len > size - start)
		return -EINVAL;
	return read_relos(roots, btf, ext + start, header.core_relo_len);
}

int eun__core_roots_read(const struct btf *btf, const void *ext, size_t ext_size,
			 struct eun__core_roots *ret_roots, struct eun_error *err)
{
	struct eun__core_roots roots = { 0 };
	int r = ext ? read_ext(&roots, btf, ext, ext_size) : 0;

	if (r < 0) {
		eun__core_roots_done(&roots);
		return eun_error_set(err, r,
				     r == -ENOMEM ? EUN_REASON_NO_MEMORY : EUN_REASON_BAD_PACKAGE,
				     "section .BTF.ext of the object is damaged: its CO-RE "
				     "relocations cannot be read");
	}
	if (roots.n_items > 0)
		qsort(roots.items, roots.n_items, sizeof(*roots.items), compare_roots);
	*ret_roots = roots;
	return 0;
}

void eun__core_roots_done(struct eun__core_roots *roots)
{
	for (size_t i = 0; i < roots->n_items; i++)
		free(roots->items[i].name);
	free(roots->items);
	*roots = (struct eun__core_roots){ 0 };
}
