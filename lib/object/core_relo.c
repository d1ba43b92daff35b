/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sorts the relocations of .BTF.ext by what they need of the kernel's types (table below), and
 * collects the names of the types that they start from.
 */
#include "object/core_relo.h"

#include "base/str.h"
#include "btf/ext.h"
#include "btf/type_name.h"

#include <bpf/btf.h>
#include <linux/bpf.h>

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

struct reading {
	struct eun__core_roots roots;
	const struct btf *btf;
	int result; /* of the first record that failed */
};

static int add_relo(struct reading *reading, const struct eun__btf_ext_record *record)
{
	enum need need = record->kind < EUB_ARRAY_SIZE(needs) ? needs[record->kind] : NEED_ALL;
	const struct btf_type *type = btf__type_by_id(reading->btf, record->type_id);
	const char *name;
	uint32_t kind;

	if (need == NEED_NOTHING)
		return 0;
	if (!type)
		return -EINVAL;
	kind = btf_kind(type) == BTF_KIND_ENUM64 ? BTF_KIND_ENUM : btf_kind(type);
	name = eun__btf_name(reading->btf, type->name_off);
	if (need == NEED_ALL || !*name || (need == NEED_SIMPLE && !is_simple_kind(kind))) {
		reading->roots.needs_everything = true;
		return 0;
	}
	return add_root(&reading->roots, name, essential_length(name), kind);
}

static void on_relo(const struct eun__btf_ext_record *record, void *userdata)
{
	struct reading *reading = userdata;

	if (reading->result == 0)
		reading->result = add_relo(reading, record);
}

int eun__core_roots_read(const struct btf *btf, const void *ext, size_t ext_size,
			 struct eun__core_roots *ret_roots, struct eun_error *err)
{
	struct reading reading = { .btf = btf };
	int r =
	    ext ? eun__btf_ext_walk(ext, ext_size, EUN__BTF_EXT_CORE_RELO, on_relo, &reading) : 0;

	r = r < 0 ? r : reading.result;
	if (r < 0) {
		eun__core_roots_done(&reading.roots);
		return eun_error_set(err, r,
				     r == -ENOMEM ? EUN_REASON_NO_MEMORY : EUN_REASON_BAD_PACKAGE,
				     "section .BTF.ext of the object is damaged: its CO-RE "
				     "relocations cannot be read");
	}
	if (reading.roots.n_items > 0)
		qsort(reading.roots.items, reading.roots.n_items, sizeof(*reading.roots.items),
		      compare_roots);
	*ret_roots = reading.roots;
	return 0;
}

void eun__core_roots_done(struct eun__core_roots *roots)
{
	for (size_t i = 0; i < roots->n_items; i++)
		free(roots->items[i].name);
	free(roots->items);
	*roots = (struct eun__core_roots){ 0 };
}
