/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Walks two types in step. By-value nesting ends at scalars, enums and pointers, so it cannot go in
 * circles in a BTF that a compiler made; the depth bound is for one that somebody else did.
 */
#include "btf/equal.h"

#include "base/str.h"

#include <bpf/btf.h>

#define DEPTH_MAX 32

static bool are_equal(const struct btf *a, uint32_t a_id, const struct btf *b, uint32_t b_id,
		      int depth);

/* Without typedefs and qualifiers. NULL: void, or damaged. */
static const struct btf_type *resolve(const struct btf *btf, uint32_t id)
{
	const struct btf_type *type = id > 0 ? btf__type_by_id(btf, id) : NULL;

	for (int i = 0; type && i < DEPTH_MAX; i++) {
		if (!btf_is_mod(type) && !btf_is_typedef(type))
			return type;
		type = type->type > 0 ? btf__type_by_id(btf, type->type) : NULL;
	}
	return NULL;
}

static const char *name_of(const struct btf *btf, uint32_t offset)
{
	const char *name = btf__name_by_offset(btf, offset);

	return name ? name : "";
}

static bool are_equal_members(const struct btf *a, const struct btf_type *ta, const struct btf *b,
			      const struct btf_type *tb, int depth)
{
	const struct btf_member *ma = btf_members(ta);
	const struct btf_member *mb = btf_members(tb);

	for (uint32_t i = 0; i < btf_vlen(ta); i++)
		if (btf_member_bit_offset(ta, i) != btf_member_bit_offset(tb, i) ||
		    btf_member_bitfield_size(ta, i) != btf_member_bitfield_size(tb, i) ||
		    !eub_streq(name_of(a, ma[i].name_off), name_of(b, mb[i].name_off)) ||
		    !are_equal(a, ma[i].type, b, mb[i].type, depth - 1))
			return false;
	return true;
}

static bool are_equal_enums(const struct btf *a, const struct btf_type *ta, const struct btf *b,
			    const struct btf_type *tb)
{
	for (uint32_t i = 0; i < btf_vlen(ta); i++) {
		const struct btf_enum *ea = &btf_enum(ta)[i];
		const struct btf_enum *eb = &btf_enum(tb)[i];

		if (ea->val != eb->val ||
		    !eub_streq(name_of(a, ea->name_off), name_of(b, eb->name_off)))
			return false;
	}
	return true;
}

static bool are_equal_enums64(const struct btf *a, const struct btf_type *ta, const struct btf *b,
			      const struct btf_type *tb)
{
	for (uint32_t i = 0; i < btf_vlen(ta); i++) {
		const struct btf_enum64 *ea = &btf_enum64(ta)[i];
		const struct btf_enum64 *eb = &btf_enum64(tb)[i];

		if (ea->val_lo32 != eb->val_lo32 || ea->val_hi32 != eb->val_hi32 ||
		    !eub_streq(name_of(a, ea->name_off), name_of(b, eb->name_off)))
			return false;
	}
	return true;
}

static bool are_equal_resolved(const struct btf *a, const struct btf_type *ta, const struct btf *b,
			       const struct btf_type *tb, int depth)
{
	const struct btf_array *aa, *ab;

	if (btf_is_ptr(ta))
		return true;
	if (btf_is_array(ta)) {
		aa = btf_array(ta);
		ab = btf_array(tb);
		return aa->nelems == ab->nelems && are_equal(a, aa->type, b, ab->type, depth - 1);
	}
	if (ta->size != tb->size || btf_vlen(ta) != btf_vlen(tb))
		return false;
	if (btf_is_int(ta))
		return btf_int_encoding(ta) == btf_int_encoding(tb) &&
		       btf_int_bits(ta) == btf_int_bits(tb);
	if (btf_is_composite(ta))
		return eub_streq(name_of(a, ta->name_off), name_of(b, tb->name_off)) &&
		       are_equal_members(a, ta, b, tb, depth);
	if (btf_is_enum(ta))
		return are_equal_enums(a, ta, b, tb);
	if (btf_is_enum64(ta))
		return are_equal_enums64(a, ta, b, tb);
	return true; /* floats: the size says all; what is only declared has none */
}

static bool are_equal(const struct btf *a, uint32_t a_id, const struct btf *b, uint32_t b_id,
		      int depth)
{
	const struct btf_type *ta = resolve(a, a_id);
	const struct btf_type *tb = resolve(b, b_id);

	if (!ta || !tb)
		return !ta && !tb;
	return depth > 0 && btf_kind(ta) == btf_kind(tb) && are_equal_resolved(a, ta, b, tb, depth);
}

bool eun__btf_types_equal(const struct btf *a, uint32_t a_id, const struct btf *b, uint32_t b_id)
{
	return are_equal(a, a_id, b, b_id, DEPTH_MAX);
}
