/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Private to lib/event: the decode plan, a flat table of steps, and the builder that the sources of
 * types (BTF, package tables) fill it with. A nested struct or an array is a run of steps between
 * an opening and a closing one. Each step is linked to its successor twice, in struct order and in
 * the order of sorted keys, so that both kinds of JSON are walks over one table.
 */
#pragma once

#include <eunomia/event.h>

#include "base/buf.h"
#include "event/limits.h"

#include <stdbool.h>

enum eun__step_kind {
	EUN__STEP_RECORD, /* opens a nested struct or union */
	EUN__STEP_RECORD_END,
	EUN__STEP_ARRAY, /* opens an array; the steps of one element follow */
	EUN__STEP_ARRAY_END,
	EUN__STEP_LITERAL, /* the key alone is printed; only in sorted order */
	EUN__STEP_INT,	   /* up to 64 bits */
	EUN__STEP_WIDE,	   /* integer of more than 64 bits */
	EUN__STEP_BOOL,
	EUN__STEP_ENUM,
	EUN__STEP_FLOAT,  /* 4 or 8 bytes */
	EUN__STEP_STRING, /* char array: up to its first NUL */
	EUN__STEP_IPV4,
	EUN__STEP_IPV6,
	EUN__STEP_IP,	 /* IPv6, or IPv4 in its mapped form */
	EUN__STEP_BYTES, /* of a type nobody knows: hex */
	_EUN__STEP_MAX,
};

enum eun__order {
	EUN__ORDER_STRUCT,
	EUN__ORDER_SORTED,
	_EUN__ORDER_MAX,
};

/* The size of a string that takes the rest of the record (flexible array member). */
#define EUN__SIZE_REST UINT32_MAX

struct eun__step {
	enum eun__step_kind kind;
	bool is_signed;
	uint8_t shift;	  /* bits of the first byte that are not the value's (bitfields) */
	uint8_t n_bits;	  /* of a bitfield; 0: the value is whole bytes */
	uint32_t offset;  /* bytes from the start of the array element, or of the record */
	uint32_t size;	  /* bytes; of one element, if an array */
	uint32_t n_need;  /* bytes that must be there for the step not to be left out */
	uint32_t count;	  /* elements of an array; enumerators of an enum */
	uint32_t first;	  /* enum: its first enumerator; closing step: its opening one */
	uint32_t key;	  /* position in strings of ,"name": */
	uint32_t key_len; /* 0: element of an array */
	uint32_t next[_EUN__ORDER_MAX]; /* step to go on with */
	uint32_t skip[_EUN__ORDER_MAX]; /* the same, past what this step opens */
};

struct eun__enumerator {
	uint64_t value; /* sign-extended if the enum is signed */
	uint32_t text;	/* position in strings of "NAME(3)", quoted and escaped as JSON */
	uint32_t text_len;
};

/* What is needed of a member beside its public description. */
struct eun__column {
	uint32_t name;	 /* positions in strings, terminated */
	uint32_t type;	 /* C text */
	uint32_t step;	 /* first of the member's steps */
	uint32_t column; /* where its value starts in a text line, at least */
	uint32_t offset_bits;
	uint32_t size_bits;
};

struct eun_schema {
	uint32_t name;	     /* position in strings */
	uint32_t size_bytes; /* 0: not known */
	bool is_untyped;
	struct eun_member *members; /* names and types point into strings */
	struct eun__column *columns;
	size_t n_members;
	struct eun__step *steps;
	uint32_t n_steps;
	uint32_t first_sorted; /* step that sorted order starts with */
	struct eun__enumerator *enumerators;
	uint32_t n_enumerators;
	uint32_t text_header; /* position in strings */
	struct eub_buf strings;
};

/* A schema under construction. */
struct eun__plan {
	struct eun_schema *schema; /* owned until eun__plan_finish() */
	struct eun_error *err;
	struct eub_buf header; /* of the text format, as far as members have been added */
	size_t cap_columns;
	size_t cap_steps;
	size_t cap_enumerators;
	uint32_t open[EVENT_MAX_DEPTH];	       /* steps that are not closed yet */
	uint32_t repeats[EVENT_MAX_DEPTH + 1]; /* runs per record of the steps at each depth */
	uint32_t depth;
	uint32_t n_values;
};

/* All of these return 0, or -ENOMEM, -E2BIG (a limit), -EINVAL with the plan's err filled. */

int eun__plan_init(struct eun__plan *plan, const char *name, uint32_t size_bytes,
		   struct eun_error *err);
/* Releases what eun__plan_finish() did not hand over. */
void eun__plan_done(struct eun__plan *plan);
/* Starts a member of the record itself: the next step is its value. */
int eun__plan_add_member(struct eun__plan *plan, const struct eun_member *member);
/* Adds a column to the header of the text format; eun__plan_add_member() does it too. */
int eun__plan_add_column(struct eun__plan *plan, const char *name);
/* Adds a value, or opens an array. @key NULL: element of an array. The links are set later. */
int eun__plan_add_step(struct eun__plan *plan, const char *key, const struct eun__step *step);
/**
 * eun__plan_open_record() - open a nested struct or union
 * @keyword:   "struct" or "union"
 * @type_name: its tag, or ""; both become members in sorted order
 */
int eun__plan_open_record(struct eun__plan *plan, const char *key, const struct eun__step *step,
			  const char *keyword, const char *type_name);
/* Closes the innermost record or array. */
int eun__plan_close(struct eun__plan *plan);
int eun__plan_add_enumerator(struct eun__plan *plan, const char *name, uint64_t value,
			     bool is_signed);
/* Sorts the enumerators from @first on by value; the first of equals stays in front. */
void eun__plan_sort_enumerators(struct eun__plan *plan, uint32_t first);
/* Links the steps, lays out the columns and moves the schema to the caller. */
int eun__plan_finish(struct eun__plan *plan, struct eun_schema **ret_schema);

static inline bool eun__step_is_container(const struct eun__step *step)
{
	return step->kind == EUN__STEP_RECORD || step->kind == EUN__STEP_ARRAY;
}
