// SPDX-License-Identifier: Apache-2.0
/*
 * How long from the call of Trackers.Start to the first event at the client, with an agent that is
 * warm: one connection starts, one has an event stream of all slots open. Also how long the call
 * alone took. Prints "START_NS FIRST_EVENT_NS", one line a round.
 *   start SOCKET OBJECT ROUNDS
 */
#include "eunomia/v1/eunomia.pb-c.h"
#include "rpc/client.h"

#include "base/clock.h"
#include "base/cleanup.h"
#include "base/fd.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define OBJECT_MAX_BYTES (4u << 20)
#define SLOT_NAME	 "bench"
#define TIMEOUT_MS	 10000

struct bench {
	struct rpc_client *control;
	struct rpc_client *events;
	struct eub_buf object;
	char pid[16];
};

static void free_message(ProtobufCMessage *message)
{
	if (message)
		protobuf_c_message_free_unpacked(message, NULL);
}

static int open_stream(struct bench *bench, struct eun_error *err)
{
	Eunomia__V1__StreamRequest request;

	eunomia__v1__stream_request__init(&request);
	return rpc_client_open_stream(bench->events, "/eunomia.v1.Events/Stream", &request.base,
				      &eunomia__v1__stream_reply__descriptor, err);
}

static int start_slot(struct bench *bench, struct eun_error *err)
{
	Eunomia__V1__Setting setting;
	Eunomia__V1__Setting *settings[] = { &setting };
	Eunomia__V1__StartRequest request;
	ProtobufCMessage *reply = NULL;
	char only_pid[] = "only_pid";
	char name[] = SLOT_NAME;
	int r;

	eunomia__v1__setting__init(&setting);
	eunomia__v1__start_request__init(&request);
	setting.key = only_pid;
	setting.value = bench->pid;
	request.name = name;
	request.package.data = (uint8_t *)bench->object.data;
	request.package.len = bench->object.len;
	request.settings = settings;
	request.n_settings = 1;
	r = rpc_client_call(bench->control, "/eunomia.v1.Trackers/Start", &request.base,
			    &eunomia__v1__slot_reply__descriptor, TIMEOUT_MS, &reply, err);
	free_message(reply);
	return r;
}

static int stop_slot(struct bench *bench, struct eun_error *err)
{
	Eunomia__V1__SlotRequest request;
	ProtobufCMessage *reply = NULL;
	char name[] = SLOT_NAME;
	int r;

	eunomia__v1__slot_request__init(&request);
	request.name = name;
	r = rpc_client_call(bench->control, "/eunomia.v1.Trackers/Stop", &request.base,
			    &eunomia__v1__slot_reply__descriptor, TIMEOUT_MS, &reply, err);
	free_message(reply);
	return r;
}

/* Reads the stream up to its next batch of events. */
static int wait_for_event(struct bench *bench, struct eun_error *err)
{
	bool is_batch = false;

	while (!is_batch) {
		ProtobufCMessage *message = NULL;
		int r = rpc_client_next(bench->events, TIMEOUT_MS, &message, err);

		if (r <= 0)
			return r < 0 ? r : -EPIPE;
		is_batch = ((Eunomia__V1__StreamReply *)(void *)message)->kind_case ==
			   EUNOMIA__V1__STREAM_REPLY__KIND_BATCH;
		free_message(message);
	}
	return 0;
}

static int run_round(struct bench *bench, struct eun_error *err)
{
	uint64_t begin = eub_clock_mono_ns();
	uint64_t started;
	int r = start_slot(bench, err);

	if (r < 0)
		return r;
	started = eub_clock_mono_ns();
	(void)syscall(SYS_getppid);
	r = wait_for_event(bench, err);
	if (r < 0)
		return r;
	(void)printf("%" PRIu64 " %" PRIu64 "\n", started - begin, eub_clock_mono_ns() - begin);
	return stop_slot(bench, err);
}

static int run(struct bench *bench, char **argv, struct eun_error *err)
{
	int r = eub_read_file(argv[2], OBJECT_MAX_BYTES, &bench->object);

	if (r == 0)
		r = rpc_client_connect(argv[1], &bench->control, err);
	if (r == 0)
		r = rpc_client_connect(argv[1], &bench->events, err);
	if (r == 0)
		r = open_stream(bench, err);
	for (long i = strtol(argv[3], NULL, 10); r == 0 && i > 0; i--)
		r = run_round(bench, err);
	return r;
}

int main(int argc, char **argv)
{
	struct bench bench = { 0 };
	struct eun_error err = EUN_ERROR_INIT;
	int r;

	if (argc != 4) {
		(void)fprintf(stderr, "usage: %s SOCKET OBJECT ROUNDS\n", argv[0]);
		return 2;
	}
	(void)snprintf(bench.pid, sizeof(bench.pid), "%d", getpid());
	r = run(&bench, argv, &err);
	if (r < 0)
		(void)fprintf(stderr, "start: %s: %s\n", strerror(-r), err.message);
	bench.events = rpc_client_free(bench.events);
	bench.control = rpc_client_free(bench.control);
	eub_buf_done(&bench.object);
	eun_error_done(&err);
	return r < 0 || fflush(stdout) != 0 ? 1 : 0;
}
