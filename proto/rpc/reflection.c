/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See reflection.h. v1 and v1alpha differ in nothing but the service's name, so one handler serves
 * both, with the messages of v1. Questions that find nothing are answered in the stream, by an
 * ErrorResponse; the stream goes on.
 */
#include "rpc/reflection.h"

#include "grpc/reflection/v1/reflection.pb-c.h"
#include "rpc/schema.h"

#include <assert.h>

#define REQUEST_BYTES 4096

struct rpc_reflection {
	struct rpc_schema schema;
};

/* One request of a stream and its answer in the making. */
struct question {
	struct rpc_call *call;
	const struct rpc_schema *schema;
	const Grpc__Reflection__V1__ServerReflectionRequest *request;
	Grpc__Reflection__V1__ServerReflectionResponse response;
};

int rpc_reflection_new(const void *descriptor_set, size_t n, struct rpc_reflection **ret_reflection)
{
	struct rpc_reflection *reflection = calloc(1, sizeof(*reflection));
	int r;

	if (!reflection)
		return -ENOMEM;
	r = rpc_schema_init(&reflection->schema, descriptor_set, n);
	if (r < 0) {
		free(reflection);
		return r;
	}
	*ret_reflection = reflection;
	return 0;
}

struct rpc_reflection *rpc_reflection_free(struct rpc_reflection *reflection)
{
	if (!reflection)
		return NULL;
	rpc_schema_done(&reflection->schema);
	free(reflection);
	return NULL;
}

/* protobuf-c's fields are not const, but encoding does not write to them. */
static char *text(const char *s)
{
	return (char *)(uintptr_t)s;
}

#define RESPONSE_CASE(name)                                                                        \
	GRPC__REFLECTION__V1__SERVER_REFLECTION_RESPONSE__MESSAGE_RESPONSE_##name
#define REQUEST_CASE(name) GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_##name

/* A full queue needs no answer here: the session then leaves further requests unread. */
static void send_response(struct question *question)
{
	(void)rpc_call_send(question->call, &question->response.base);
}

static void send_error(struct question *question, enum rpc_status status, const char *message)
{
	Grpc__Reflection__V1__ErrorResponse error;

	grpc__reflection__v1__error_response__init(&error);
	error.error_code = (int32_t)status;
	error.error_message = text(message);
	question->response.message_response_case = RESPONSE_CASE(ERROR_RESPONSE);
	question->response.error_response = &error;
	send_response(question);
}

static void send_file(struct question *question, const struct rpc_schema_file *file)
{
	const struct rpc_schema_file *files[RPC_SCHEMA_MAX_FILES];
	ProtobufCBinaryData protos[RPC_SCHEMA_MAX_FILES];
	Grpc__Reflection__V1__FileDescriptorResponse answer;
	size_t n = rpc_schema_collect_imports(question->schema, file, files);

	for (size_t i = 0; i < n; i++) {
		protos[i].data = (uint8_t *)(uintptr_t)files[i]->data;
		protos[i].len = files[i]->n_bytes;
	}
	grpc__reflection__v1__file_descriptor_response__init(&answer);
	answer.n_file_descriptor_proto = n;
	answer.file_descriptor_proto = protos;
	question->response.message_response_case = RESPONSE_CASE(FILE_DESCRIPTOR_RESPONSE);
	question->response.file_descriptor_response = &answer;
	send_response(question);
}

static void answer_file(struct question *question)
{
	const struct rpc_schema_file *file =
	    rpc_schema_find_file(question->schema, question->request->file_by_filename);

	if (file)
		send_file(question, file);
	else
		send_error(question, RPC_NOT_FOUND, "no file of that name");
}

static void answer_symbol(struct question *question)
{
	const struct rpc_symbol *symbol =
	    rpc_schema_find_symbol(question->schema, question->request->file_containing_symbol);

	if (symbol)
		send_file(question, &question->schema->files[symbol->file]);
	else
		send_error(question, RPC_NOT_FOUND, "no symbol of that name");
}

/* proto3 messages have no extensions. */
static void answer_extension(struct question *question)
{
	send_error(question, RPC_NOT_FOUND, "no message here has extensions");
}

static void answer_extension_numbers(struct question *question)
{
	const struct rpc_symbol *symbol = rpc_schema_find_symbol(
	    question->schema, question->request->all_extension_numbers_of_type);
	Grpc__Reflection__V1__ExtensionNumberResponse answer;

	if (!symbol || symbol->kind != RPC_SYMBOL_MESSAGE) {
		send_error(question, RPC_NOT_FOUND, "no message of that name");
		return;
	}
	grpc__reflection__v1__extension_number_response__init(&answer);
	answer.base_type_name = symbol->full_name;
	question->response.message_response_case = RESPONSE_CASE(ALL_EXTENSION_NUMBERS_RESPONSE);
	question->response.all_extension_numbers_response = &answer;
	send_response(question);
}

static void answer_services(struct question *question)
{
	const struct rpc_schema *schema = question->schema;
	_cleanup_(eub_freep) Grpc__Reflection__V1__ServiceResponse *services =
	    calloc(schema->n_symbols + 1, sizeof(*services));
	_cleanup_(eub_freep) Grpc__Reflection__V1__ServiceResponse **pointers =
	    calloc(schema->n_symbols + 1, sizeof(void *));
	Grpc__Reflection__V1__ListServiceResponse answer;

	if (!services || !pointers) {
		send_error(question, RPC_RESOURCE_EXHAUSTED, "out of memory");
		return;
	}
	grpc__reflection__v1__list_service_response__init(&answer);
	answer.service = pointers;
	for (size_t i = 0; i < schema->n_symbols; i++) {
		if (schema->symbols[i].kind != RPC_SYMBOL_SERVICE)
			continue;
		grpc__reflection__v1__service_response__init(&services[i]);
		services[i].name = schema->symbols[i].full_name;
		pointers[answer.n_service++] = &services[i];
	}
	question->response.message_response_case = RESPONSE_CASE(LIST_SERVICES_RESPONSE);
	question->response.list_services_response = &answer;
	send_response(question);
}

static void answer_nothing(struct question *question)
{
	send_error(question, RPC_INVALID_ARGUMENT, "the request asks for nothing");
}

/* By the number of the field that holds the question. */
static void (*const answers[])(struct question *question) = {
	[REQUEST_CASE(_NOT_SET)] = answer_nothing,
	[REQUEST_CASE(FILE_BY_FILENAME)] = answer_file,
	[REQUEST_CASE(FILE_CONTAINING_SYMBOL)] = answer_symbol,
	[REQUEST_CASE(FILE_CONTAINING_EXTENSION)] = answer_extension,
	[REQUEST_CASE(ALL_EXTENSION_NUMBERS_OF_TYPE)] = answer_extension_numbers,
	[REQUEST_CASE(LIST_SERVICES)] = answer_services,
};

static void on_request(struct rpc_call *call, const ProtobufCMessage *message)
{
	const struct rpc_reflection *reflection = rpc_call_get_service(call)->userdata;
	struct question question = {
		.call = call,
		.schema = &reflection->schema,
		.request = (const Grpc__Reflection__V1__ServerReflectionRequest *)message,
	};
	size_t kind = (size_t)question.request->message_request_case;

	assert(kind < EUB_ARRAY_SIZE(answers) && answers[kind]); /* the decoder sets no other */
	grpc__reflection__v1__server_reflection_response__init(&question.response);
	question.response.valid_host = question.request->host;
	question.response.original_request =
	    (Grpc__Reflection__V1__ServerReflectionRequest *)(uintptr_t)message;
	answers[kind](&question);
}

#define METHOD(version)                                                                            \
	{                                                                                          \
		.path = "/grpc.reflection." version ".ServerReflection/ServerReflectionInfo",      \
		.kind = RPC_BIDI_STREAM,                                                           \
		.request = &grpc__reflection__v1__server_reflection_request__descriptor,           \
		.max_request_bytes = REQUEST_BYTES, .on_request = on_request,                      \
	}

static const struct rpc_method methods[] = { METHOD("v1"), METHOD("v1alpha") };

struct rpc_service rpc_reflection_get_service(struct rpc_reflection *reflection)
{
	return (struct rpc_service){
		.methods = methods,
		.n_methods = EUB_ARRAY_SIZE(methods),
		.userdata = reflection,
	};
}
