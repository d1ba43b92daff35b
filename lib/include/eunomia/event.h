/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events and their types. A schema is the compiled layout of one event type: immutable, shared by
 * all events of that type, valid as long as the slot that it came from.
 */
#ifndef EUNOMIA_EVENT_H
#define EUNOMIA_EVENT_H

#include <eunomia/error.h>

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct eun_schema;

/* One record of a tracker. Borrowed: valid during the callback that received it. */
struct eun_event {
	const struct eun_schema *schema;
	const void *data;    /* size bytes as the kernel wrote them; no alignment promised */
	uint32_t size;	     /* bytes, > 0 */
	uint32_t generation; /* of the tracker that wrote it, from 1 */
	uint64_t seq;	     /* position in its ring; grows, with gaps (docs/events.md) */
	uint32_t ring; /* the kernel's id of the map that it was read from: seq belongs to it */
	uint64_t time_wall_ns; /* when the engine read it, ns since 1970-01-01 UTC */
};

enum eun_format {
	EUN_FORMAT_TEXT,     /* "HH:MM:SS  VALUE VALUE": aligned columns under the header */
	EUN_FORMAT_JSON,     /* the event's members as one JSON object, in struct order */
	EUN_FORMAT_RAW_JSON, /* the same with keys sorted bytewise and nested types named (ecli -j)
			      */
	EUN_FORMAT_RAW,	     /* the bytes of the record */
	_EUN_FORMAT_MAX,
};

/* "text", "json", "raw-json", "raw"; "unknown" for values out of range. */
EUN_PUBLIC const char *eun_format_to_string(enum eun_format format);
/* Return: 0; -EINVAL. */
EUN_PUBLIC int eun_format_from_string(const char *name, enum eun_format *ret_format);

/* A member of an event type. Strings are never NULL. */
struct eun_member {
	const char *name;
	const char *type;     /* C type, e.g. "unsigned int", "char[16]" */
	uint32_t offset_bits; /* from the start of the record */
	uint32_t size_bits;
};

/* Name of the event's struct; "" for a schema with no type, whose events print as hex. */
EUN_PUBLIC const char *eun_schema_get_name(const struct eun_schema *schema);
/* Bytes of a whole record, 0 if not known. Records may be longer or shorter. */
EUN_PUBLIC uint32_t eun_schema_get_size(const struct eun_schema *schema);
EUN_PUBLIC size_t eun_schema_get_n_members(const struct eun_schema *schema);
/* NULL when @i is past the end. */
EUN_PUBLIC const struct eun_member *eun_schema_get_member(const struct eun_schema *schema,
							  size_t i);
/* The header line of EUN_FORMAT_TEXT, without a line feed. */
EUN_PUBLIC const char *eun_schema_get_text_header(const struct eun_schema *schema);

/**
 * eun_event_format() - write an event in a format
 * @buf:  @size bytes to write to; may be NULL if @size is 0
 *
 * Neither a line feed nor a terminator is added. Text is one line, hostile bytes are escaped; JSON
 * is always valid UTF-8 (bytes that are not: docs/events.md). Members that a short record does not
 * hold are left out (JSON) or printed as "-" (text). Thread-safe.
 *
 * Return: the bytes needed; if that is more than @size, @buf holds a useless beginning: call again
 * with a larger one.
 */
EUN_PUBLIC size_t eun_event_format(const struct eun_event *event, enum eun_format format, char *buf,
				   size_t size);
/**
 * eun_event_format_member() - write the value of member @i as plain text
 *
 * As eun_event_format(); strings are the bytes themselves, unescaped, nested values compact JSON.
 *
 * Return: the bytes needed; 0 if the record is too short to hold the member.
 */
EUN_PUBLIC size_t eun_event_format_member(const struct eun_event *event, size_t i, char *buf,
					  size_t size);

#ifdef __cplusplus
}
#endif
#endif
