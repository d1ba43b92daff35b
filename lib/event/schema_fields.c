/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Compiles the decode plan of an event type from a package's own table, for packages that are older
 * than BTF in packages. A table gives the place of each field exactly and its width roughly: the
 * width reaches to the next field, padding and all. So the type decides how many bytes are read,
 * and the width only bounds it; a type that nobody knows is a number if it is as wide as one, else
 * hexadecimal. Also the one record layout that is built in.
 */
#include "event/schema.h"

#include "event/c_type.h"
#include "event/plan.h"

#define HOTUPDATE_SIZE 168

static int fail(const char *type_name, const struct eun__field_spec *field, const char *what,
		struct eun_error *err)
{
	eun_error_set_subject(err, field->name);
	return eun_error_set(err, -EINVAL, EUN_REASON_BAD_PACKAGE,
			     "layout of event type '%s' is inconsistent: field '%s' %s", type_name,
			     field->name, what);
}

/* Elements of all dimensions. They fit: c_type.c bounds each, and the width bounds the product. */
static uint64_t n_elements(const struct eun__c_type *type)
{
	uint64_t n = 1;

	for (uint32_t i = 0; i < type->n_lengths; i++)
		if (eub_mul_overflow(n, type->lengths[i], &n))
			return UINT64_MAX;
	return n;
}

static bool is_number_size(uint64_t size)
{
	return size == 1 || size == 2 || size == 4 || size == 8;
}

/* Gives a type of unknown size the one that the field's width leaves it. */
static int set_size(const struct eun__field_spec *field, struct eun__c_type *type)
{
	uint64_t n = n_elements(type);
	uint64_t width = field->size_bits / 8;

	if (type->size_bytes == 0) {
		type->size_bytes = n > 0 ? (uint32_t)(width / n) : 0;
		if (type->size_bytes == 0)
			return -EINVAL;
		type->kind = is_number_size(type->size_bytes) ? EUN__STEP_INT : EUN__STEP_BYTES;
	}
	return n <= width / type->size_bytes ? 0 : -EINVAL;
}

/* A field narrower than its type, or not at the start of a byte, is a bitfield. */
static bool is_bitfield(const struct eun__field_spec *field, const struct eun__c_type *type)
{
	bool is_integer = type->kind == EUN__STEP_INT || type->kind == EUN__STEP_BOOL;

	return type->n_lengths == 0 && is_integer &&
	       (field->offset_bits % 8 != 0 ||
		(field->size_bits > 0 && field->size_bits < type->size_bytes * 8));
}

static int add_bitfield(struct eun__plan *plan, const struct eun__field_spec *field,
			const struct eun__c_type *type)
{
	uint32_t n_bits = EUB_MIN(field->size_bits, type->size_bytes * 8);
	struct eun__step step = { .kind = type->kind,
				  .is_signed = type->is_signed,
				  .offset = field->offset_bits / 8,
				  .shift = field->offset_bits % 8,
				  .n_bits = (uint8_t)n_bits };

	step.size = (step.shift + n_bits + 7) / 8;
	step.n_need = step.size;
	return eun__plan_add_step(plan, field->name, &step);
}

/* Opens a level per dimension; the innermost of a char array is the string itself. */
static int add_value(struct eun__plan *plan, const struct eun__field_spec *field,
		     const struct eun__c_type *type)
{
	uint32_t n_levels = type->n_lengths - (type->is_char && type->n_lengths > 0);
	uint64_t size = type->size_bytes * n_elements(type);
	struct eun__step step = { .offset = field->offset_bits / 8 };
	const char *key = field->name;
	int r = 0;

	for (uint32_t i = 0; i < n_levels && r == 0; i++) {
		step.kind = EUN__STEP_ARRAY;
		step.count = size > 0 ? type->lengths[i] : 0;
		size = type->lengths[i] > 0 ? size / type->lengths[i] : 0;
		step.size = (uint32_t)size;
		step.n_need = step.count > 0;
		r = eun__plan_add_step(plan, key, &step);
		step.offset = 0;
		key = NULL;
	}
	if (r < 0)
		return r;
	step = (struct eun__step){ .kind = type->kind,
				   .is_signed = type->is_signed,
				   .offset = step.offset,
				   .size = type->size_bytes,
				   .n_need = type->size_bytes };
	if (n_levels < type->n_lengths) {
		step.kind = EUN__STEP_STRING;
		step.size = type->lengths[n_levels];
		step.n_need = step.size > 0;
	}
	r = eun__plan_add_step(plan, key, &step);
	for (uint32_t i = 0; i < n_levels && r == 0; i++)
		r = eun__plan_close(plan);
	return r;
}

static int add_field(struct eun__plan *plan, const char *type_name,
		     const struct eun__field_spec *field)
{
	uint64_t end = (uint64_t)field->offset_bits + field->size_bits;
	uint32_t size = plan->schema->size_bytes;
	struct eun_member member = { .name = field->name,
				     .type = field->type,
				     .offset_bits = field->offset_bits,
				     .size_bits = field->size_bits };
	struct eun__c_type type;
	int r;

	if (end > (uint64_t)(size ? size : EVENT_MAX_SIZE_BYTES) * 8)
		return fail(type_name, field, "lies outside its struct", plan->err);
	if (field->size_bits == 0)
		return fail(type_name, field, "has no size", plan->err);
	if (eun__c_type_parse(field->type, &type) < 0)
		return fail(type_name, field, "has a type that cannot be read", plan->err);
	r = eun__plan_add_member(plan, &member);
	if (r < 0)
		return r;
	if (is_bitfield(field, &type))
		return add_bitfield(plan, field, &type);
	if (field->offset_bits % 8 != 0 || set_size(field, &type) < 0)
		return fail(type_name, field, "is too small for its type", plan->err);
	return add_value(plan, field, &type);
}

int eun__schema_from_fields(const char *name, uint32_t size_bytes,
			    const struct eun__field_spec *fields, size_t n_fields,
			    struct eun_schema **ret_schema, struct eun_error *err)
{
	struct eun__plan plan;
	int r = eun__plan_init(&plan, name, size_bytes, err);

	for (size_t i = 0; i < n_fields && r == 0; i++)
		r = add_field(&plan, name, &fields[i]);
	if (r == 0)
		r = eun__plan_finish(&plan, ret_schema);
	eun__plan_done(&plan);
	return r;
}

int eun__schema_hotupdate(struct eun_schema **ret_schema, struct eun_error *err)
{
	static const struct eun__field_spec fields[] = {
		{ "pid", "int", 0, 32 },
		{ "ppid", "int", 32, 32 },
		{ "exit_code", "unsigned int", 64, 32 },
		{ "duration_ns", "unsigned long long", 128, 64 },
		{ "comm", "char[16]", 192, 128 },
		{ "filename", "char[127]", 320, 1016 },
		{ "exit_event", "bool", 1336, 8 },
	};

	return eun__schema_from_fields("event", HOTUPDATE_SIZE, fields, EUB_ARRAY_SIZE(fields),
				       ret_schema, err);
}
