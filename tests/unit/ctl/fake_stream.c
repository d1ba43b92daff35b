/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Canned streams. Without a script: one type for each of alpha and b, events of both, a loss.
 * Scripts play an agent that goes away and comes back: each line is one stream.
 */
#include "fake_stream.h"

#include "base/macro.h"
#include "base/str.h"

#include <stdio.h>

#define STEPS_MAX 3
#define SEQS_MAX  3

enum script_end {
	SCRIPT_DROP,
	SCRIPT_VANISH,
	SCRIPT_FINISH,	    /* OK */
	SCRIPT_UNAVAILABLE, /* as an agent that stops */
	SCRIPT_FORBIDDEN,
};

/* Its streams, in order. */
static const struct script {
	const char *slot;
	size_t n_steps;
	struct script_step {
		uint32_t ring;
		uint64_t next_seq;
		size_t n_seqs;
		uint64_t seqs[SEQS_MAX];
		uint64_t lost_from; /* told after the events */
		uint64_t lost_to;   /* 0: nothing is lost */
		enum script_end end;
	} steps[STEPS_MAX];
} scripts[] = {
	{ "restart",
	  3,
	  { { 5, 10, 2, { 10, 11 }, 0, 0, SCRIPT_DROP },
	    { 5, 11, 2, { 11, 12 }, 13, 20, SCRIPT_DROP },
	    { 5, 21, 1, { 21 }, 0, 0, SCRIPT_FINISH } } },
	{ "anew",
	  2,
	  { { 5, 10, 1, { 10 }, 0, 0, SCRIPT_DROP }, { 6, 0, 2, { 0, 1 }, 0, 0, SCRIPT_FINISH } } },
	{ "refused",
	  2,
	  { { 5, 10, 1, { 10 }, 0, 0, SCRIPT_UNAVAILABLE },
	    { 5, 11, 1, { 11 }, 0, 0, SCRIPT_FINISH } } },
	{ "counted",
	  3,
	  { { 5, 10, 2, { 10, 11 }, 0, 0, SCRIPT_DROP },
	    { 5, 11, 1, { 11 }, 0, 0, SCRIPT_FINISH },
	    { 5, 12, 1, { 12 }, 0, 0, SCRIPT_FINISH } } },
	{ "forbidden",
	  3,
	  { { 5, 10, 1, { 10 }, 0, 0, SCRIPT_DROP },
	    { 5, 11, 0, { 0 }, 0, 0, SCRIPT_FORBIDDEN },
	    { 5, 11, 1, { 11 }, 0, 0, SCRIPT_FINISH } } },
	{ "gone", 1, { { 5, 10, 1, { 10 }, 0, 0, SCRIPT_VANISH } } },
	{ "unnumbered",
	  2,
	  { { 0, 0, 2, { 1, 2 }, 0, 0, SCRIPT_DROP }, { 0, 0, 1, { 1 }, 0, 0, SCRIPT_FINISH } } },
};

/* Literals as protobuf-c wants them: it only packs them. */
static char *text(const char *s)
{
	return (char *)(uintptr_t)s;
}

static void send_schema(struct rpc_call *call, const char *slot, uint32_t id, uint32_t ring,
			uint64_t next_seq)
{
	Eunomia__V1__StreamReply reply = EUNOMIA__V1__STREAM_REPLY__INIT;
	Eunomia__V1__Schema schema;

	eunomia__v1__schema__init(&schema);
	schema.slot = text(slot);
	schema.generation = 1;
	schema.type = text("event");
	schema.text_header = text("TIME  PID");
	schema.id = id;
	schema.ring = ring;
	schema.next_seq = next_seq;
	reply.kind_case = EUNOMIA__V1__STREAM_REPLY__KIND_SCHEMA;
	reply.schema = &schema;
	(void)rpc_call_send(call, &reply.base);
}

static void send_batch(struct rpc_call *call, const char *slot, uint32_t id, size_t n,
		       Eunomia__V1__Format format)
{
	Eunomia__V1__StreamReply reply = EUNOMIA__V1__STREAM_REPLY__INIT;
	Eunomia__V1__EventBatch batch;
	Eunomia__V1__Event events[4];
	Eunomia__V1__Event *pointers[4];
	static uint8_t raw[] = { 1, 0, 2 };

	eunomia__v1__event_batch__init(&batch);
	for (size_t i = 0; i < n; i++) {
		eunomia__v1__event__init(&events[i]);
		events[i].seq = 10 + i;
		events[i].time_unix_ns = 1;
		if (format == EUNOMIA__V1__FORMAT__FORMAT_TEXT) {
			events[i].body_case = EUNOMIA__V1__EVENT__BODY_TEXT;
			events[i].text = text("00:00:00  1");
		} else if (format == EUNOMIA__V1__FORMAT__FORMAT_RAW) {
			events[i].body_case = EUNOMIA__V1__EVENT__BODY_RAW;
			events[i].raw = (ProtobufCBinaryData){ .len = 3, .data = raw };
		} else {
			events[i].body_case = EUNOMIA__V1__EVENT__BODY_JSON;
			events[i].json = text("{\"pid\":1}");
		}
		pointers[i] = &events[i];
	}
	batch.slot = text(slot);
	batch.generation = 1;
	batch.schema_id = id;
	batch.events = pointers;
	batch.n_events = n;
	reply.kind_case = EUNOMIA__V1__STREAM_REPLY__KIND_BATCH;
	reply.batch = &batch;
	(void)rpc_call_send(call, &reply.base);
}

static void send_lost(struct rpc_call *call, Eunomia__V1__Lost *lost)
{
	Eunomia__V1__StreamReply reply = EUNOMIA__V1__STREAM_REPLY__INIT;

	lost->time_unix_ns = 2;
	reply.kind_case = EUNOMIA__V1__STREAM_REPLY__KIND_LOST;
	reply.lost = lost;
	(void)rpc_call_send(call, &reply.base);
}

static void send_canned(struct rpc_call *call, const Eunomia__V1__StreamRequest *request)
{
	Eunomia__V1__Lost lost;

	send_schema(call, "alpha", 1, 3, 10);
	send_schema(call, "b", 2, 4, 10);
	send_batch(call, "alpha", 1, 3, request->format);
	send_batch(call, "b", 2, 1, request->format);
	eunomia__v1__lost__init(&lost);
	lost.slot = text("b");
	lost.count = 4;
	lost.reason = text("ring-full");
	send_lost(call, &lost);
	rpc_call_finish(call);
}

static void send_script_events(struct rpc_call *call, const char *slot,
			       const struct script_step *step, const char *body)
{
	Eunomia__V1__StreamReply reply = EUNOMIA__V1__STREAM_REPLY__INIT;
	Eunomia__V1__EventBatch batch;
	Eunomia__V1__Event events[SEQS_MAX];
	Eunomia__V1__Event *pointers[SEQS_MAX];

	eunomia__v1__event_batch__init(&batch);
	for (size_t i = 0; i < step->n_seqs; i++) {
		eunomia__v1__event__init(&events[i]);
		events[i].seq = step->seqs[i];
		events[i].time_unix_ns = 1;
		events[i].body_case = EUNOMIA__V1__EVENT__BODY_JSON;
		events[i].json = text(body);
		pointers[i] = &events[i];
	}
	batch.slot = text(slot);
	batch.schema_id = 7;
	batch.events = pointers;
	batch.n_events = step->n_seqs;
	reply.kind_case = EUNOMIA__V1__STREAM_REPLY__KIND_BATCH;
	reply.batch = &batch;
	(void)rpc_call_send(call, &reply.base);
}

static enum fake_end end_script(struct rpc_call *call, enum script_end end)
{
	struct eun_error err = EUN_ERROR_INIT;

	switch (end) {
	case SCRIPT_DROP:
		return FAKE_END_DROP;
	case SCRIPT_VANISH:
		return FAKE_END_VANISH;
	case SCRIPT_FINISH:
		rpc_call_finish(call);
		return FAKE_END_NONE;
	case SCRIPT_UNAVAILABLE:
		(void)eun_error_set(&err, -ECONNRESET, EUN_REASON_UNREACHABLE, "stopping");
		break;
	case SCRIPT_FORBIDDEN:
		(void)eun_error_set(&err, -EACCES, EUN_REASON_PERMISSION, "not yet");
		break;
	default:
		return FAKE_END_NONE;
	}
	rpc_call_finish_error(call, &err);
	eun_error_done(&err);
	return FAKE_END_NONE;
}

static enum fake_end play(struct rpc_call *call, const struct script *script,
			  const struct script_step *step, const Eunomia__V1__StreamRequest *request)
{
	Eunomia__V1__Lost lost;
	char body[128] = "{}";

	if (request->n_from > 0)
		(void)snprintf(body, sizeof(body), "{\"from\":\"%s/%u/%u\"}",
			       request->from[0]->slot, request->from[0]->ring,
			       (unsigned int)request->from[0]->next_seq);
	if (step->n_seqs > 0) {
		send_schema(call, script->slot, 7, step->ring, step->next_seq);
		send_script_events(call, script->slot, step, body);
	}
	if (step->lost_to > 0) {
		eunomia__v1__lost__init(&lost);
		lost.slot = text(script->slot);
		lost.from_seq = step->lost_from;
		lost.to_seq = step->lost_to;
		lost.reason = text("agent-restart");
		send_lost(call, &lost);
	}
	return end_script(call, step->end);
}

static const struct script *find_script(const Eunomia__V1__StreamRequest *request)
{
	for (size_t i = 0; i < EUB_ARRAY_SIZE(scripts) && request->n_slots > 0; i++)
		if (eub_streq(scripts[i].slot, request->slots[0]))
			return &scripts[i];
	return NULL;
}

enum fake_end fake_stream_answer(struct rpc_call *call, const Eunomia__V1__StreamRequest *request,
				 size_t *step)
{
	const struct script *script = find_script(request);

	if (script)
		return play(call, script, &script->steps[(*step)++ % script->n_steps], request);
	if (request->n_slots > 0 && eub_streq(request->slots[0], "broken")) {
		send_batch(call, "broken", 99, 1, request->format);
		rpc_call_finish(call);
		return FAKE_END_NONE;
	}
	for (size_t i = 0; i < request->n_slots; i++) {
		if (!fake_agent_has_slot(request->slots[i])) {
			fake_agent_refuse(call, request->slots[i]);
			return FAKE_END_NONE;
		}
	}
	send_canned(call, request);
	return FAKE_END_NONE;
}
