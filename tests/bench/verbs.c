// SPDX-License-Identifier: Apache-2.0
/*
 * How long calls on slots take at the client, with an agent that is warm, over one connection.
 * Prints "VERB NS" a call.
 *   verbs SOCKET PACKAGE ROUNDS     a round: start, swap, rollback, pause, resume, stop of one slot
 *   verbs SOCKET PACKAGE -N         start of N slots with small rings, which stay
 * Between two calls of a round the slot gets the time to unload what it no longer needs, which a
 * call would otherwise wait for.
 */
#include "eunomia/v1/eunomia.pb-c.h"
#include "rpc/client.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/macro.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define OBJECT_MAX_BYTES (4u << 20)
#define RING_BYTES	 (64u << 10)
#define TIMEOUT_MS	 10000
#define SETTLE_NS	 100000000 /* several grace periods */
#define NAME_MAX_BYTES	 32

struct bench {
	struct rpc_client *client;
	struct eub_buf package;
	char name[NAME_MAX_BYTES];
};

struct verb {
	const char *name;
	const char *path;
	int (*call)(struct bench *bench, const struct verb *verb, struct eun_error *err);
};

static int send_request(struct bench *bench, const struct verb *verb,
			const ProtobufCMessage *request,
			const ProtobufCMessageDescriptor *reply_type, struct eun_error *err)
{
	ProtobufCMessage *reply = NULL;
	uint64_t begin = eub_clock_mono_ns();
	int r = rpc_client_call(bench->client, verb->path, request, reply_type, TIMEOUT_MS, &reply,
				err);

	if (r == 0)
		(void)printf("%s %" PRIu64 "\n", verb->name, eub_clock_mono_ns() - begin);
	if (reply)
		protobuf_c_message_free_unpacked(reply, NULL);
	return r;
}

static void fill_start(struct bench *bench, Eunomia__V1__StartRequest *request)
{
	eunomia__v1__start_request__init(request);
	request->name = bench->name;
	request->package.data = (uint8_t *)bench->package.data;
	request->package.len = bench->package.len;
	request->ring_bytes = RING_BYTES;
}

static int call_start(struct bench *bench, const struct verb *verb, struct eun_error *err)
{
	Eunomia__V1__StartRequest request;

	fill_start(bench, &request);
	return send_request(bench, verb, &request.base, &eunomia__v1__slot_reply__descriptor, err);
}

static int call_swap(struct bench *bench, const struct verb *verb, struct eun_error *err)
{
	Eunomia__V1__StartRequest start;
	Eunomia__V1__SwapRequest request;

	fill_start(bench, &start);
	eunomia__v1__swap_request__init(&request);
	request.start = &start;
	return send_request(bench, verb, &request.base, &eunomia__v1__swap_reply__descriptor, err);
}

static int call_rollback(struct bench *bench, const struct verb *verb, struct eun_error *err)
{
	Eunomia__V1__RollbackRequest request;

	eunomia__v1__rollback_request__init(&request);
	request.name = bench->name;
	return send_request(bench, verb, &request.base, &eunomia__v1__swap_reply__descriptor, err);
}

static int call_slot(struct bench *bench, const struct verb *verb, struct eun_error *err)
{
	Eunomia__V1__SlotRequest request;

	eunomia__v1__slot_request__init(&request);
	request.name = bench->name;
	return send_request(bench, verb, &request.base, &eunomia__v1__slot_reply__descriptor, err);
}

static const struct verb verbs[] = {
	{ "start", "/eunomia.v1.Trackers/Start", call_start },
	{ "swap", "/eunomia.v1.Trackers/Swap", call_swap },
	{ "rollback", "/eunomia.v1.Trackers/Rollback", call_rollback },
	{ "pause", "/eunomia.v1.Trackers/Pause", call_slot },
	{ "resume", "/eunomia.v1.Trackers/Resume", call_slot },
	{ "stop", "/eunomia.v1.Trackers/Stop", call_slot },
};

static void settle(void)
{
	const struct timespec time = { .tv_nsec = SETTLE_NS };

	(void)nanosleep(&time, NULL);
}

static int run_round(struct bench *bench, struct eun_error *err)
{
	for (size_t i = 0; i < EUB_ARRAY_SIZE(verbs); i++) {
		int r = verbs[i].call(bench, &verbs[i], err);

		if (r < 0)
			return r;
		settle();
	}
	return 0;
}

static int run(struct bench *bench, char **argv, struct eun_error *err)
{
	long n = strtol(argv[3], NULL, 10);
	int r = eub_read_file(argv[2], OBJECT_MAX_BYTES, &bench->package);

	if (r == 0)
		r = rpc_client_connect(argv[1], &bench->client, err);
	for (long i = 0; i < n && r == 0; i++)
		r = run_round(bench, err);
	for (long i = 0; i < -n && r == 0; i++) {
		(void)snprintf(bench->name, sizeof(bench->name), "slot-%ld", i + 1);
		r = verbs[0].call(bench, &verbs[0], err);
	}
	return r;
}

int main(int argc, char **argv)
{
	struct bench bench = { .name = "bench" };
	struct eun_error err = EUN_ERROR_INIT;
	int r;

	if (argc != 4) {
		(void)fprintf(stderr, "usage: %s SOCKET PACKAGE ROUNDS|-SLOTS\n", argv[0]);
		return 2;
	}
	r = run(&bench, argv, &err);
	if (r < 0)
		(void)fprintf(stderr, "verbs: %s: %s\n", strerror(-r), err.message);
	bench.client = rpc_client_free(bench.client);
	eub_buf_done(&bench.package);
	eun_error_done(&err);
	return r < 0 || fflush(stdout) != 0 ? 1 : 0;
}
