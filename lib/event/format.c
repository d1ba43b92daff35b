/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes events in the public formats: a walk over the schema's steps with one position in the
 * record and a small stack of the arrays it is in. Each step says how many bytes of the record it
 * needs; what a short record does not hold is stepped over. Nothing is allocated, and the plan's
 * limits bound time and output whatever the record holds.
 */
#include <eunomia/event.h>

#include "base/clock.h"
#include "event/plan.h"
#include "event/value.h"

#include <assert.h>

#define HEX_ROW 16

struct loop {
	size_t base; /* of the level outside */
	uint32_t n_left;
};

struct walk {
	struct eun__value value; /* schema and style stay, the rest is set per step */
	const struct eun_event *event;
	struct eub_buf *buf;
	enum eun__order order;
	bool is_first;	/* no comma before the next key or element */
	size_t base;	/* offsets of steps count from here */
	uint32_t depth; /* arrays the walk is in */
	struct loop loops[EVENT_MAX_DEPTH];
};

static bool is_held(const struct walk *walk, const struct eun__step *step)
{
	size_t at = walk->base + step->offset;

	return at <= walk->event->size && step->n_need <= walk->event->size - at;
}

static void append_open(struct walk *walk, char bracket)
{
	eub_buf_append_char(walk->buf, bracket);
	walk->is_first = true;
}

static void append_close(struct walk *walk, char bracket)
{
	eub_buf_append_char(walk->buf, bracket);
	walk->is_first = false;
}

/* Writes the comma and the key, or an element's comma alone. */
static void append_key(struct walk *walk, const struct eun__step *step)
{
	const char *key = walk->value.schema->strings.data + step->key;
	size_t skip = walk->is_first ? 1 : 0;

	if (step->key_len > 0)
		eub_buf_append(walk->buf, key + skip, step->key_len - skip);
	else if (!walk->is_first)
		eub_buf_append_char(walk->buf, ',');
	walk->is_first = false;
}

static void append_value(struct walk *walk, const struct eun__step *step)
{
	size_t at = walk->base + step->offset;

	walk->value.step = step;
	walk->value.data = (const uint8_t *)walk->event->data + at;
	walk->value.n = walk->event->size - at;
	eun__value_append(&walk->value, walk->buf);
}

/* Return: the step to go on with. */
static uint32_t open_array(struct walk *walk, const struct eun__step *step)
{
	append_open(walk, '[');
	if (step->count == 0) {
		append_close(walk, ']');
		return step->skip[walk->order];
	}
	walk->loops[walk->depth++] = (struct loop){ .base = walk->base, .n_left = step->count };
	walk->base += step->offset;
	return step->next[walk->order];
}

/* Goes back for the next element, unless that was the last or the record ends before it. */
static uint32_t close_element(struct walk *walk, const struct eun__step *step)
{
	const struct eun__step *array = &walk->value.schema->steps[step->first];
	struct loop *loop = &walk->loops[walk->depth - 1];

	walk->base += array->size;
	if (--loop->n_left > 0 && walk->base < walk->event->size)
		return array->next[walk->order];
	walk->base = loop->base;
	walk->depth--;
	append_close(walk, ']');
	return step->next[walk->order];
}

/* Writes step @i, which is held, without its key. Return: the step to go on with. */
static uint32_t append_step(struct walk *walk, uint32_t i)
{
	const struct eun__step *step = &walk->value.schema->steps[i];

	if (step->kind == EUN__STEP_ARRAY)
		return open_array(walk, step);
	if (step->kind == EUN__STEP_RECORD)
		append_open(walk, '{');
	else
		append_value(walk, step);
	return step->next[walk->order];
}

static void append_steps(struct walk *walk, uint32_t first, uint32_t end)
{
	uint32_t i = first;

	while (i != end) {
		const struct eun__step *step = &walk->value.schema->steps[i];

		if (step->kind == EUN__STEP_RECORD_END) {
			append_close(walk, '}');
			i = step->next[walk->order];
		} else if (step->kind == EUN__STEP_ARRAY_END) {
			i = close_element(walk, step);
		} else if (!is_held(walk, step)) {
			i = step->skip[walk->order];
		} else {
			append_key(walk, step);
			i = append_step(walk, i);
		}
	}
}

static struct walk walk_init(const struct eun_event *event, struct eub_buf *buf,
			     enum eun__style style, enum eun__order order)
{
	return (struct walk){ .value = { .schema = event->schema, .style = style },
			      .event = event,
			      .buf = buf,
			      .order = order,
			      .is_first = true };
}

/* Writes member @i without its key. Return: whether the record holds it. */
static bool append_member(const struct eun_event *event, size_t i, enum eun__style style,
			  struct eub_buf *buf)
{
	uint32_t first = event->schema->columns[i].step;
	const struct eun__step *step = &event->schema->steps[first];
	bool is_nested = eun__step_is_container(step);
	struct walk walk =
	    walk_init(event, buf, is_nested ? EUN__STYLE_JSON : style, EUN__ORDER_STRUCT);

	if (!is_held(&walk, step))
		return false;
	append_steps(&walk, append_step(&walk, first), step->skip[EUN__ORDER_STRUCT]);
	return true;
}

static void append_hex_byte(struct eub_buf *buf, unsigned int byte)
{
	static const char digits[] = "0123456789abcdef";

	eub_buf_append_char(buf, digits[byte >> 4 & 15]);
	eub_buf_append_char(buf, digits[byte & 15]);
}

/* "0010: de ad be ef  |....|" */
static void append_hex_row(struct eub_buf *buf, const uint8_t *data, size_t at, size_t n)
{
	for (int shift = at > 0xffff ? 24 : 8; shift >= 0; shift -= 8)
		append_hex_byte(buf, (unsigned int)(at >> shift) & 0xff);
	eub_buf_append_char(buf, ':');
	for (size_t i = 0; i < n; i++) {
		eub_buf_append_char(buf, ' ');
		append_hex_byte(buf, data[at + i]);
	}
	eub_buf_append(buf, "  |", 3);
	for (size_t i = at; i < at + n; i++) {
		bool is_plain = data[i] >= 0x20 && data[i] < 0x7f;

		eub_buf_append(buf, is_plain ? (const char *)&data[i] : ".", 1);
	}
	eub_buf_append_char(buf, '|');
}

static void append_hex_text(const struct eun_event *event, struct eub_buf *buf)
{
	for (size_t at = 0; at < event->size; at += HEX_ROW) {
		eub_buf_append_char(buf, ' ');
		append_hex_row(buf, event->data, at, EUB_MIN(event->size - at, (size_t)HEX_ROW));
	}
}

/* "02:05:58  79725 78132  17": the value of a column starts there, or after one blank. */
static void append_text(const struct eun_event *event, struct eub_buf *buf)
{
	const struct eun_schema *schema = event->schema;

	eub_append_local_time(buf, event->time_wall_ns);
	eub_buf_append_char(buf, ' ');
	if (schema->is_untyped)
		append_hex_text(event, buf);
	for (size_t i = 0; i < schema->n_members; i++) {
		size_t column = schema->columns[i].column;

		eub_buf_fill(buf, ' ', column > buf->len ? column - buf->len : 1);
		if (!append_member(event, i, EUN__STYLE_TEXT, buf))
			eub_buf_append_char(buf, '-');
	}
}

static void append_hex_json(const struct eun_event *event, struct eub_buf *buf)
{
	const uint8_t *data = event->data;

	eub_buf_append_str(buf, "{\"hex\":\"");
	for (size_t i = 0; i < event->size; i++)
		append_hex_byte(buf, data[i]);
	eub_buf_append_str(buf, "\"}");
}

static void append_object(const struct eun_event *event, enum eun__order order, uint32_t first,
			  struct eub_buf *buf)
{
	struct walk walk = walk_init(event, buf, EUN__STYLE_JSON, order);

	if (event->schema->is_untyped) {
		append_hex_json(event, buf);
		return;
	}
	append_open(&walk, '{');
	append_steps(&walk, first, event->schema->n_steps);
	append_close(&walk, '}');
}

static void append_json(const struct eun_event *event, struct eub_buf *buf)
{
	append_object(event, EUN__ORDER_STRUCT, 0, buf);
}

static void append_raw_json(const struct eun_event *event, struct eub_buf *buf)
{
	append_object(event, EUN__ORDER_SORTED, event->schema->first_sorted, buf);
}

static void append_raw(const struct eun_event *event, struct eub_buf *buf)
{
	eub_buf_append(buf, event->data, event->size);
}

typedef void (*append_format_fn)(const struct eun_event *event, struct eub_buf *buf);

static const append_format_fn append_formats[] = {
	[EUN_FORMAT_TEXT] = append_text,
	[EUN_FORMAT_JSON] = append_json,
	[EUN_FORMAT_RAW_JSON] = append_raw_json,
	[EUN_FORMAT_RAW] = append_raw,
};
static_assert(EUB_ARRAY_SIZE(append_formats) == _EUN_FORMAT_MAX, "one function per format");

size_t eun_event_format(const struct eun_event *event, enum eun_format format, char *buf,
			size_t size)
{
	struct eub_buf out = EUB_BUF_FIXED(buf, size);

	if (!event || !event->schema || (unsigned int)format >= _EUN_FORMAT_MAX)
		return 0;
	append_formats[format](event, &out);
	return out.len;
}

size_t eun_event_format_member(const struct eun_event *event, size_t i, char *buf, size_t size)
{
	struct eub_buf out = EUB_BUF_FIXED(buf, size);

	if (!event || !event->schema || i >= event->schema->n_members)
		return 0;
	(void)append_member(event, i, EUN__STYLE_PLAIN, &out); /* nothing if it is not held */
	return out.len;
}
