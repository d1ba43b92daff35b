/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Compiles the decode plan of a struct from BTF. libbpf checks that BTF is well-formed, not that
 * its types make sense, so everything is looked at here: chains that never end, types that contain
 * themselves, members outside their struct, arrays of absurd length. One pass over the struct, with
 * a stack of the records it is in instead of recursion; the plan's builder counts the limits.
 *
 * Members of anonymous structs and unions belong to the record around them, as in C. Typedefs from
 * bpf/include/eunomia_types.h (eun_ipv4, eun_ipv6, eun_ip) mark addresses. An array whose elements
 * are of the type named char, not a typedef of it, is a string: the rule of eunomia-bpf's ecli.
 */
#include "event/schema.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "base/str.h"
#include "btf/type_name.h"
#include "event/plan.h"

#include <bpf/btf.h>

#define N_ENUM_USES 16

/* A type behind its qualifiers and typedefs. */
struct target {
	const struct btf_type *type;
	uint64_t size_bytes;
	bool is_typedef; /* there was a typedef on the way */
	bool is_address;
	enum eun__step_kind address; /* if is_address */
};

/* A value to be added: where it is, counted from the current array element or record. */
struct place {
	const char *key; /* NULL: element of an array */
	uint32_t offset_bits;
	uint32_t bitfield_bits; /* 0: not a bitfield */
};

/* A record whose members are being added. */
struct frame {
	const struct btf_type *record;
	uint32_t next_member;
	uint32_t base_bits;
	uint32_t n_closes; /* levels of the plan that end with it */
};

struct enum_use {
	const struct btf_type *type;
	uint32_t first;
	uint32_t count;
	bool has_negative;
};

struct compiler {
	const struct btf *btf;
	struct eun__plan plan;
	struct eun_error *err;
	struct frame frames[EVENT_MAX_DEPTH + 1];
	uint32_t n_frames;
	uint32_t n_visited;
	struct enum_use enums[N_ENUM_USES]; /* the last few, so that an enum is copied once */
	uint32_t n_enums;
};

static const struct {
	const char *name;
	enum eun__step_kind kind;
	uint32_t size_bytes;
} address_types[] = {
	{ "eun_ipv4", EUN__STEP_IPV4, 4 },
	{ "eun_ipv6", EUN__STEP_IPV6, 16 },
	{ "eun_ip", EUN__STEP_IP, 16 },
};

static int fail(struct compiler *compiler, const char *member, const char *what)
{
	eun_error_set_subject(compiler->err, member);
	return eun_error_set(compiler->err, -EINVAL, EUN_REASON_BAD_PACKAGE,
			     "BTF of event type '%s' is inconsistent: member '%s' %s",
			     eun_schema_get_name(compiler->plan.schema), member, what);
}

static void note_typedef(struct target *target, const char *name)
{
	target->is_typedef = true;
	for (size_t i = 0; i < EUB_ARRAY_SIZE(address_types) && !target->is_address; i++) {
		if (!eub_streq(name, address_types[i].name))
			continue;
		target->is_address = true;
		target->address = address_types[i].kind;
	}
}

/* Follows typedefs and qualifiers. Return: 0; -EINVAL if they lead nowhere. */
static int follow(const struct btf *btf, uint32_t type_id, struct target *ret_target)
{
	struct target target = { 0 };

	for (unsigned int i = 0; i < EVENT_MAX_CHAIN; i++) {
		target.type = btf__type_by_id(btf, type_id);
		if (!target.type)
			return -EINVAL;
		if (btf_is_typedef(target.type)) {
			note_typedef(&target, eun__btf_name(btf, target.type->name_off));
		} else if (!btf_is_mod(target.type) && !btf_is_decl_tag(target.type)) {
			*ret_target = target;
			return 0;
		}
		type_id = target.type->type;
	}
	return -EINVAL;
}

/* Return: 0; -EINVAL for what can be no member. */
static int scalar_size(const struct btf *btf, const struct btf_type *type, uint64_t *ret_size)
{
	switch (btf_kind(type)) {
	case BTF_KIND_INT:
	case BTF_KIND_ENUM:
	case BTF_KIND_ENUM64:
	case BTF_KIND_FLOAT:
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
		*ret_size = type->size;
		return 0;
	case BTF_KIND_PTR:
		*ret_size = btf__pointer_size(btf);
		return *ret_size > 0 ? 0 : -EINVAL;
	default:
		return -EINVAL;
	}
}

/* Keeps the mark of an address only if the type has the size of one. */
static void check_address(struct target *target)
{
	bool is_same = false;

	for (size_t i = 0; i < EUB_ARRAY_SIZE(address_types); i++)
		if (address_types[i].kind == target->address)
			is_same = address_types[i].size_bytes == target->size_bytes;
	target->is_address = target->is_address && is_same;
}

/* follow(), and the size of the type it ends at. */
static int resolve(const struct btf *btf, uint32_t type_id, struct target *ret_target)
{
	struct target target;
	struct target element;
	uint64_t count = 1;
	int r = follow(btf, type_id, &target);

	if (r < 0)
		return r;
	element = target;
	for (unsigned int i = 0; btf_is_array(element.type); i++) {
		if (i >= EVENT_MAX_DEPTH ||
		    eub_mul_overflow(count, btf_array(element.type)->nelems, &count))
			return -EINVAL;
		r = follow(btf, btf_array(element.type)->type, &element);
		if (r < 0)
			return r;
	}
	r = scalar_size(btf, element.type, &target.size_bytes);
	if (r < 0 || eub_mul_overflow(target.size_bytes, count, &target.size_bytes))
		return -EINVAL;
	check_address(&target);
	*ret_target = target;
	return 0;
}

/* Sets where the bits of an integer or enum are. */
static void set_bits(struct eun__step *step, uint32_t offset_bits, uint32_t n_bits)
{
	step->offset = offset_bits / 8;
	step->shift = offset_bits % 8;
	step->size = (step->shift + n_bits + 7) / 8;
	step->n_bits = step->shift || n_bits % 8 ? (uint8_t)n_bits : 0;
	step->n_need = step->size;
}

static int add_int(struct compiler *compiler, const struct btf_type *type, struct place place)
{
	uint32_t n_bits = place.bitfield_bits ? place.bitfield_bits : btf_int_bits(type);
	uint32_t inner = place.bitfield_bits ? 0 : btf_int_offset(type);
	unsigned int encoding = btf_int_encoding(type);
	struct eun__step step = { .kind = n_bits > 64 ? EUN__STEP_WIDE : EUN__STEP_INT };

	if (type->size == 0 || type->size > 16 || n_bits == 0 || inner + n_bits > type->size * 8)
		return fail(compiler, place.key ? place.key : "[]", "has a wrong number of bits");
	if (encoding & BTF_INT_BOOL)
		step.kind = EUN__STEP_BOOL;
	step.is_signed = (encoding & BTF_INT_SIGNED) != 0;
	set_bits(&step, place.offset_bits + inner, n_bits);
	return eun__plan_add_step(&compiler->plan, place.key, &step);
}

/* Copies the enumerators of @type. */
static int add_enumerators(struct compiler *compiler, const struct btf_type *type,
			   struct enum_use *use)
{
	bool is_signed = btf_kflag(type) || btf_is_enum(type);

	use->type = type;
	use->first = compiler->plan.schema->n_enumerators;
	for (uint32_t i = 0; i < btf_vlen(type); i++) {
		uint32_t name;
		uint64_t value;
		int r;

		if (btf_is_enum(type)) {
			name = btf_enum(type)[i].name_off;
			value = (uint64_t)(int64_t)btf_enum(type)[i].val;
		} else {
			name = btf_enum64(type)[i].name_off;
			value = btf_enum64_value(&btf_enum64(type)[i]);
		}
		r = eun__plan_add_enumerator(&compiler->plan, eun__btf_name(compiler->btf, name),
					     value, is_signed);
		if (r < 0)
			return r;
		use->has_negative = use->has_negative || (is_signed && (int64_t)value < 0);
	}
	eun__plan_sort_enumerators(&compiler->plan, use->first);
	use->count = compiler->plan.schema->n_enumerators - use->first;
	return 0;
}

static int find_enum(struct compiler *compiler, const struct btf_type *type,
		     struct enum_use *ret_use)
{
	struct enum_use use = { 0 };
	int r;

	for (uint32_t i = 0; i < EUB_MIN(compiler->n_enums, (uint32_t)N_ENUM_USES); i++) {
		if (compiler->enums[i].type == type) {
			*ret_use = compiler->enums[i];
			return 0;
		}
	}
	r = add_enumerators(compiler, type, &use);
	if (r < 0)
		return r;
	compiler->enums[compiler->n_enums++ % N_ENUM_USES] = use;
	*ret_use = use;
	return 0;
}

/* An int-sized enum is printed signed, as ecli does; smaller ones only if they have to be. */
static int add_enum(struct compiler *compiler, const struct btf_type *type, struct place place)
{
	uint32_t n_bits = place.bitfield_bits ? place.bitfield_bits : type->size * 8;
	struct eun__step step = { .kind = EUN__STEP_ENUM };
	struct enum_use use;
	int r;

	if (type->size == 0 || type->size > 8 || n_bits > type->size * 8)
		return fail(compiler, place.key ? place.key : "[]", "has a wrong number of bits");
	r = find_enum(compiler, type, &use);
	if (r < 0)
		return r;
	step.first = use.first;
	step.count = use.count;
	if (btf_is_enum(type))
		step.is_signed = use.has_negative || n_bits == 32;
	else
		step.is_signed = btf_kflag(type);
	set_bits(&step, place.offset_bits, n_bits);
	return eun__plan_add_step(&compiler->plan, place.key, &step);
}

static int add_plain(struct compiler *compiler, enum eun__step_kind kind, uint64_t size,
		     struct place place)
{
	struct eun__step step = { .kind = kind, .offset = place.offset_bits / 8 };

	step.size = (uint32_t)size;
	step.n_need = step.size;
	return eun__plan_add_step(&compiler->plan, place.key, &step);
}

static int add_float(struct compiler *compiler, const struct btf_type *type, struct place place)
{
	if (type->size != sizeof(float) && type->size != sizeof(double))
		return fail(compiler, place.key ? place.key : "[]",
			    "is a floating-point number of neither 4 nor 8 bytes");
	return add_plain(compiler, EUN__STEP_FLOAT, type->size, place);
}

static int push_frame(struct compiler *compiler, const struct frame *frame)
{
	if (compiler->n_frames > EVENT_MAX_DEPTH)
		return eun_error_set(compiler->err, -E2BIG, EUN_REASON_TOO_LARGE,
				     "event type '%s' has more than %u levels of nested types",
				     eun_schema_get_name(compiler->plan.schema), EVENT_MAX_DEPTH);
	compiler->frames[compiler->n_frames++] = *frame;
	return 0;
}

/* Opens a named record; its members, and then the closing of @n_closes arrays, come later. */
static int add_record(struct compiler *compiler, const struct btf_type *type, struct place place,
		      uint32_t n_closes)
{
	struct eun__step step = { .kind = EUN__STEP_RECORD,
				  .offset = place.offset_bits / 8,
				  .size = type->size,
				  .n_need = type->size > 0 };
	struct frame frame = { .record = type,
			       .base_bits = place.offset_bits,
			       .n_closes = n_closes + 1 };
	int r = eun__plan_open_record(&compiler->plan, place.key, &step,
				      btf_is_struct(type) ? "struct" : "union",
				      eun__btf_name(compiler->btf, type->name_off));

	return r < 0 ? r : push_frame(compiler, &frame);
}

/* A char array; without a length, at the end of the record, it takes what follows. */
static int add_string(struct compiler *compiler, uint32_t n, struct place place)
{
	const struct eun_schema *schema = compiler->plan.schema;
	struct eun__step step = { .kind = EUN__STEP_STRING,
				  .offset = place.offset_bits / 8,
				  .size = n,
				  .n_need = n > 0 };

	if (n == 0 && compiler->plan.depth == 0 && step.offset == schema->size_bytes)
		step.size = EUN__SIZE_REST;
	return eun__plan_add_step(&compiler->plan, place.key, &step);
}

static int close_levels(struct compiler *compiler, uint32_t n)
{
	int r = 0;

	for (uint32_t i = 0; i < n && r == 0; i++)
		r = eun__plan_close(&compiler->plan);
	return r;
}

/* Adds what is no array. */
static int add_scalar(struct compiler *compiler, const struct target *target, struct place place,
		      uint32_t n_closes)
{
	const struct btf_type *type = target->type;
	int r;

	if (target->is_address && !place.bitfield_bits)
		r = add_plain(compiler, target->address, target->size_bytes, place);
	else if (btf_is_composite(type))
		return add_record(compiler, type, place, n_closes);
	else if (btf_is_int(type))
		r = add_int(compiler, type, place);
	else if (btf_is_any_enum(type))
		r = add_enum(compiler, type, place);
	else if (btf_is_float(type))
		r = add_float(compiler, type, place);
	else
		r = add_plain(compiler, EUN__STEP_INT, target->size_bytes, place);
	return r < 0 ? r : close_levels(compiler, n_closes);
}

static bool is_char(const struct compiler *compiler, const struct target *target)
{
	return btf_is_int(target->type) && !target->is_typedef && target->type->size == 1 &&
	       eub_streq(eun__btf_name(compiler->btf, target->type->name_off), "char");
}

/* Opens an array per dimension, then adds the element. */
static int add_value(struct compiler *compiler, struct target target, struct place place)
{
	uint32_t n_closes = 0;

	while (btf_is_array(target.type) && !target.is_address) {
		uint32_t n = btf_array(target.type)->nelems;
		struct eun__step step = { .kind = EUN__STEP_ARRAY,
					  .offset = place.offset_bits / 8 };
		int r = resolve(compiler->btf, btf_array(target.type)->type, &target);

		if (r < 0)
			return fail(compiler, place.key ? place.key : "[]",
				    "has a type that has no size");
		if (is_char(compiler, &target)) {
			r = add_string(compiler, n, place);
			return r < 0 ? r : close_levels(compiler, n_closes);
		}
		step.size = (uint32_t)target.size_bytes;
		step.count = target.size_bytes > 0 ? n : 0;
		step.n_need = step.count > 0;
		r = eun__plan_add_step(&compiler->plan, place.key, &step);
		if (r < 0)
			return r;
		n_closes++;
		place.key = NULL;
		place.offset_bits = 0;
	}
	return add_scalar(compiler, &target, place, n_closes);
}

static int add_column(struct compiler *compiler, uint32_t type_id, struct place place,
		      uint64_t size_bits)
{
	struct eub_buf type = EUB_BUF_INIT;
	struct eun_member member = { .name = place.key,
				     .offset_bits = place.offset_bits,
				     .size_bits = (uint32_t)size_bits };
	int r;

	eun__type_name_append(&type, compiler->btf, type_id);
	eub_buf_append_char(&type, '\0');
	member.type = type.data;
	if (type.has_failed)
		r = eub_error_no_memory(compiler->err);
	else
		r = eun__plan_add_member(&compiler->plan, &member);
	eub_buf_done(&type);
	return r;
}

static int add_member(struct compiler *compiler, struct frame *frame)
{
	uint32_t i = frame->next_member++;
	const struct btf_member *member = &btf_members(frame->record)[i];
	const char *name = eun__btf_name(compiler->btf, member->name_off);
	uint64_t start = (uint64_t)frame->base_bits + btf_member_bit_offset(frame->record, i);
	uint64_t end = (uint64_t)frame->base_bits + (uint64_t)frame->record->size * 8;
	struct place place = { .key = name,
			       .bitfield_bits = btf_member_bitfield_size(frame->record, i) };
	struct target target;
	uint64_t size_bits;

	if (resolve(compiler->btf, member->type, &target) < 0)
		return fail(compiler, name, "has a type that has no size");
	size_bits = target.size_bytes * 8;
	if (place.bitfield_bits)
		size_bits = place.bitfield_bits;
	else if (btf_is_int(target.type))
		size_bits = btf_int_offset(target.type) + btf_int_bits(target.type);
	if (target.size_bytes > EVENT_MAX_SIZE_BYTES || start + size_bits > end)
		return fail(compiler, name, "lies outside its struct");
	place.offset_bits = (uint32_t)start;
	if (!name[0] && !btf_is_composite(target.type))
		return 0; /* padding */
	if ((place.bitfield_bits || start % 8 != 0) && !btf_is_int(target.type) &&
	    !btf_is_any_enum(target.type))
		return fail(compiler, name, "is a bitfield of a type that cannot be one");
	if (!name[0])
		return push_frame(compiler, &(struct frame){ .record = target.type,
							     .base_bits = place.offset_bits });
	if (compiler->plan.depth == 0) {
		int r = add_column(compiler, member->type, place, size_bits);

		if (r < 0)
			return r;
	}
	return add_value(compiler, target, place);
}

/* Adds the members of all records on the stack. */
static int add_members(struct compiler *compiler)
{
	int r = 0;

	while (r == 0 && compiler->n_frames > 0) {
		struct frame *frame = &compiler->frames[compiler->n_frames - 1];

		if (frame->next_member == btf_vlen(frame->record)) {
			compiler->n_frames--;
			r = close_levels(compiler, frame->n_closes);
		} else if (compiler->n_visited++ >= EVENT_MAX_STEPS) {
			r = eun_error_set(compiler->err, -E2BIG, EUN_REASON_TOO_LARGE,
					  "event type '%s' has more than %u members in all",
					  eun_schema_get_name(compiler->plan.schema),
					  EVENT_MAX_STEPS);
		} else {
			r = add_member(compiler, frame);
		}
	}
	return r;
}

int eun__schema_from_btf(const struct btf *btf, uint32_t type_id, struct eun_schema **ret_schema,
			 struct eun_error *err)
{
	struct compiler compiler = { .btf = btf, .err = err };
	const struct btf_type *outer = btf__type_by_id(btf, type_id);
	const char *name = outer ? eun__btf_name(btf, outer->name_off) : "";
	struct target target;
	int r;

	if (!outer || follow(btf, type_id, &target) < 0 || !btf_is_composite(target.type))
		return eun_error_set(err, -EINVAL, EUN_REASON_BAD_PACKAGE,
				     "type %u ('%s') of the package's BTF is no struct or union",
				     type_id, name);
	if (!name[0])
		name = eun__btf_name(btf, target.type->name_off);
	r = eun__plan_init(&compiler.plan, name[0] ? name : "{...}", target.type->size, err);
	if (r == 0)
		r = push_frame(&compiler, &(struct frame){ .record = target.type });
	if (r == 0)
		r = add_members(&compiler);
	if (r == 0)
		r = eun__plan_finish(&compiler.plan, ret_schema);
	eun__plan_done(&compiler.plan);
	return r;
}
