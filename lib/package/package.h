/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A parsed package as the other rooms of the library see it. Everything is owned by the package and
 * immutable; strings are never NULL unless it says so.
 */
#pragma once

#include <eunomia/package.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct eun__package_block;

/* A member of an event type as a package's own table gives it. */
struct eun__package_field {
	const char *name;
	const char *type;     /* C type as written */
	uint32_t offset_bits; /* only where the type has_layout */
	uint32_t size_bits;
};

/* An event type that a package declares. */
struct eun__package_type {
	const char *name;
	uint32_t size_bytes;
	uint32_t type_id; /* in the object's BTF, or in types_btf; 0 if the package does not say */
	bool has_layout;  /* offsets and sizes are in the fields, in ascending order */
	struct eun__package_field *fields;
	size_t n_fields;
};

struct eun__package_map {
	struct eun_package_map pub;
	const char *ident;		  /* "" if the package does not say */
	struct eun__package_type *layout; /* type of its records, has_layout; or NULL */
	bool is_sample;			  /* polled map (histograms, key-value), not a stream */
	bool is_exported;		  /* multi-export mode: export_config names something */
	uint32_t export_type_id;	  /* multi-export mode: BTF type of its records, or 0 */
};

struct eun_package {
	enum eun_package_format format;
	const char *name;
	const char *version;
	const char *description;
	void *object;
	size_t object_size;
	struct eun_package_variable *variables;
	size_t n_variables;
	struct eun_package_program *programs;
	size_t n_programs;
	struct eun__package_map *maps;
	size_t n_maps;
	struct eun__package_type *types; /* export_types */
	size_t n_types;
	void *types_btf; /* early generation 3: raw BTF that type_id of types refers to; or NULL */
	size_t types_btf_size;
	bool has_multiple_exports;	   /* enable_multiple_export_types */
	struct eun__package_block *blocks; /* the memory of all strings and arrays above */
};
