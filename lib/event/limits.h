/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an event type may ask for. BTF and package tables come from outside: each of these bounds
 * keeps memory, or the time and output of one event, in proportion.
 */
#pragma once

/* Bytes of one record. A ring buffer of the usual size holds far less. */
#define EVENT_MAX_SIZE_BYTES	(1u << 24)
/* Members of the event struct, those of anonymous members counted in; each is a column. */
#define EVENT_MAX_MEMBERS	1024u
/* Steps of a decode plan: all members of all nested types, brackets counted in. */
#define EVENT_MAX_STEPS		16384u
/* Values that one record prints: members times the lengths of the arrays they stand in. */
#define EVENT_MAX_VALUES	(1u << 18)
/* Nested structs, unions and array dimensions. Also what ends a type that contains itself. */
#define EVENT_MAX_DEPTH		16u
/* Qualifiers and typedefs in a row; a cycle of typedefs ends here. */
#define EVENT_MAX_CHAIN		32u
/* Enumerators of all enums of an event type. The kernel's own largest enum has some 200. */
#define EVENT_MAX_ENUMERATORS	65536u
/* Bytes of all names of an event type: members, types, enumerators, escaped for JSON. */
#define EVENT_MAX_STRINGS_BYTES (1u << 23)
/* Bytes of a name; the kernel's own limit for BTF is 511 as well. */
#define EVENT_MAX_NAME		511u
