/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Walks two types in step. By-value nesting ends at scalars, enums and pointers, so it cannot go in
 * circles in a BTF that a compiler made; one that somebody else made ends at the bound of the list
 * of pairs that are still to be compared, and counts as different.
 */
#include "btf/equal.h"

#include "base/str.h"

#include <bpf/btf.h>

#define PAIRS_MAX    512
#define MODIFIER_MAX 32
#define STEPS_MAX    65536

struct walk {
	const struct btf *a;
	const struct btf *b;
	struct {
		uint32_t a_id;
		uint32_t b_id;
	} pairs[PAIRS_MAX]; /* that must be equal, too */
	size_t n_pairs;
};

static bool add_pair(struct walk *walk, uint32_t a_id, uint32_t b_id)
{
	if (walk->n_pairs == PAIRS_MAX)
		return false;
	walk->pairs[walk->n_pairs].a_id = a_id;
	walk->pairs[walk->n_pairs++].b_id = b_id;
	return true;
}

/* Without typedefs and qualifiers. NULL: void, or damaged. */
static const struct btf_type *resolve(const struct btf *btf, uint32_t id)
{
	const struct btf_type *type = id > 0 ? btf__type_by_id(btf, id) : NULL;

	for (int i = 0; type && i < MODIFIER_MAX; i++) {
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

static bool are_equal_members(struct walk *walk, const struct btf_type *ta,
			      const struct btf_type *tb)
{
	const struct btf_member *ma = btf_members(ta);
	const struct btf_member *mb = btf_members(tb);

	for (uint32_t i = 0; i < btf_vlen(ta); i++)
		if (btf_member_bit_offset(ta, i) != btf_member_bit_offset(tb, i) ||
		    btf_member_bitfield_size(ta, i) != btf_member_bitfield_size(tb, i) ||
		    !eub_streq(name_of(walk->a, ma[i].name_off),
			       name_of(walk->b, mb[i].name_off)) ||
		    !add_pair(walk, ma[i].type, mb[i].type))
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

/* But for the types that these are made of, which are added to the list. */
static bool are_equal_alone(struct walk *walk, const struct btf_type *ta, const struct btf_type *tb)
{
	if (btf_is_ptr(ta))
		return true;
	if (btf_is_array(ta))
		return btf_array(ta)->nelems == btf_array(tb)->nelems &&
		       add_pair(walk, btf_array(ta)->type, btf_array(tb)->type);
	if (ta->size != tb->size || btf_vlen(ta) != btf_vlen(tb))
		return false;
	if (btf_is_int(ta))
		return btf_int_encoding(ta) == btf_int_encoding(tb) &&
		       btf_int_bits(ta) == btf_int_bits(tb);
	if (btf_is_composite(ta))
		return eub_streq(name_of(walk->a, ta->name_off), name_of(walk->b, tb->name_off)) &&
		       are_equal_members(walk, ta, tb);
	if (btf_is_enum(ta))
		return are_equal_enums(walk->a, ta, walk->b, tb);
	if (btf_is_enum64(ta))
		return are_equal_enums64(walk->a, ta, walk->b, tb);
	return true; /* floats: the size says all; what is only declared has none */
}

bool eun__btf_types_equal(const struct btf *a, uint32_t a_id, const struct btf *b, uint32_t b_id)
{
	struct walk walk = { .a = a, .b = b };

	(void)add_pair(&walk, a_id, b_id); /* there is room for one */
	for (unsigned int n = 0; walk.n_pairs > 0; n++) {
		size_t last = --walk.n_pairs;
		const struct btf_type *ta = resolve(a, walk.pairs[last].a_id);
		const struct btf_type *tb = resolve(b, walk.pairs[last].b_id);

		if (!ta && !tb)
			continue;
		if (!ta || !tb || btf_kind(ta) != btf_kind(tb) || n == STEPS_MAX ||
		    !are_equal_alone(&walk, ta, tb))
			return false;
	}
	return true;
}
