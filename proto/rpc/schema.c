/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See schema.h. Descriptors are read straight from their wire form (descriptor.proto's field
 * numbers), since protobuf-c ships no descriptor.proto. The list of symbols is also the list of
 * what is still to be walked: children are appended while it grows, so nesting needs no recursion.
 */
#include "rpc/schema.h"

#include "base/buf.h"
#include "base/str.h"

#include <assert.h>
#include <stdio.h>

#define SET_FILE	1 /* FileDescriptorSet.file */
#define NAME		1 /* .name of every descriptor */
#define FILE_PACKAGE	2 /* FileDescriptorProto.package */
#define FILE_DEPENDENCY 3 /* FileDescriptorProto.dependency */

enum wire_type {
	WIRE_VARINT = 0,
	WIRE_FIXED64 = 1,
	WIRE_BYTES = 2,
	WIRE_FIXED32 = 5,
};

/* Which field of which descriptor holds which. */
static const struct child_rule {
	enum rpc_symbol_kind parent;
	uint32_t field;
	enum rpc_symbol_kind child;
} child_rules[] = {
	{ RPC_SYMBOL_FILE, 4, RPC_SYMBOL_MESSAGE }, { RPC_SYMBOL_FILE, 5, RPC_SYMBOL_ENUM },
	{ RPC_SYMBOL_FILE, 6, RPC_SYMBOL_SERVICE }, { RPC_SYMBOL_MESSAGE, 3, RPC_SYMBOL_MESSAGE },
	{ RPC_SYMBOL_MESSAGE, 4, RPC_SYMBOL_ENUM }, { RPC_SYMBOL_SERVICE, 2, RPC_SYMBOL_METHOD },
};

static int read_varint(const uint8_t **p, const uint8_t *end, uint64_t *ret_value)
{
	uint64_t value = 0;

	for (unsigned int shift = 0; shift < 64 && *p < end; shift += 7) {
		uint8_t byte = *(*p)++;

		value |= (uint64_t)(byte & 0x7f) << shift;
		if (byte < 0x80) {
			*ret_value = value;
			return 0;
		}
	}
	return -EINVAL;
}

int rpc_wire_next(const uint8_t **p, const uint8_t *end, struct rpc_wire_field *ret_field)
{
	uint64_t value;
	uint64_t n = 0;

	if (*p == end)
		return 0;
	if (read_varint(p, end, &value) < 0 || value > UINT32_MAX)
		return -EINVAL;
	*ret_field = (struct rpc_wire_field){
		.number = (uint32_t)value >> 3,
		.type = (uint32_t)value & 7,
	};
	switch (ret_field->type) {
	case WIRE_VARINT:
		return read_varint(p, end, &ret_field->value) < 0 ? -EINVAL : 1;
	case WIRE_FIXED64:
		n = 8;
		break;
	case WIRE_FIXED32:
		n = 4;
		break;
	case WIRE_BYTES:
		if (read_varint(p, end, &n) < 0)
			return -EINVAL;
		break;
	default:
		return -EINVAL;
	}
	if (n > (uint64_t)(end - *p))
		return -EINVAL;
	if (ret_field->type == WIRE_BYTES) {
		ret_field->data = *p;
		ret_field->n_bytes = (size_t)n;
	}
	*p += n;
	return 1;
}

/* The first string of that number in a descriptor, copied; "" if there is none; NULL: no memory. */
static char *read_string(const uint8_t *data, size_t n, uint32_t number)
{
	const uint8_t *p = data;
	struct rpc_wire_field field;

	while (rpc_wire_next(&p, data + n, &field) > 0)
		if (field.number == number && field.data)
			return strndup((const char *)field.data, field.n_bytes);
	return strdup("");
}

/* Makes room for one more element of @size bytes; arrays grow to the next power of two. */
static void *grow(void *array, size_t n, size_t size)
{
	if (n & (n - 1))
		return array;
	return reallocarray(array, n > 0 ? 2 * n : 1, size);
}

static int add_symbol(struct rpc_schema *schema, enum rpc_symbol_kind kind, size_t parent,
		      size_t file, const struct rpc_wire_field *field)
{
	_cleanup_(eub_freep) char *name = NULL;
	const char *prefix = "";
	struct rpc_symbol *symbol;
	char *full_name;
	struct rpc_symbol *symbols = grow(schema->symbols, schema->n_symbols, sizeof(*symbols));

	if (!symbols)
		return -ENOMEM;
	schema->symbols = symbols;
	name =
	    read_string(field->data, field->n_bytes, kind == RPC_SYMBOL_FILE ? FILE_PACKAGE : NAME);
	if (!name)
		return -ENOMEM;
	if (kind != RPC_SYMBOL_FILE)
		prefix = symbols[parent].full_name;
	if (asprintf(&full_name, "%s%s%s", prefix, prefix[0] ? "." : "", name) < 0)
		return -ENOMEM;
	symbol = &symbols[schema->n_symbols++];
	*symbol = (struct rpc_symbol){
		.kind = kind,
		.full_name = full_name,
		.file = file,
		.data = field->data,
		.n_bytes = field->n_bytes,
	};
	return 0;
}

static int add_file(struct rpc_schema *schema, const struct rpc_wire_field *field)
{
	struct rpc_schema_file *files = grow(schema->files, schema->n_files, sizeof(*files));
	char *name;

	if (!files)
		return -ENOMEM;
	schema->files = files;
	if (schema->n_files == RPC_SCHEMA_MAX_FILES)
		return -EINVAL;
	name = read_string(field->data, field->n_bytes, NAME);
	if (!name)
		return -ENOMEM;
	files[schema->n_files++] = (struct rpc_schema_file){
		.name = name,
		.data = field->data,
		.n_bytes = field->n_bytes,
	};
	return add_symbol(schema, RPC_SYMBOL_FILE, 0, schema->n_files - 1, field);
}

static int add_children(struct rpc_schema *schema, size_t parent)
{
	const struct rpc_symbol symbol = schema->symbols[parent];
	const uint8_t *p = symbol.data;
	struct rpc_wire_field field;
	int r;

	while ((r = rpc_wire_next(&p, symbol.data + symbol.n_bytes, &field)) > 0) {
		for (size_t i = 0; i < EUB_ARRAY_SIZE(child_rules); i++) {
			const struct child_rule *rule = &child_rules[i];

			if (rule->parent != symbol.kind || rule->field != field.number ||
			    !field.data)
				continue;
			r = add_symbol(schema, rule->child, parent, symbol.file, &field);
			if (r < 0)
				return r;
		}
	}
	return r;
}

static int index_set(struct rpc_schema *schema, const uint8_t *data, size_t n)
{
	const uint8_t *p = data;
	struct rpc_wire_field field;
	int r;

	while ((r = rpc_wire_next(&p, data + n, &field)) > 0) {
		r = field.number == SET_FILE && field.data ? add_file(schema, &field) : -EINVAL;
		if (r < 0)
			return r;
	}
	for (size_t i = 0; r == 0 && i < schema->n_symbols; i++)
		r = add_children(schema, i);
	return r;
}

int rpc_schema_init(struct rpc_schema *schema, const void *data, size_t n)
{
	int r;

	*schema = (struct rpc_schema){ .n_files = 0 };
	r = index_set(schema, data, n);
	if (r < 0)
		rpc_schema_done(schema);
	return r;
}

void rpc_schema_done(struct rpc_schema *schema)
{
	for (size_t i = 0; i < schema->n_files; i++)
		free(schema->files[i].name);
	for (size_t i = 0; i < schema->n_symbols; i++)
		free(schema->symbols[i].full_name);
	free(schema->files);
	free(schema->symbols);
	*schema = (struct rpc_schema){ .n_files = 0 };
}

static const struct rpc_schema_file *find_file(const struct rpc_schema *schema, const void *name,
					       size_t n)
{
	for (size_t i = 0; i < schema->n_files; i++)
		if (strlen(schema->files[i].name) == n &&
		    memcmp(schema->files[i].name, name, n) == 0)
			return &schema->files[i];
	return NULL;
}

const struct rpc_schema_file *rpc_schema_find_file(const struct rpc_schema *schema,
						   const char *name)
{
	return find_file(schema, name, strlen(name));
}

const struct rpc_symbol *rpc_schema_find_symbol(const struct rpc_schema *schema,
						const char *full_name)
{
	for (size_t i = 0; i < schema->n_symbols; i++)
		if (schema->symbols[i].kind != RPC_SYMBOL_FILE &&
		    eub_streq(schema->symbols[i].full_name, full_name))
			return &schema->symbols[i];
	return NULL;
}

/* Appends @file to the @n files unless it is among them. Return: how many there are then. */
static size_t add_once(const struct rpc_schema_file *files[], size_t n,
		       const struct rpc_schema_file *file)
{
	for (size_t i = 0; i < n; i++)
		if (files[i] == file)
			return n;
	files[n] = file;
	return n + 1;
}

size_t rpc_schema_collect_imports(const struct rpc_schema *schema,
				  const struct rpc_schema_file *file,
				  const struct rpc_schema_file *ret_files[])
{
	size_t n = add_once(ret_files, 0, file);

	for (size_t i = 0; i < n; i++) {
		const uint8_t *p = ret_files[i]->data;
		const uint8_t *end = p + ret_files[i]->n_bytes;
		struct rpc_wire_field field;

		while (rpc_wire_next(&p, end, &field) > 0) {
			const struct rpc_schema_file *import;

			if (field.number != FILE_DEPENDENCY || !field.data)
				continue;
			import = find_file(schema, field.data, field.n_bytes);
			if (import)
				n = add_once(ret_files, n, import);
		}
	}
	return n;
}
