/* SPDX-License-Identifier: Apache-2.0 */
/* The index of the schema, the table of methods against it, and rules that the schema obeys. */
#include "fixture.h"

#include "base/str.h"
#include "rpc/descriptor_set.h"
#include "rpc/schema.h"

#include <string.h>

/* Field numbers of descriptor.proto. */
#define METHOD_INPUT_TYPE	2
#define METHOD_OUTPUT_TYPE	3
#define METHOD_CLIENT_STREAMING 5
#define METHOD_SERVER_STREAMING 6
#define MESSAGE_FIELD		2
#define FIELD_TYPE_NAME		6

static int setup(void **state)
{
	struct rpc_schema *schema = calloc(1, sizeof(*schema));

	assert_non_null(schema);
	assert_int_equal(rpc_schema_init(schema, descriptor_set, descriptor_set_size), 0);
	*state = schema;
	return 0;
}

static int teardown(void **state)
{
	rpc_schema_done(*state);
	free(*state);
	return 0;
}

static void test_finds_symbols(void **state)
{
	static const struct {
		const char *name;
		enum rpc_symbol_kind kind;
		const char *file;
	} expected[] = {
		{ "eunomia.v1.Trackers", RPC_SYMBOL_SERVICE, "eunomia/v1/eunomia.proto" },
		{ "eunomia.v1.Events.Stream", RPC_SYMBOL_METHOD, "eunomia/v1/eunomia.proto" },
		{ "eunomia.v1.Slot", RPC_SYMBOL_MESSAGE, "eunomia/v1/eunomia.proto" },
		{ "eunomia.v1.SlotState", RPC_SYMBOL_ENUM, "eunomia/v1/eunomia.proto" },
		{ "grpc.health.v1.HealthCheckResponse.ServingStatus", RPC_SYMBOL_ENUM,
		  "grpc/health/v1/health.proto" },
		{ "grpc.reflection.v1alpha.ServerReflection", RPC_SYMBOL_SERVICE,
		  "grpc/reflection/v1alpha/reflection.proto" },
		{ "google.rpc.Status", RPC_SYMBOL_MESSAGE, "google/rpc/status.proto" },
	};
	const struct rpc_schema *schema = *state;

	for (size_t i = 0; i < EUB_ARRAY_SIZE(expected); i++) {
		const struct rpc_symbol *symbol = rpc_schema_find_symbol(schema, expected[i].name);

		assert_non_null(symbol);
		assert_int_equal(symbol->kind, expected[i].kind);
		assert_string_equal(schema->files[symbol->file].name, expected[i].file);
	}
	assert_null(rpc_schema_find_symbol(schema, "eunomia.v1")); /* a package */
	assert_null(rpc_schema_find_symbol(schema, ""));
}

static void test_collects_imports(void **state)
{
	const struct rpc_schema *schema = *state;
	const struct rpc_schema_file *files[RPC_SCHEMA_MAX_FILES];
	const struct rpc_schema_file *file =
	    rpc_schema_find_file(schema, "google/rpc/status.proto");

	assert_non_null(file);
	assert_int_equal(rpc_schema_collect_imports(schema, file, files), 2);
	assert_ptr_equal(files[0], file);
	assert_string_equal(files[1]->name, "google/protobuf/any.proto");
	assert_null(rpc_schema_find_file(schema, "google/rpc"));
}

static void test_refuses_what_is_no_set(void **state)
{
	struct rpc_schema schema;
	unsigned char *copy = malloc(descriptor_set_size);

	(void)state;
	assert_non_null(copy);
	memcpy(copy, descriptor_set, descriptor_set_size);
	assert_int_equal(rpc_schema_init(&schema, "\xff\xff", 2), -EINVAL);
	assert_int_equal(rpc_schema_init(&schema, "\x10\x01", 2), -EINVAL);
	assert_int_equal(rpc_schema_init(&schema, copy, descriptor_set_size - 1), -EINVAL);
	assert_int_equal(rpc_schema_init(&schema, NULL, 0), 0);
	rpc_schema_done(&schema);
	free(copy);
}

static const struct method_row {
	const char *path;
	const ProtobufCMessageDescriptor *request;
	const ProtobufCMessageDescriptor *reply;
	enum rpc_kind kind;
} rows[] = {
#define X(service_, method_, path_, request_, reply_, kind_, role_, max_request_bytes_)            \
	{ (path_), &request_##__descriptor, &reply_##__descriptor, (kind_) },
#include "methods.def"
#undef X
};

static const struct method_row *find_row(const char *full_name)
{
	const char *method = strrchr(full_name, '.');

	assert_non_null(method);
	for (size_t i = 0; i < EUB_ARRAY_SIZE(rows); i++) {
		size_t service_n = (size_t)(method - full_name);

		if (strncmp(rows[i].path + 1, full_name, service_n) == 0 &&
		    rows[i].path[1 + service_n] == '/' &&
		    eub_streq(rows[i].path + 2 + service_n, method + 1))
			return &rows[i];
	}
	return NULL;
}

/* Types are written ".eunomia.v1.SlotRequest" in descriptors. */
static void assert_type(const struct rpc_wire_field *field, const ProtobufCMessageDescriptor *type)
{
	assert_int_equal(field->n_bytes, strlen(type->name) + 1);
	assert_memory_equal(field->data + 1, type->name, field->n_bytes - 1);
}

static void check_method(const struct rpc_symbol *symbol)
{
	const struct method_row *row = find_row(symbol->full_name);
	const uint8_t *p = symbol->data;
	struct rpc_wire_field field;
	bool client_streams = false;
	bool server_streams = false;

	assert_non_null(row);
	while (rpc_wire_next(&p, symbol->data + symbol->n_bytes, &field) > 0) {
		if (field.number == METHOD_INPUT_TYPE)
			assert_type(&field, row->request);
		else if (field.number == METHOD_OUTPUT_TYPE)
			assert_type(&field, row->reply);
		else if (field.number == METHOD_CLIENT_STREAMING)
			client_streams = field.value != 0;
		else if (field.number == METHOD_SERVER_STREAMING)
			server_streams = field.value != 0;
	}
	assert_int_equal(client_streams, row->kind == RPC_BIDI_STREAM);
	assert_int_equal(server_streams, row->kind != RPC_UNARY);
}

static void test_table_of_methods(void **state)
{
	const struct rpc_schema *schema = *state;
	size_t n = 0;

	for (size_t i = 0; i < schema->n_symbols; i++) {
		const struct rpc_symbol *symbol = &schema->symbols[i];

		if (symbol->kind != RPC_SYMBOL_METHOD ||
		    !eub_has_prefix(symbol->full_name, "eunomia.v1."))
			continue;
		check_method(symbol);
		n++;
	}
	assert_int_equal(n, EUB_ARRAY_SIZE(rows));
}

/* Marks in @reached the messages that the fields of message @i name. Return: was any new? */
static bool reach_fields(const struct rpc_schema *schema, size_t i, bool *reached)
{
	const struct rpc_symbol *symbol = &schema->symbols[i];
	const uint8_t *p = symbol->data;
	struct rpc_wire_field field;
	bool is_new = false;

	while (rpc_wire_next(&p, symbol->data + symbol->n_bytes, &field) > 0) {
		const uint8_t *q = field.data;
		struct rpc_wire_field inner;

		if (field.number != MESSAGE_FIELD || !field.data)
			continue;
		while (rpc_wire_next(&q, field.data + field.n_bytes, &inner) > 0) {
			for (size_t j = 0; inner.number == FIELD_TYPE_NAME && j < schema->n_symbols;
			     j++) {
				const char *name = schema->symbols[j].full_name;

				if (strlen(name) + 1 != inner.n_bytes || reached[j] ||
				    memcmp(inner.data + 1, name, strlen(name)) != 0)
					continue;
				reached[j] = true;
				is_new = true;
			}
		}
	}
	return is_new;
}

/* protobuf-c's decoder recurses without a bound; it must never have a reason to. */
static void test_no_message_contains_itself(void **state)
{
	const struct rpc_schema *schema = *state;

	for (size_t i = 0; i < schema->n_symbols; i++) {
		bool *reached = calloc(schema->n_symbols, sizeof(*reached));
		bool is_growing;

		assert_non_null(reached);
		if (schema->symbols[i].kind != RPC_SYMBOL_MESSAGE) {
			free(reached);
			continue;
		}
		is_growing = reach_fields(schema, i, reached);
		while (is_growing) {
			is_growing = false;
			for (size_t j = 0; j < schema->n_symbols; j++)
				if (reached[j] && schema->symbols[j].kind == RPC_SYMBOL_MESSAGE)
					is_growing |= reach_fields(schema, j, reached);
		}
		assert_false(reached[i]);
		free(reached);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_finds_symbols),
		cmocka_unit_test(test_collects_imports),
		cmocka_unit_test(test_refuses_what_is_no_set),
		cmocka_unit_test(test_table_of_methods),
		cmocka_unit_test(test_no_message_contains_itself),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
