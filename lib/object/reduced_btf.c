/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Copies a few types out of the kernel's BTF. A work list of type ids grows while its entries are
 * scanned: each entry's by-value references are appended and get the next new ids. When the list is
 * closed, the records are written in its order with their ids and names translated. Ids come from a
 * kernel (or from a file that somebody names as one), so each is compared with n_types first.
 */
#include "object/reduced_btf.h"

#include "btf/kind.h"
#include "object/limits.h"

#include <stdlib.h>
#include <string.h>

/* New id 1 is always "void *", which stands for every pointer. */
#define VOID_PTR_ID 1

struct closure {
	const struct eun__raw_btf *kernel;
	uint32_t *new_ids; /* by kernel id; 0: not in the closure */
	uint32_t *list;	   /* kernel ids in the order of their new ids, from VOID_PTR_ID + 1 */
	uint32_t n_list;
	size_t size;
};

/* Calls @visit for each field of the record that holds a type id which is held by value. */
static int each_reference(struct btf_type *type, int (*visit)(struct closure *, uint32_t *),
			  struct closure *closure)
{
	uint32_t vlen = BTF_INFO_VLEN(type->info);
	struct btf_array *array = (struct btf_array *)(type + 1);
	struct btf_member *member = (struct btf_member *)(type + 1);
	int r = 0;

	switch (BTF_INFO_KIND(type->info)) {
	case BTF_KIND_ARRAY:
		r = visit(closure, &array->type);
		return r < 0 ? r : visit(closure, &array->index_type);
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
		for (uint32_t i = 0; i < vlen && r == 0; i++)
			r = visit(closure, &member[i].type);
		return r;
	case BTF_KIND_TYPEDEF:
	case BTF_KIND_VOLATILE:
	case BTF_KIND_CONST:
	case BTF_KIND_RESTRICT:
	case BTF_KIND_TYPE_TAG:
		return visit(closure, &type->type);
	default: /* numbers, enums, forward declarations: nothing inside */
		return 0;
	}
}

/* Pointers, and what can only be meant behind one (a typedef of a function). */
static bool is_copied_kind(uint32_t kind)
{
	switch (kind) {
	case BTF_KIND_PTR:
	case BTF_KIND_FUNC_PROTO:
	case BTF_KIND_FUNC:
	case BTF_KIND_VAR:
	case BTF_KIND_DATASEC:
	case BTF_KIND_DECL_TAG:
		return false;
	default:
		return true;
	}
}

static int add_type(struct closure *closure, uint32_t *id)
{
	const struct btf_type *type;
	uint32_t kind;

	if (*id == 0)
		return 0; /* void */
	if (*id >= closure->kernel->n_types)
		return -EINVAL;
	if (closure->new_ids[*id])
		return 0;
	type = eun__raw_btf_type(closure->kernel, *id);
	kind = BTF_INFO_KIND(type->info);
	if (!is_copied_kind(kind)) {
		closure->new_ids[*id] = VOID_PTR_ID;
		return 0;
	}
	closure->size += eun__btf_record_size(type);
	if (closure->size > EUN__REDUCED_BTF_BYTES)
		return -E2BIG;
	closure->list[closure->n_list] = *id;
	closure->new_ids[*id] = VOID_PTR_ID + ++closure->n_list;
	return 0;
}

static int scan_type(struct closure *closure, uint32_t id)
{
	const struct btf_type *type = eun__raw_btf_type(closure->kernel, id);
	size_t size = eun__btf_record_size(type);
	struct btf_type *copy = malloc(size);
	int r;

	/* The visitor takes a writable record; kernel BTF may be mapped read-only. */
	if (!copy)
		return -ENOMEM;
	memcpy(copy, type, size);
	r = each_reference(copy, add_type, closure);
	free(copy);
	return r;
}

/* Kernel names have no flavours of their own, but libbpf cuts both sides; so does this. */
static bool is_name_of(const char *name, const char *essential)
{
	size_t n = strlen(essential);

	if (strncmp(name, essential, n) != 0)
		return false;
	return name[n] == '\0' || (strncmp(name + n, "___", 3) == 0 && name[n + 3] != '_');
}

static bool is_candidate(const struct eun__raw_btf *kernel, const struct btf_type *type,
			 const struct eun__core_roots *roots)
{
	const char *name = eun__raw_btf_string(kernel, type->name_off);
	uint32_t kind = BTF_INFO_KIND(type->info);

	if (!*name)
		return false;
	if (kind == BTF_KIND_ENUM64)
		kind = BTF_KIND_ENUM;
	for (size_t i = 0; i < roots->n_items; i++)
		if (roots->items[i].kind == kind && roots->items[i].name[0] == name[0] &&
		    is_name_of(name, roots->items[i].name))
			return true;
	return false;
}

static int find_closure(struct closure *closure, const struct eun__core_roots *roots)
{
	const struct eun__raw_btf *kernel = closure->kernel;

	for (uint32_t id = 1; id < kernel->n_types; id++) {
		int r;

		if (!is_candidate(kernel, eun__raw_btf_type(kernel, id), roots))
			continue;
		r = add_type(closure, &id);
		if (r < 0)
			return r;
	}
	for (uint32_t i = 0; i < closure->n_list; i++) {
		int r = scan_type(closure, closure->list[i]);

		if (r < 0)
			return r;
	}
	return 0;
}

static int translate_id(struct closure *closure, uint32_t *id)
{
	*id = *id == 0 ? 0 : closure->new_ids[*id];
	return 0;
}

static uint32_t copy_name(const struct eun__raw_btf *kernel, uint32_t offset,
			  struct eub_buf *strings)
{
	const char *name = eun__raw_btf_string(kernel, offset);
	uint32_t at = (uint32_t)strings->len;

	if (!*name)
		return 0;
	eub_buf_append(strings, name, strlen(name) + 1);
	return at;
}

/* Names of members and enumerators are needed to match accesses; the rest has none inside. */
static void translate_names(const struct eun__raw_btf *kernel, struct btf_type *type,
			    struct eub_buf *strings)
{
	uint32_t vlen = BTF_INFO_VLEN(type->info);
	struct btf_member *member = (struct btf_member *)(type + 1);
	struct btf_enum *value = (struct btf_enum *)(type + 1);
	struct btf_enum64 *value64 = (struct btf_enum64 *)(type + 1);

	type->name_off = copy_name(kernel, type->name_off, strings);
	for (uint32_t i = 0; i < vlen; i++) {
		switch (BTF_INFO_KIND(type->info)) {
		case BTF_KIND_STRUCT:
		case BTF_KIND_UNION:
			member[i].name_off = copy_name(kernel, member[i].name_off, strings);
			break;
		case BTF_KIND_ENUM:
			value[i].name_off = copy_name(kernel, value[i].name_off, strings);
			break;
		case BTF_KIND_ENUM64:
			value64[i].name_off = copy_name(kernel, value64[i].name_off, strings);
			break;
		default:
			break;
		}
	}
}

static int write_types(struct closure *closure, struct eub_buf *types, struct eub_buf *strings)
{
	struct btf_type void_ptr = { .info = BTF_KIND_PTR << 24 };

	eub_buf_append(types, &void_ptr, sizeof(void_ptr));
	for (uint32_t i = 0; i < closure->n_list; i++) {
		const struct btf_type *type = eun__raw_btf_type(closure->kernel, closure->list[i]);
		size_t size = eun__btf_record_size(type);
		struct btf_type *copy;
		int r = eub_buf_reserve(types, size);

		if (r < 0)
			return r;
		/* Every record is a multiple of 4 bytes long, so this stays aligned. */
		copy = (struct btf_type *)(void *)(types->data + types->len);
		memcpy(copy, type, size);
		(void)each_reference(copy, translate_id, closure); /* cannot fail */
		translate_names(closure->kernel, copy, strings);
		types->len += size;
	}
	return types->has_failed || strings->has_failed ? -ENOMEM : 0;
}

static int write_file(struct closure *closure, struct eub_buf *out)
{
	struct eub_buf types = EUB_BUF_INIT;
	struct eub_buf strings = EUB_BUF_INIT;
	struct btf_header header = { .magic = BTF_MAGIC, .version = BTF_VERSION };
	int r;

	eub_buf_append_char(&strings, '\0'); /* offset 0 is the empty name */
	r = write_types(closure, &types, &strings);
	if (r == 0) {
		header.hdr_len = sizeof(header);
		header.type_len = (uint32_t)types.len;
		header.str_off = header.type_len;
		header.str_len = (uint32_t)strings.len;
		eub_buf_append(out, &header, sizeof(header));
		eub_buf_append(out, types.data, types.len);
		eub_buf_append(out, strings.data, strings.len);
		r = out->has_failed ? -ENOMEM : 0;
	}
	eub_buf_done(&types);
	eub_buf_done(&strings);
	return r;
}

int eun__reduced_btf_build(const struct eun__raw_btf *kernel, const struct eun__core_roots *roots,
			   struct eub_buf *out)
{
	struct closure closure = { .kernel = kernel };
	int r = -ENOMEM;

	closure.new_ids = calloc(kernel->n_types, sizeof(*closure.new_ids));
	closure.list = malloc((size_t)kernel->n_types * sizeof(*closure.list));
	if (closure.new_ids && closure.list) {
		r = find_closure(&closure, roots);
		if (r == 0)
			r = write_file(&closure, out);
	}
	free(closure.new_ids);
	free(closure.list);
	return r;
}
