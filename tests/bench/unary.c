// SPDX-License-Identifier: Apache-2.0
/*
 * Round trip of a unary call against that of 64 bytes over a bare Unix socket, one after the other
 * in turns. Prints "CALL_NS BARE_NS", one line a round. unary SOCKET ROUNDS
 */
#include "eunomia/v1/eunomia.pb-c.h"
#include "rpc/client.h"

#include "base/clock.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MESSAGE_BYTES 64
#define TIMEOUT_MS    10000

/* The bare server: sends back what comes, until the other end closes. */
static _Noreturn void echo(int fd)
{
	char message[MESSAGE_BYTES];
	ssize_t n;

	while ((n = read(fd, message, sizeof(message))) > 0)
		if (write(fd, message, (size_t)n) != n)
			break;
	_exit(0);
}

static int fork_echo(int *ret_fd)
{
	int fds[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
		return -errno;
	pid = fork();
	if (pid < 0)
		return -errno;
	if (pid == 0) {
		(void)close(fds[0]);
		echo(fds[1]);
	}
	(void)close(fds[1]);
	*ret_fd = fds[0];
	return 0;
}

static int call_bare(int fd, uint64_t *ret_ns)
{
	char message[MESSAGE_BYTES] = { 0 };
	uint64_t begin = eub_clock_mono_ns();

	if (write(fd, message, sizeof(message)) != sizeof(message) ||
	    read(fd, message, sizeof(message)) != sizeof(message))
		return -EIO;
	*ret_ns = eub_clock_mono_ns() - begin;
	return 0;
}

static int call_agent(struct rpc_client *client, uint64_t *ret_ns, struct eun_error *err)
{
	Eunomia__V1__ListRequest request;
	ProtobufCMessage *reply = NULL;
	uint64_t begin = eub_clock_mono_ns();
	int r;

	eunomia__v1__list_request__init(&request);
	r = rpc_client_call(client, "/eunomia.v1.Trackers/List", &request.base,
			    &eunomia__v1__list_reply__descriptor, TIMEOUT_MS, &reply, err);
	*ret_ns = eub_clock_mono_ns() - begin;
	if (reply)
		protobuf_c_message_free_unpacked(reply, NULL);
	return r;
}

int main(int argc, char **argv)
{
	struct rpc_client *client = NULL;
	struct eun_error err = EUN_ERROR_INIT;
	int fd = -1;
	int r;

	if (argc != 3) {
		(void)fprintf(stderr, "usage: %s SOCKET ROUNDS\n", argv[0]);
		return 2;
	}
	r = fork_echo(&fd);
	if (r == 0)
		r = rpc_client_connect(argv[1], &client, &err);
	for (long i = strtol(argv[2], NULL, 10); r == 0 && i > 0; i--) {
		uint64_t call_ns;
		uint64_t bare_ns;

		r = call_agent(client, &call_ns, &err);
		if (r == 0)
			r = call_bare(fd, &bare_ns);
		if (r == 0)
			(void)printf("%" PRIu64 " %" PRIu64 "\n", call_ns, bare_ns);
	}
	if (r < 0)
		(void)fprintf(stderr, "unary: %s: %s\n", strerror(-r), err.message);
	client = rpc_client_free(client);
	(void)close(fd);
	eun_error_done(&err);
	return r < 0 || fflush(stdout) != 0 ? 1 : 0;
}
