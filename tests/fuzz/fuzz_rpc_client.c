/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as the answer of a server, to the client: a call if the first byte is even, a stream if
 * it is odd. The server closes after them.
 */
#include "fuzz.h"

#include "eunomia/v1/eunomia.pb-c.h"
#include "rpc/client.h"
#include "rpc/decode.h"

#include <assert.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <unistd.h>

/* What fits into a socket's buffer without a reader. */
#define ANSWER_MAX   65536
#define MESSAGES_MAX 10000

static void call(struct rpc_client *client, struct eun_error *err)
{
	Eunomia__V1__ListRequest request;
	ProtobufCMessage *reply = NULL;
	int r;

	eunomia__v1__list_request__init(&request);
	r = rpc_client_call(client, "/eunomia.v1.Trackers/List", &request.base,
			    &eunomia__v1__list_reply__descriptor, 1000, &reply, err);
	assert((r == 0) == (reply != NULL));
	assert(r == 0 || err->code < 0);
	(void)rpc_message_free(reply);
}

static void stream(struct rpc_client *client, struct eun_error *err)
{
	Eunomia__V1__StreamRequest request;
	ProtobufCMessage *message;
	int r = 1;

	eunomia__v1__stream_request__init(&request);
	if (rpc_client_open_stream(client, "/eunomia.v1.Events/Stream", &request.base,
				   &eunomia__v1__stream_reply__descriptor, err) < 0)
		return;
	for (int i = 0; i < MESSAGES_MAX && r == 1; i++) {
		r = rpc_client_next(client, 1000, &message, err);
		if (r == 1)
			(void)rpc_message_free(message);
	}
	assert(r >= 0 || err->code < 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rpc_client *client = NULL;
	struct eun_error err = EUN_ERROR_INIT;
	int fds[2];

	if (size == 0 || size > ANSWER_MAX ||
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
		return 0;
	assert(write(fds[1], data + 1, size - 1) == (ssize_t)size - 1);
	assert(shutdown(fds[1], SHUT_WR) == 0);
	if (rpc_client_new(fds[0], &client, &err) == 0) {
		if (data[0] & 1)
			stream(client, &err);
		else
			call(client, &err);
	}
	(void)rpc_client_free(client);
	eun_error_done(&err);
	(void)close(fds[1]);
	return 0;
}
