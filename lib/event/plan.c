/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The builder of decode plans. A source of types adds members and steps in struct order; the
 * builder keeps count of the limits, so that no source has to, and at the end links the steps.
 *
 * Invariants of a finished plan, which format.c relies on without looking:
 * - every container's closing step exists and names its opening one; levels nest at most
 *   EVENT_MAX_DEPTH deep; no array has more than EVENT_MAX_VALUES elements;
 * - following next or skip in either order always ends at n_steps;
 * - strings is terminated, keys and texts in it are valid JSON.
 *
 * The text header grows with each member, since a column starts where the header has got to: the
 * rule of eunomia-bpf's ecli, whose value columns stand one to the right of their names. (There the
 * header is "TIME     ", then each name in capitals padded to 6 and one blank; a value is preceded
 * by blanks up to its column, or by one blank if the line is that long already.)
 */
#include "event/plan.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "base/str.h"
#include "event/schema.h"

#include <assert.h>
#include <stdlib.h>

#define HEADER_START "TIME     "
#define COLUMN_MIN   6
#define N_LITERALS   2

static int fail_limit(struct eun__plan *plan, const char *what, uint32_t limit)
{
	return eun_error_set(plan->err, -E2BIG, EUN_REASON_TOO_LARGE,
			     "event type '%s' has more than %u %s",
			     eun_schema_get_name(plan->schema), limit, what);
}

/* Makes room for one more element; capacities double. Return: the array, or NULL. */
static void *grow(void *array, size_t *cap, size_t n, size_t element_size)
{
	size_t wanted = *cap ? *cap * 2 : 16;
	void *larger;

	if (n < *cap)
		return array;
	larger = reallocarray(array, wanted, element_size);
	if (larger)
		*cap = wanted;
	return larger;
}

/* The position that the next string gets; all of them fit 32 bits by the limit. */
static uint32_t strings_end(const struct eun__plan *plan)
{
	return (uint32_t)plan->schema->strings.len;
}

static int check_strings(struct eun__plan *plan)
{
	if (plan->schema->strings.has_failed || plan->header.has_failed)
		return eub_error_no_memory(plan->err);
	if (plan->schema->strings.len > EVENT_MAX_STRINGS_BYTES)
		return fail_limit(plan, "bytes of names", EVENT_MAX_STRINGS_BYTES);
	return 0;
}

static int check_name(struct eun__plan *plan, const char *name)
{
	if (strnlen(name, EVENT_MAX_NAME + 1) > EVENT_MAX_NAME)
		return fail_limit(plan, "bytes in a name", EVENT_MAX_NAME);
	return 0;
}

/* Appends a terminated string to the schema's. Return: its position. */
static uint32_t add_string(struct eun__plan *plan, const char *s)
{
	uint32_t at = strings_end(plan);

	eub_buf_append(&plan->schema->strings, s, strlen(s) + 1);
	return at;
}

int eun__plan_init(struct eun__plan *plan, const char *name, uint32_t size_bytes,
		   struct eun_error *err)
{
	int r;

	*plan = (struct eun__plan){ .err = err, .repeats = { 1 } };
	plan->schema = calloc(1, sizeof(*plan->schema));
	if (!plan->schema)
		return eub_error_no_memory(plan->err);
	plan->schema->size_bytes = size_bytes;
	eub_buf_append_str(&plan->header, HEADER_START);
	/* Errors quote the name, so there must be one before anything else can fail. */
	plan->schema->name = add_string(plan, "");
	r = check_strings(plan);
	if (r == 0)
		r = check_name(plan, name);
	if (r < 0)
		return r;
	plan->schema->name = add_string(plan, name);
	if (size_bytes > EVENT_MAX_SIZE_BYTES)
		return fail_limit(plan, "bytes", EVENT_MAX_SIZE_BYTES);
	return check_strings(plan);
}

void eun__plan_done(struct eun__plan *plan)
{
	plan->schema = eun__schema_free(plan->schema);
	eub_buf_done(&plan->header);
}

int eun__plan_add_column(struct eun__plan *plan, const char *name)
{
	size_t start = plan->header.len;
	size_t width;
	int r = check_name(plan, name);

	if (r < 0)
		return r;
	eub_append_printable(&plan->header, name, strlen(name));
	if (plan->header.has_failed)
		return eub_error_no_memory(plan->err);
	for (size_t i = start; i < plan->header.len; i++)
		if (plan->header.data[i] >= 'a' && plan->header.data[i] <= 'z')
			plan->header.data[i] = (char)(plan->header.data[i] - 'a' + 'A');
	width = EUB_MAX(plan->header.len - start, (size_t)COLUMN_MIN);
	eub_buf_fill(&plan->header, ' ', start + width + 1 - plan->header.len);
	return check_strings(plan);
}

int eun__plan_add_member(struct eun__plan *plan, const struct eun_member *member)
{
	struct eun_schema *schema = plan->schema;
	struct eun__column *columns;
	size_t n = schema->n_members;
	int r;

	assert(plan->depth == 0);
	if (n >= EVENT_MAX_MEMBERS)
		return fail_limit(plan, "members", EVENT_MAX_MEMBERS);
	columns = grow(schema->columns, &plan->cap_columns, n, sizeof(*columns));
	if (!columns)
		return eub_error_no_memory(plan->err);
	schema->columns = columns;
	columns[n] = (struct eun__column){ .step = schema->n_steps,
					   .column = (uint32_t)plan->header.len,
					   .offset_bits = member->offset_bits,
					   .size_bits = member->size_bits };
	r = eun__plan_add_column(plan, member->name);
	if (r < 0)
		return r;
	columns[n].name = add_string(plan, member->name);
	columns[n].type = add_string(plan, member->type);
	schema->n_members++;
	return check_strings(plan);
}

/* Enters the level that step @i has opened. */
static int open_level(struct eun__plan *plan, uint32_t i)
{
	const struct eun__step *step = &plan->schema->steps[i];
	uint64_t repeats = plan->repeats[plan->depth];

	if (plan->depth >= EVENT_MAX_DEPTH)
		return fail_limit(plan, "levels of nested types", EVENT_MAX_DEPTH);
	if (step->kind == EUN__STEP_ARRAY)
		repeats *= step->count;
	if (repeats > EVENT_MAX_VALUES)
		return fail_limit(plan, "values", EVENT_MAX_VALUES);
	plan->open[plan->depth++] = i;
	plan->repeats[plan->depth] = (uint32_t)repeats;
	return 0;
}

static struct eun__step *last_step(struct eun__plan *plan)
{
	return &plan->schema->steps[plan->schema->n_steps - 1];
}

/* Writes the key as it stands in JSON after an earlier member: ,"name": */
static int add_key(struct eun__plan *plan, const char *key, struct eun__step *step)
{
	struct eub_buf *strings = &plan->schema->strings;
	int r = check_name(plan, key);

	if (r < 0)
		return r;
	step->key = strings_end(plan);
	eub_buf_append_char(strings, ',');
	eub_append_json_string(strings, key, strlen(key));
	eub_buf_append_char(strings, ':');
	step->key_len = strings_end(plan) - step->key;
	return check_strings(plan);
}

int eun__plan_add_step(struct eun__plan *plan, const char *key, const struct eun__step *step)
{
	struct eun_schema *schema = plan->schema;
	uint32_t i = schema->n_steps;
	struct eun__step *steps;
	int r = 0;

	if (i >= EVENT_MAX_STEPS)
		return fail_limit(plan, "members in all", EVENT_MAX_STEPS);
	steps = grow(schema->steps, &plan->cap_steps, i, sizeof(*steps));
	if (!steps)
		return eub_error_no_memory(plan->err);
	schema->steps = steps;
	steps[i] = *step;
	steps[i].skip[EUN__ORDER_STRUCT] = i + 1;
	plan->n_values += plan->repeats[plan->depth];
	if (plan->n_values > EVENT_MAX_VALUES)
		return fail_limit(plan, "values", EVENT_MAX_VALUES);
	if (key)
		r = add_key(plan, key, &steps[i]);
	if (r < 0)
		return r;
	schema->n_steps++;
	return eun__step_is_container(step) ? open_level(plan, i) : 0;
}

int eun__plan_open_record(struct eun__plan *plan, const char *key, const struct eun__step *step,
			  const char *keyword, const char *type_name)
{
	const char *const literals[N_LITERALS][2] = { { "__EUNOMIA_TYPE", keyword },
						      { "__EUNOMIA_TYPE_NAME", type_name } };
	struct eun__step literal = { .kind = EUN__STEP_LITERAL };
	struct eub_buf *strings = &plan->schema->strings;
	int r = check_name(plan, type_name);

	if (r == 0)
		r = eun__plan_add_step(plan, key, step);
	for (unsigned int i = 0; r == 0 && i < N_LITERALS; i++) {
		r = eun__plan_add_step(plan, literals[i][0], &literal);
		if (r < 0)
			break;
		/* The value follows its key in strings, so that both are one piece of text. */
		eub_append_json_string(strings, literals[i][1], strlen(literals[i][1]));
		last_step(plan)->key_len = strings_end(plan) - last_step(plan)->key;
		r = check_strings(plan);
	}
	return r;
}

int eun__plan_close(struct eun__plan *plan)
{
	struct eun__step step = { .kind = EUN__STEP_RECORD_END };

	assert(plan->depth > 0);
	step.first = plan->open[plan->depth - 1];
	if (plan->schema->steps[step.first].kind == EUN__STEP_ARRAY)
		step.kind = EUN__STEP_ARRAY_END;
	plan->schema->steps[step.first].skip[EUN__ORDER_STRUCT] = plan->schema->n_steps + 1;
	plan->depth--;
	return eun__plan_add_step(plan, NULL, &step);
}

int eun__plan_add_enumerator(struct eun__plan *plan, const char *name, uint64_t value,
			     bool is_signed)
{
	struct eun_schema *schema = plan->schema;
	struct eub_buf *strings = &schema->strings;
	struct eun__enumerator *all;
	uint32_t start = strings_end(plan);
	int r = check_name(plan, name);

	if (r < 0)
		return r;
	if (schema->n_enumerators >= EVENT_MAX_ENUMERATORS)
		return fail_limit(plan, "enumerators", EVENT_MAX_ENUMERATORS);
	all =
	    grow(schema->enumerators, &plan->cap_enumerators, schema->n_enumerators, sizeof(*all));
	if (!all)
		return eub_error_no_memory(plan->err);
	schema->enumerators = all;
	eub_append_json_string(strings, name, strlen(name));
	if (strings->has_failed)
		return eub_error_no_memory(plan->err);
	strings->len--; /* the closing quote comes after the number */
	eub_buf_append_char(strings, '(');
	if (is_signed)
		eub_buf_append_i64(strings, (int64_t)value);
	else
		eub_buf_append_u64(strings, value);
	eub_buf_append(strings, ")\"", 2);
	all[schema->n_enumerators++] = (struct eun__enumerator){
		.value = value,
		.text = start,
		.text_len = strings_end(plan) - start,
	};
	return check_strings(plan);
}

/* Names of equal value keep the order they were added in, which is that of their texts. */
static int compare_enumerators(const void *a, const void *b)
{
	const struct eun__enumerator *x = a;
	const struct eun__enumerator *y = b;

	if (x->value != y->value)
		return x->value < y->value ? -1 : 1;
	return x->text < y->text ? -1 : x->text > y->text;
}

void eun__plan_sort_enumerators(struct eun__plan *plan, uint32_t first)
{
	struct eun_schema *schema = plan->schema;
	uint32_t kept = first;

	if (first == schema->n_enumerators)
		return;
	qsort(schema->enumerators + first, schema->n_enumerators - first,
	      sizeof(schema->enumerators[0]), compare_enumerators);
	for (uint32_t i = first + 1; i < schema->n_enumerators; i++)
		if (schema->enumerators[i].value != schema->enumerators[kept].value)
			schema->enumerators[++kept] = schema->enumerators[i];
	schema->n_enumerators = kept + 1;
}

/* Bytewise by name; the key's leading comma is equal and its closing quote sorts low. */
static int compare_keys(const void *a, const void *b, void *userdata)
{
	const struct eun_schema *schema = userdata;
	const struct eun__step *x = &schema->steps[*(const uint32_t *)a];
	const struct eun__step *y = &schema->steps[*(const uint32_t *)b];
	uint32_t n = EUB_MIN(x->key_len, y->key_len);
	int r = memcmp(schema->strings.data + x->key, schema->strings.data + y->key, n);

	if (r != 0)
		return r;
	return x->key_len < y->key_len ? -1 : x->key_len > y->key_len;
}

/*
 * Links the members that lie in [first, end) by their keys. @children has room for all steps.
 * Return: the first of them in sorted order, @end if there are none.
 */
static uint32_t link_sorted(struct eun_schema *schema, uint32_t first, uint32_t end,
			    uint32_t *children)
{
	struct eun__step *steps = schema->steps;
	size_t n = 0;

	for (uint32_t i = first; i != end; i = steps[i].skip[EUN__ORDER_STRUCT])
		children[n++] = i;
	if (n == 0)
		return end;
	qsort_r(children, n, sizeof(children[0]), compare_keys, schema);
	for (size_t i = 0; i + 1 < n; i++)
		steps[children[i]].skip[EUN__ORDER_SORTED] = children[i + 1];
	steps[children[n - 1]].skip[EUN__ORDER_SORTED] = end;
	return children[0];
}

/* Opening steps come before what they enclose, so each step's skip is set when it is met. */
static void link_step(struct eun_schema *schema, uint32_t i, uint32_t *children)
{
	struct eun__step *step = &schema->steps[i];
	uint32_t end = step->skip[EUN__ORDER_STRUCT] - 1;

	memcpy(step->next, step->skip, sizeof(step->next));
	if (step->kind == EUN__STEP_RECORD) {
		step->next[EUN__ORDER_STRUCT] = i + 1 + N_LITERALS;
		step->next[EUN__ORDER_SORTED] = link_sorted(schema, i + 1, end, children);
	} else if (step->kind == EUN__STEP_ARRAY) {
		step->next[EUN__ORDER_STRUCT] = i + 1;
		step->next[EUN__ORDER_SORTED] = i + 1;
		schema->steps[i + 1].skip[EUN__ORDER_SORTED] = end;
	}
	if (eun__step_is_container(step))
		schema->steps[end].skip[EUN__ORDER_SORTED] = step->skip[EUN__ORDER_SORTED];
}

static int link_steps(struct eun__plan *plan)
{
	struct eun_schema *schema = plan->schema;
	_cleanup_(eub_freep) uint32_t *children =
	    calloc((size_t)schema->n_steps + 1, sizeof(*children));

	if (!children)
		return eub_error_no_memory(plan->err);
	schema->first_sorted = link_sorted(schema, 0, schema->n_steps, children);
	for (uint32_t i = 0; i < schema->n_steps; i++)
		link_step(schema, i, children);
	return 0;
}

/* Strings do not move any more: gives the public members their names. */
static int publish_members(struct eun__plan *plan)
{
	struct eun_schema *schema = plan->schema;
	const char *strings = schema->strings.data;

	schema->members = calloc(schema->n_members + 1, sizeof(*schema->members));
	if (!schema->members)
		return eub_error_no_memory(plan->err);
	for (size_t i = 0; i < schema->n_members; i++) {
		const struct eun__column *column = &schema->columns[i];

		schema->members[i] = (struct eun_member){
			.name = strings + column->name,
			.type = strings + column->type,
			.offset_bits = column->offset_bits,
			.size_bits = column->size_bits,
		};
	}
	return 0;
}

int eun__plan_finish(struct eun__plan *plan, struct eun_schema **ret_schema)
{
	int r;

	assert(plan->depth == 0);
	plan->schema->text_header = strings_end(plan);
	eub_buf_append(&plan->schema->strings, plan->header.data, plan->header.len);
	eub_buf_append_char(&plan->schema->strings, '\0');
	r = check_strings(plan);
	if (r == 0)
		r = link_steps(plan);
	if (r == 0)
		r = publish_members(plan);
	if (r < 0)
		return r;
	*ret_schema = EUB_TAKE_PTR(plan->schema);
	return 0;
}
