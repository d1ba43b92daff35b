/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See btf_check.h. One pass finds where each type begins, a second checks every name and every type
 * id. A third proves that no type contains itself by value: types that nothing contains are taken
 * away until none is left (Kahn's algorithm, no recursion); what cannot be taken away is a circle.
 * Circles through pointers are ordinary and not looked at.
 */
#include "package/btf_check.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "base/macro.h"
#include "btf/kind.h"
#include "package/internal.h"
#include "package/limits.h"
#include "package/name.h"

#include <assert.h>
#include <bpf/btf.h>

struct checker {
	const uint8_t *types; /* types_size bytes */
	size_t types_size;
	const char *strings; /* strings_size bytes, the last one NUL */
	size_t strings_size;
	uint32_t *offsets; /* type id i begins at types + offsets[i]; id 0 is void */
	uint32_t n;	   /* type ids are 0..n-1 */
	uint32_t *counts;  /* by type id: how many types contain it and are not taken away */
	uint32_t *queue;   /* type ids that nothing contains any more */
	struct eun_error *err;
};

static int bad(struct eun_error *err, const char *what)
{
	eun_error_set(err, -EINVAL, EUN_REASON_BAD_PACKAGE, "BTF: %s", what);
	eun_error_set_subject(err, BTF_ELF_SEC);
	return -EINVAL;
}

static int bad_type(const struct checker *checker, uint32_t id, const char *what)
{
	eun_error_set(checker->err, -EINVAL, EUN_REASON_BAD_PACKAGE, "BTF: type %u %s", id, what);
	eun_error_set_subject(checker->err, BTF_ELF_SEC);
	return -EINVAL;
}

/* Finds the type and the string section; they must lie inside, in this order. */
static int open_sections(struct checker *checker, const uint8_t *data, size_t size)
{
	struct btf_header header;
	uint64_t types;
	uint64_t strings;

	if (size < sizeof(header))
		return bad(checker->err, "it ends within the header");
	memcpy(&header, data, sizeof(header));
	if (header.magic == __builtin_bswap16(BTF_MAGIC))
		return bad(checker->err, "it is big-endian");
	if (header.magic != BTF_MAGIC || header.version != BTF_VERSION)
		return bad(checker->err, "it does not begin with magic and version");
	types = (uint64_t)header.hdr_len + header.type_off;
	strings = (uint64_t)header.hdr_len + header.str_off;
	if (header.hdr_len != sizeof(header) || header.type_off % 4 || header.type_len % 4 ||
	    types + header.type_len > strings || strings + header.str_len > size)
		return bad(checker->err, "its sections lie outside");
	if (header.str_len == 0 || data[strings] || data[strings + header.str_len - 1])
		return bad(checker->err, "its strings have no end");
	checker->types = data + types;
	checker->types_size = header.type_len;
	checker->strings = (const char *)data + strings;
	checker->strings_size = header.str_len;
	return 0;
}

static struct btf_type read_type(const struct checker *checker, uint32_t offset)
{
	struct btf_type type;

	memcpy(&type, checker->types + offset, sizeof(type));
	return type;
}

static const struct eun__btf_kind *layout_of(const struct btf_type *type)
{
	return eun__btf_kind_find(btf_kind(type));
}

/* Fills offsets. Every type takes 12 bytes or more, which bounds their number. */
static int index_types(struct checker *checker)
{
	size_t max = checker->types_size / sizeof(struct btf_type) + 1;
	size_t offset = 0;

	checker->offsets = calloc(max, sizeof(*checker->offsets));
	if (!checker->offsets)
		return eub_error_no_memory(checker->err);
	for (checker->n = 1; offset < checker->types_size; checker->n++) {
		const struct eun__btf_kind *layout;
		struct btf_type type;
		size_t left = checker->types_size - offset;
		size_t length = sizeof(type);

		if (checker->n > EUN__BTF_TYPES_MAX)
			return eun_error_set(checker->err, -E2BIG, EUN_REASON_TOO_LARGE,
					     "BTF has more than %d types", EUN__BTF_TYPES_MAX);
		if (left < sizeof(type))
			return bad_type(checker, checker->n, "is cut off");
		type = read_type(checker, (uint32_t)offset);
		layout = layout_of(&type);
		if (!layout_of(&type)->is_known)
			return bad_type(checker, checker->n, "is of an unknown kind");
		length += layout->fixed_size + (size_t)btf_vlen(&type) * layout->element_size;
		if (left < length)
			return bad_type(checker, checker->n, "is cut off");
		checker->offsets[checker->n] = (uint32_t)offset;
		offset += length;
	}
	return 0;
}

/* A type id that another type names: element @i of it, or the one in its header or array. */
struct reference {
	uint32_t name_offset;
	uint32_t id;
	bool is_inside; /* lies within the type that names it */
};

static uint32_t n_references(const struct btf_type *type, const struct eun__btf_kind *layout)
{
	if (btf_kind(type) == BTF_KIND_ARRAY)
		return 2;
	return (uint32_t)layout->has_type + (layout->element_size > 0 ? btf_vlen(type) : 0);
}

/* Reference @i < n_references() of the type at @offset. Enumerators give type id 0. */
static struct reference read_reference(const struct checker *checker, uint32_t offset,
				       const struct btf_type *type,
				       const struct eun__btf_kind *layout, uint32_t i)
{
	const uint8_t *p = checker->types + offset + sizeof(*type) + layout->fixed_size;
	struct reference reference = { 0 };
	uint32_t words[2];

	if (btf_kind(type) == BTF_KIND_ARRAY) {
		p -= layout->fixed_size;
		memcpy(&reference.id, p + i * sizeof(uint32_t), sizeof(uint32_t));
		reference.is_inside = i == 0;
		return reference;
	}
	if (layout->has_type && i == 0)
		return (struct reference){ .id = type->type, .is_inside = layout->is_wrapper };
	p += (size_t)(i - layout->has_type) * layout->element_size;
	memcpy(words, p, sizeof(words));
	if (btf_kind(type) == BTF_KIND_DATASEC) {
		reference.id = words[0];
		return reference;
	}
	reference.name_offset = words[0];
	if (layout->has_members) {
		reference.id = words[1];
		reference.is_inside = btf_kind(type) != BTF_KIND_FUNC_PROTO;
	}
	return reference;
}

/* The kind that a reference must lead to; BTF_KIND_UNKN for any. */
static uint32_t required_kind(const struct btf_type *type)
{
	switch (btf_kind(type)) {
	case BTF_KIND_FUNC:
		return BTF_KIND_FUNC_PROTO;
	case BTF_KIND_DATASEC:
		return BTF_KIND_VAR;
	default:
		return BTF_KIND_UNKN;
	}
}

static bool has_name(const struct checker *checker, uint32_t offset)
{
	return offset < checker->strings_size &&
	       eun__is_name(checker->strings + offset, checker->strings_size - offset);
}

static int check_reference(struct checker *checker, uint32_t id, const struct btf_type *type,
			   const struct reference *reference)
{
	uint32_t required = required_kind(type);
	struct btf_type target = { 0 };

	if (!has_name(checker, reference->name_offset))
		return bad_type(checker, id, "has a member whose name is no name");
	if (reference->id >= checker->n)
		return bad_type(checker, id, "names a type that does not exist");
	if (reference->id > 0)
		target = read_type(checker, checker->offsets[reference->id]);
	if (required != BTF_KIND_UNKN && btf_kind(&target) != required)
		return bad_type(checker, id, "names a type of the wrong kind");
	if (reference->is_inside)
		checker->counts[reference->id]++;
	return 0;
}

static int check_types(struct checker *checker)
{
	for (uint32_t id = 1; id < checker->n; id++) {
		struct btf_type type = read_type(checker, checker->offsets[id]);
		const struct eun__btf_kind *layout = layout_of(&type);
		uint32_t n = n_references(&type, layout);

		if (!has_name(checker, type.name_off))
			return bad_type(checker, id, "has a name that is none");
		for (uint32_t i = 0; i < n; i++) {
			struct reference reference =
			    read_reference(checker, checker->offsets[id], &type, layout, i);

			if (check_reference(checker, id, &type, &reference) < 0)
				return -EINVAL;
		}
	}
	return 0;
}

/* Takes @id away: what it contains is contained once less. */
static void take_away(struct checker *checker, uint32_t id, uint32_t *n_queue)
{
	struct btf_type type = read_type(checker, checker->offsets[id]);
	const struct eun__btf_kind *layout = layout_of(&type);
	uint32_t n = n_references(&type, layout);

	for (uint32_t i = 0; i < n; i++) {
		struct reference reference =
		    read_reference(checker, checker->offsets[id], &type, layout, i);

		if (!reference.is_inside || reference.id == 0)
			continue;
		if (--checker->counts[reference.id] == 0)
			checker->queue[(*n_queue)++] = reference.id;
	}
}

static int check_circles(struct checker *checker)
{
	uint32_t n_queue = 0;

	for (uint32_t id = 1; id < checker->n; id++)
		if (checker->counts[id] == 0)
			checker->queue[n_queue++] = id;
	for (uint32_t i = 0; i < n_queue; i++)
		take_away(checker, checker->queue[i], &n_queue);
	for (uint32_t id = 1; id < checker->n; id++)
		if (checker->counts[id] > 0)
			return bad_type(checker, id, "contains itself");
	return 0;
}

static int check(struct checker *checker, const void *data, size_t size)
{
	int r = open_sections(checker, data, size);

	if (r < 0)
		return r;
	r = index_types(checker);
	if (r < 0)
		return r;
	checker->counts = calloc(checker->n, sizeof(*checker->counts));
	checker->queue = calloc(checker->n, sizeof(*checker->queue));
	if (!checker->counts || !checker->queue)
		return eub_error_no_memory(checker->err);
	r = check_types(checker);
	return r < 0 ? r : check_circles(checker);
}

int eun__btf_open(const void *data, size_t size, struct btf **ret_btf, struct eun_error *err)
{
	struct checker checker = { .err = err };
	struct btf *btf;
	int r;

	if (size > EUN__BTF_SIZE_MAX)
		return eun_error_set(err, -E2BIG, EUN_REASON_TOO_LARGE,
				     "BTF of %zu bytes is over the limit of %d", size,
				     EUN__BTF_SIZE_MAX);
	r = check(&checker, data, size);
	free(checker.offsets);
	free(checker.counts);
	free(checker.queue);
	if (r < 0)
		return r;
	btf = btf__new(data, (uint32_t)size);
	if (!btf && errno == ENOMEM)
		return eub_error_no_memory(err);
	if (!btf)
		return bad(err, "libbpf cannot read it");
	*ret_btf = btf;
	return 0;
}
