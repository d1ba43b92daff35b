/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include "grpc/reflection/v1/reflection.pb-c.h"
#include "rpc/descriptor_set.h"
#include "rpc/decode.h"
#include "rpc/frame.h"
#include "rpc/limits.h"

#include <string.h>

typedef Grpc__Reflection__V1__ServerReflectionRequest request_type;
typedef Grpc__Reflection__V1__ServerReflectionResponse response_type;
typedef Grpc__Reflection__V1__ServerReflectionRequest__MessageRequestCase request_case;

#define PATH(version)  "/grpc.reflection." version ".ServerReflection/ServerReflectionInfo"
#define RESPONSE(name) GRPC__REFLECTION__V1__SERVER_REFLECTION_RESPONSE__MESSAGE_RESPONSE_##name
#define REQUEST(name)  GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_##name

static struct rpc_peer_stream *open_stream(struct fixture *f, const char *path)
{
	const struct rpc_peer_field fields[] = {
		{ ":method", "POST" },
		{ ":scheme", "http" },
		{ ":path", path },
		{ "content-type", "application/grpc" },
	};

	return rpc_peer_open(&f->peer, fields, EUB_ARRAY_SIZE(fields), "", 0, true);
}

/* Sends @request on a new stream and decodes the one answer. */
static response_type *ask(struct fixture *f, const request_type *request, const char *path)
{
	struct rpc_peer_stream *stream = open_stream(f, path);
	struct eub_buf bytes = EUB_BUF_INIT;
	struct rpc_frame frame;
	ProtobufCMessage *response;

	assert_int_equal(rpc_frame_append(&bytes, &request->base), 0);
	rpc_peer_send(&f->peer, stream, bytes.data, bytes.len, false);
	eub_buf_done(&bytes);
	rpc_peer_run(&f->peer);
	assert_int_equal(stream->grpc_status, RPC_OK);
	assert_int_equal(rpc_frame_parse(stream->body.data, stream->body.len, SIZE_MAX, &frame), 1);
	response = rpc_decode(&grpc__reflection__v1__server_reflection_response__descriptor,
			      frame.data, frame.n_bytes);
	assert_non_null(response);
	return (response_type *)response;
}

static response_type *ask_text(struct fixture *f, request_case which, const char *value)
{
	request_type request;

	grpc__reflection__v1__server_reflection_request__init(&request);
	request.message_request_case = which;
	request.file_by_filename = (char *)(uintptr_t)value; /* all texts share the union */
	return ask(f, &request, PATH("v1"));
}

static void release(response_type *response)
{
	(void)rpc_message_free(&response->base);
}

static void test_lists_services(void **state)
{
	static const char *const expected[] = {
		"eunomia.v1.Trackers",
		"eunomia.v1.Events",
		"eunomia.v1.Agent",
		"grpc.health.v1.Health",
		"grpc.reflection.v1.ServerReflection",
		"grpc.reflection.v1alpha.ServerReflection",
	};
	response_type *response = ask_text(*state, REQUEST(LIST_SERVICES), "");

	assert_int_equal(response->message_response_case, RESPONSE(LIST_SERVICES_RESPONSE));
	assert_int_equal(response->list_services_response->n_service, EUB_ARRAY_SIZE(expected));
	for (size_t i = 0; i < EUB_ARRAY_SIZE(expected); i++)
		assert_string_equal(response->list_services_response->service[i]->name,
				    expected[i]);
	release(response);
}

static void assert_file(response_type *response, size_t n_files, const char *name)
{
	const ProtobufCBinaryData *file;

	assert_int_equal(response->message_response_case, RESPONSE(FILE_DESCRIPTOR_RESPONSE));
	assert_int_equal(response->file_descriptor_response->n_file_descriptor_proto, n_files);
	file = &response->file_descriptor_response->file_descriptor_proto[0];
	/* The name is the descriptor's first field. */
	assert_memory_equal(file->data + 2, name, strlen(name));
	release(response);
}

static void test_gives_files(void **state)
{
	assert_file(ask_text(*state, REQUEST(FILE_BY_FILENAME), "google/rpc/status.proto"), 2,
		    "google/rpc/status.proto");
	assert_file(ask_text(*state, REQUEST(FILE_CONTAINING_SYMBOL), "eunomia.v1.Events.Stream"),
		    1, "eunomia/v1/eunomia.proto");
	assert_file(ask_text(*state, REQUEST(FILE_CONTAINING_SYMBOL), "eunomia.v1.SlotState"), 1,
		    "eunomia/v1/eunomia.proto");
}

static void assert_error(response_type *response, enum rpc_status status)
{
	assert_int_equal(response->message_response_case, RESPONSE(ERROR_RESPONSE));
	assert_int_equal(response->error_response->error_code, status);
	assert_true(response->error_response->error_message[0]);
	release(response);
}

static void test_answers_with_errors(void **state)
{
	Grpc__Reflection__V1__ExtensionRequest extension;
	request_type request;

	assert_error(ask_text(*state, REQUEST(FILE_BY_FILENAME), "no.proto"), RPC_NOT_FOUND);
	assert_error(ask_text(*state, REQUEST(FILE_CONTAINING_SYMBOL), "no.Symbol"), RPC_NOT_FOUND);
	assert_error(ask_text(*state, REQUEST(ALL_EXTENSION_NUMBERS_OF_TYPE), "no.Symbol"),
		     RPC_NOT_FOUND);
	grpc__reflection__v1__server_reflection_request__init(&request);
	assert_error(ask(*state, &request, PATH("v1")), RPC_INVALID_ARGUMENT);
	grpc__reflection__v1__extension_request__init(&extension);
	request.message_request_case = REQUEST(FILE_CONTAINING_EXTENSION);
	request.file_containing_extension = &extension;
	assert_error(ask(*state, &request, PATH("v1")), RPC_NOT_FOUND);
}

static void test_extension_numbers_of_a_message(void **state)
{
	response_type *response =
	    ask_text(*state, REQUEST(ALL_EXTENSION_NUMBERS_OF_TYPE), "eunomia.v1.Slot");

	assert_int_equal(response->message_response_case, RESPONSE(ALL_EXTENSION_NUMBERS_RESPONSE));
	assert_string_equal(response->all_extension_numbers_response->base_type_name,
			    "eunomia.v1.Slot");
	assert_int_equal(response->all_extension_numbers_response->n_extension_number, 0);
	release(response);
}

static void test_answer_repeats_the_question(void **state)
{
	char host[] = "host";
	char symbol[] = "eunomia.v1.Slot";
	request_type request;
	response_type *response;

	grpc__reflection__v1__server_reflection_request__init(&request);
	request.host = host;
	request.message_request_case = REQUEST(FILE_CONTAINING_SYMBOL);
	request.file_containing_symbol = symbol;
	response = ask(*state, &request, PATH("v1alpha"));
	assert_string_equal(response->valid_host, host);
	assert_string_equal(response->original_request->host, host);
	assert_string_equal(response->original_request->file_containing_symbol, symbol);
	release(response);
}

/* Asks for the largest file again and again; at last without reading the answers. */
static void test_client_that_does_not_read(void **state)
{
	static const char question[] = "\0\0\0\0\x1a\x1a\x18"
				       "eunomia/v1/eunomia.proto";
	struct fixture *f = *state;
	struct rpc_peer_stream *stream = open_stream(f, PATH("v1"));

	for (int i = 0; i < 1000; i++)
		eub_buf_append(&stream->request, question, sizeof(question) - 1);
	rpc_peer_run(&f->peer); /* all are answered as the answers are read */
	assert_int_equal(fixture_count_messages(&stream->body), 1000);
	for (int i = 0; i < 10000; i++)
		eub_buf_append(&stream->request, question, sizeof(question) - 1);
	rpc_peer_send(&f->peer, stream, "", 0, true);
	(void)rpc_peer_send_all(&f->peer);
	rpc_peer_run(&f->peer);
	assert_int_equal(stream->grpc_status, RPC_RESOURCE_EXHAUSTED);
}

static void test_bad_descriptor_set(void **state)
{
	struct rpc_reflection *reflection = NULL;

	(void)state;
	assert_int_equal(rpc_reflection_new(descriptor_set, descriptor_set_size - 1, &reflection),
			 -EINVAL);
	assert_null(reflection);
	assert_null(rpc_reflection_free(NULL));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_lists_services),
		TEST(test_gives_files),
		TEST(test_answers_with_errors),
		TEST(test_extension_numbers_of_a_message),
		TEST(test_answer_repeats_the_question),
		TEST(test_client_that_does_not_read),
		TEST(test_bad_descriptor_set),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
