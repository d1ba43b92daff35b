/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes schemas: the decode plan of an event type, compiled once into a flat table, so that no BTF
 * is walked per event. A schema copies what it needs; BTF may go away afterwards. Immutable once
 * made.
 */
#pragma once

#include <eunomia/event.h>

#include <stddef.h>
#include <stdint.h>

struct btf;

/* One member as a package's own table gives it (formats: offsets in bits, C type names). */
struct eun__field_spec {
	const char *name;
	const char *type;
	uint32_t offset_bits;
	uint32_t size_bits;
};

/**
 * eun__schema_from_btf() - compile the plan of a struct
 * @btf:     borrowed; of eun__btf_open(), or any whose records are aligned to 4 bytes
 * @type_id: of a struct or union, or a typedef of one
 *
 * Return: 0; -EINVAL (EUN_REASON_BAD_PACKAGE: not a struct, inconsistent BTF), -E2BIG (too many
 * members or too deep), -ENOMEM.
 */
int eun__schema_from_btf(const struct btf *btf, uint32_t type_id, struct eun_schema **ret_schema,
			 struct eun_error *err);
/* From a package's table; same errors. @size_bytes 0: not known. */
int eun__schema_from_fields(const char *name, uint32_t size_bytes,
			    const struct eun__field_spec *fields, size_t n_fields,
			    struct eun_schema **ret_schema, struct eun_error *err);
/* The fixed 168-byte record of generation 0 (docs/package-format.md). */
int eun__schema_hotupdate(struct eun_schema **ret_schema, struct eun_error *err);
/* No type known: events print as hex with offsets. @name labels them ("" allowed). */
int eun__schema_untyped(const char *name, struct eun_schema **ret_schema, struct eun_error *err);
/* NULL is allowed. Returns NULL. */
struct eun_schema *eun__schema_free(struct eun_schema *schema);
