/* SPDX-License-Identifier: Apache-2.0 */
/* An index of an encoded google.protobuf.FileDescriptorSet: files and symbols by name. */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum rpc_symbol_kind {
	RPC_SYMBOL_FILE, /* full_name is the file's package */
	RPC_SYMBOL_MESSAGE,
	RPC_SYMBOL_ENUM,
	RPC_SYMBOL_SERVICE,
	RPC_SYMBOL_METHOD,
	_RPC_SYMBOL_KIND_MAX,
};

struct rpc_symbol {
	enum rpc_symbol_kind kind;
	char *full_name; /* "eunomia.v1.Events.Stream" */
	size_t file;	 /* index of the file that defines it */
	/* The encoded descriptor; borrowed. */
	const uint8_t *data;
	size_t n_bytes;
};

struct rpc_schema_file {
	char *name; /* "eunomia/v1/eunomia.proto" */
	/* The encoded FileDescriptorProto; borrowed. */
	const uint8_t *data;
	size_t n_bytes;
};

struct rpc_schema {
	struct rpc_schema_file *files;
	size_t n_files;
	struct rpc_symbol *symbols;
	size_t n_symbols;
};

#define RPC_SCHEMA_MAX_FILES 64

/**
 * rpc_schema_init() - index @data, which must outlive the schema
 *
 * Return: 0; -EINVAL if it is no FileDescriptorSet or has too many files; -ENOMEM.
 */
int rpc_schema_init(struct rpc_schema *schema, const void *data, size_t n);
void rpc_schema_done(struct rpc_schema *schema);
/* NULL if there is none. */
const struct rpc_schema_file *rpc_schema_find_file(const struct rpc_schema *schema,
						   const char *name);
/* Not for files. NULL if there is none. */
const struct rpc_symbol *rpc_schema_find_symbol(const struct rpc_schema *schema,
						const char *full_name);
/**
 * rpc_schema_collect_imports() - @file and all that it imports, each once
 * @ret_files: room for RPC_SCHEMA_MAX_FILES; @file is the first
 *
 * Return: how many.
 */
size_t rpc_schema_collect_imports(const struct rpc_schema *schema,
				  const struct rpc_schema_file *file,
				  const struct rpc_schema_file *ret_files[]);

/* One field of an encoded message. */
struct rpc_wire_field {
	uint32_t number;
	uint32_t type;	     /* 0 varint, 1 fixed64, 2 bytes, 5 fixed32 */
	uint64_t value;	     /* of a varint; else 0 */
	const uint8_t *data; /* of bytes; else NULL */
	size_t n_bytes;
};

/* Reads the field at *@p and moves *@p behind it. Return: 1; 0 at @end; -EINVAL. */
int rpc_wire_next(const uint8_t **p, const uint8_t *end, struct rpc_wire_field *ret_field);
