/* SPDX-License-Identifier: Apache-2.0 */
/* One connection at a time, served until the client hangs up. */
#include "fake_agent.h"

#include "base/fd.h"
#include "base/str.h"
#include "fake_follow.h"
#include "fake_stream.h"

#include <assert.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>

/* When the agent says that it started, Unix time, ns. */
#define STARTED_NS 1000000000000000000u

struct fake_agent {
	int fd;
	pthread_t thread;
	char path[64];
	size_t step;	   /* streams of scripts answered */
	size_t n_looks;	   /* at slots of scripts */
	enum fake_end end; /* of the present connection */
};

/* Literals as protobuf-c wants them: it only packs them. */
static char *text(const char *s)
{
	return (char *)(uintptr_t)s;
}

static void fill_sinks(Eunomia__V1__SlotStats *stats)
{
	static Eunomia__V1__SinkStats journal;
	static Eunomia__V1__SinkStats *sinks[] = { &journal };
	static Eunomia__V1__LostCount lost[2];
	static Eunomia__V1__LostCount *lost_pointers[] = { &lost[0], &lost[1] };

	for (size_t i = 0; i < 2; i++) {
		eunomia__v1__lost_count__init(&lost[i]);
		lost[i].reason = text(i == 0 ? "rate-limit" : "queue-full");
		lost[i].count = i + 1;
	}
	eunomia__v1__sink_stats__init(&journal);
	journal.sink = text("journal");
	journal.delivered = 100;
	journal.filtered = 20;
	journal.lost = lost_pointers;
	journal.n_lost = 2;
	stats->lost_is_exact = stats->lost > 0;
	stats->sinks = sinks;
	stats->n_sinks = 1;
}

static void fill_survival(Eunomia__V1__Slot *slot, bool is_alpha)
{
	static uint32_t loaded[] = { 1, 10, 12 };
	static Eunomia__V1__Budget budget;

	eunomia__v1__budget__init(&budget);
	budget.events_per_second = 1000;
	slot->budget = is_alpha ? NULL : &budget;
	slot->enabled = !is_alpha;
	slot->declared = !is_alpha;
	slot->survives = !is_alpha;
	slot->survives_reason = text(is_alpha ? "perf buffer" : "");
	slot->loaded_generations = loaded;
	slot->n_loaded_generations = is_alpha ? 1 : 3;
	slot->probation = text(is_alpha ? "" : "11 to 10: more decode errors");
}

static void fill_slot(Eunomia__V1__Slot *slot, Eunomia__V1__SlotStats *stats, const char *name)
{
	bool is_alpha = eub_streq(name, "alpha");

	eunomia__v1__slot__init(slot);
	eunomia__v1__slot_stats__init(stats);
	slot->name = text(name);
	slot->state = is_alpha ? EUNOMIA__V1__SLOT_STATE__SLOT_STATE_RUNNING
			       : EUNOMIA__V1__SLOT_STATE__SLOT_STATE_PAUSED;
	slot->generation = is_alpha ? 1 : 12;
	slot->package = text("pack");
	slot->package_version = text("0.1");
	slot->package_format = text("gen3");
	slot->started_unix_ns = 1000000000;
	slot->uptime_ns = is_alpha ? 61000000000u : 90000000000000u;
	slot->stats = stats;
	stats->events = is_alpha ? 7 : 123456789012;
	stats->lost = is_alpha ? 0 : 5;
	stats->events_per_second = is_alpha ? 0.5 : 170000.0;
	fill_survival(slot, is_alpha);
	fill_sinks(stats);
}

bool fake_agent_has_slot(const char *name)
{
	return eub_streq(name, "alpha") || eub_streq(name, "b");
}

static void reply_slot(struct rpc_call *call, const char *name)
{
	Eunomia__V1__SlotReply reply = EUNOMIA__V1__SLOT_REPLY__INIT;
	Eunomia__V1__SlotStats stats;
	Eunomia__V1__Slot slot;
	Eunomia__V1__Hook hook;
	Eunomia__V1__Hook *hooks[] = { &hook };
	Eunomia__V1__Member member;
	Eunomia__V1__Member *members[] = { &member };
	Eunomia__V1__Schema schema;
	Eunomia__V1__Schema *schemas[] = { &schema };
	char *notes[] = { text("two maps qualify, took 'rb'") };

	fill_slot(&slot, &stats, name);
	eunomia__v1__hook__init(&hook);
	hook.program = text("prog");
	hook.section = text("tp/x/y");
	hook.kind = text("tracepoint");
	hook.mode = text("gate");
	eunomia__v1__member__init(&member);
	member.name = text("pid");
	member.type = text("int");
	member.offset_bits = 32;
	member.size_bits = 32;
	eunomia__v1__schema__init(&schema);
	schema.type = text("event");
	schema.size = 8;
	schema.members = members;
	schema.n_members = 1;
	slot.hooks = hooks;
	slot.n_hooks = 1;
	slot.schemas = schemas;
	slot.n_schemas = 1;
	slot.notes = notes;
	slot.n_notes = 1;
	reply.slot = &slot;
	(void)rpc_call_send(call, &reply.base);
	rpc_call_finish(call);
}

void fake_agent_refuse(struct rpc_call *call, const char *name)
{
	struct eun_error err = EUN_ERROR_INIT;

	if (eub_streq(name, "secret")) {
		(void)eun_error_set(&err, -EPERM, EUN_REASON_PERMISSION, "you may not");
	} else if (eub_streq(name, "loop")) {
		(void)eun_error_set(&err, -EACCES, EUN_REASON_VERIFIER, "refused 'prog'");
		eun_error_set_log(&err, "back-edge from insn 7 to 3\n", 1000);
		eun_error_set_hint(&err, "unroll the loop");
	} else if (fake_agent_has_slot(name)) {
		(void)eun_error_set(&err, -ESTALE, EUN_REASON_WRONG_STATE,
				    "generation 1 is running, not 9");
	} else if (eub_streq(name, "unset")) {
		(void)eun_error_set(&err, -ENOENT, EUN_REASON_NOT_FOUND,
				    "there is no variable 'k'");
		eun_error_set_subject(&err, "k");
	} else {
		(void)eun_error_set(&err, -ENOENT, EUN_REASON_NOT_FOUND, "there is no slot '%s'",
				    name);
		eun_error_set_subject(&err, name);
	}
	rpc_call_finish_error(call, &err);
	eun_error_done(&err);
}

static void on_slot(struct rpc_call *call, const ProtobufCMessage *message)
{
	const char *name = ((const Eunomia__V1__SlotRequest *)message)->name;

	if (fake_agent_has_slot(name))
		reply_slot(call, name);
	else
		fake_agent_refuse(call, name);
}

static void reply_look(struct rpc_call *call, const char *name, enum fake_look look)
{
	Eunomia__V1__SlotReply reply = EUNOMIA__V1__SLOT_REPLY__INIT;
	Eunomia__V1__SlotStats stats;
	Eunomia__V1__Slot slot;

	fill_slot(&slot, &stats, look == FAKE_LOOK_PAUSED ? "b" : "alpha");
	slot.name = text(name);
	if (look == FAKE_LOOK_WAITING) {
		slot.state = EUNOMIA__V1__SLOT_STATE__SLOT_STATE_WAITING;
		slot.waits_for = text("no eth9\nREADY=1");
	}
	reply.slot = &slot;
	reply.agent_started_unix_ns = look == FAKE_LOOK_OLD ? 1 : STARTED_NS;
	(void)rpc_call_send(call, &reply.base);
	rpc_call_finish(call);
}

static void on_get(struct rpc_call *call, const ProtobufCMessage *message)
{
	struct fake_agent *agent = rpc_session_get_userdata(rpc_call_get_session(call));
	const char *name = ((const Eunomia__V1__SlotRequest *)message)->name;
	enum fake_look look = fake_follow_look(name, &agent->n_looks);
	struct eun_error err = EUN_ERROR_INIT;

	if (look == FAKE_LOOK_NONE) {
		on_slot(call, message);
	} else if (look == FAKE_LOOK_GONE) {
		fake_agent_refuse(call, name);
	} else if (look == FAKE_LOOK_BUSY) {
		(void)eun_error_set(&err, -EBUSY, EUN_REASON_BUSY, "slot '%s' is starting", name);
		rpc_call_finish_error(call, &err);
	} else if (look == FAKE_LOOK_DROP) {
		agent->end = FAKE_END_DROP;
	} else {
		if (look == FAKE_LOOK_TERM)
			(void)kill(getpid(), SIGTERM);
		reply_look(call, name, look);
	}
	eun_error_done(&err);
}

/* Echoes what it was sent as the slot's package, so that the client's request can be checked. */
static void echo_start(const Eunomia__V1__StartRequest *request, char *echo, size_t size)
{
	(void)snprintf(
	    echo, size, "%zu|%s|%s|%s=%s|%s|%s|%u|%s|%u|%u|%d", request->package.len,
	    request->tracker, request->name, request->n_settings ? request->settings[0]->key : "",
	    request->n_settings ? request->settings[0]->value : "",
	    request->n_args ? request->args[0] : "", request->n_types ? request->types[0] : "",
	    request->ring_bytes, request->n_attach ? request->attach[0] : "",
	    request->budget ? (unsigned int)request->budget->events_per_second : 0,
	    request->budget ? (unsigned int)request->budget->bytes_per_second : 0, request->enable);
}

/* Echoes what it was sent as the slot's package, so that the client's request can be checked. */
static void on_start(struct rpc_call *call, const ProtobufCMessage *message)
{
	const Eunomia__V1__StartRequest *request = (const Eunomia__V1__StartRequest *)message;
	Eunomia__V1__SlotReply reply = EUNOMIA__V1__SLOT_REPLY__INIT;
	Eunomia__V1__SlotStats stats;
	Eunomia__V1__Slot slot;
	char echo[256];

	if (eub_streq(request->name, "loop") || eub_streq(request->tracker, "unknown")) {
		fake_agent_refuse(call, request->name);
		return;
	}
	fill_slot(&slot, &stats, "alpha");
	echo_start(request, echo, sizeof(echo));
	slot.package = echo;
	reply.slot = &slot;
	(void)rpc_call_send(call, &reply.base);
	rpc_call_finish(call);
}

/* Slot "b" has a hook and a map that are worth a remark. */
static void reply_swap(struct rpc_call *call, Eunomia__V1__SwapReply *reply)
{
	bool is_exact = eub_streq(reply->slot->name, "alpha");
	Eunomia__V1__SwapHook hooks[2];
	Eunomia__V1__SwapHook *hook_pointers[] = { &hooks[0], &hooks[1] };
	Eunomia__V1__SwapMap maps[3];
	Eunomia__V1__SwapMap *map_pointers[] = { &maps[0], &maps[1], &maps[2] };

	for (size_t i = 0; i < 2; i++) {
		eunomia__v1__swap_hook__init(&hooks[i]);
		eunomia__v1__swap_map__init(&maps[i]);
		hooks[i].program = text(i == 0 ? "enter" : "exit");
		hooks[i].section = text(i == 0 ? "tp/x/y" : "iter/task");
		hooks[i].how = text(i == 0 || is_exact ? "gate" : "overlap");
		hooks[i].change = text("kept");
		hooks[i].exact = i == 0 || is_exact;
		hooks[i].reason = text(hooks[i].exact ? "" : "cannot be tail-called");
		maps[i].name = text(i == 0 ? "start" : "events");
		maps[i].reused = i == 0 || is_exact;
		maps[i].reason = text(maps[i].reused ? "" : "value size 8, was 4");
	}
	eunomia__v1__swap_map__init(&maps[2]);
	maps[2].name = text("b.rodata");
	maps[2].reason = text("data");
	reply->exact = is_exact;
	reply->hooks = hook_pointers;
	reply->n_hooks = 2;
	reply->maps = map_pointers;
	reply->n_maps = 3;
	(void)rpc_call_send(call, &reply->base);
	rpc_call_finish(call);
}

static void on_list(struct rpc_call *call, const ProtobufCMessage *message)
{
	Eunomia__V1__ListReply reply = EUNOMIA__V1__LIST_REPLY__INIT;
	Eunomia__V1__SlotStats stats[2];
	Eunomia__V1__Slot slots[2];
	Eunomia__V1__Slot *pointers[2] = { &slots[0], &slots[1] };

	(void)message; /* has no fields */
	fill_slot(&slots[0], &stats[0], "alpha");
	fill_slot(&slots[1], &stats[1], "b");
	reply.slots = pointers;
	reply.n_slots = 2;
	(void)rpc_call_send(call, &reply.base);
	rpc_call_finish(call);
}

static void on_info(struct rpc_call *call, const ProtobufCMessage *message)
{
	Eunomia__V1__InfoReply reply;
	Eunomia__V1__Feature feature;
	Eunomia__V1__Feature *features[] = { &feature };
	Eunomia__V1__Limit limit;
	Eunomia__V1__Limit *limits[] = { &limit };
	Eunomia__V1__SetAside aside;
	Eunomia__V1__SetAside *asides[] = { &aside };
	char *trackers[] = { text("opensnoop") };

	(void)message; /* has no fields */
	eunomia__v1__info_reply__init(&reply);
	eunomia__v1__set_aside__init(&aside);
	aside.slot = text("aside");
	aside.time = text("2001-09-09T01:46:41.000000000Z");
	aside.reason = text("its record is damaged");
	aside.folder = text("/state/quarantine/aside");
	reply.set_aside = asides;
	reply.n_set_aside = 1;
	reply.state_dir = text("/state");
	reply.started_unix_ns = STARTED_NS;
	eunomia__v1__feature__init(&feature);
	eunomia__v1__limit__init(&limit);
	reply.version = text("0.1.0");
	reply.kernel_release = text("6.18");
	reply.machine = text("x86_64");
	reply.pid = 42;
	feature.name = text("kprobe");
	feature.detail = text("no kprobes here");
	limit.name = text("slots");
	limit.value = 1024;
	limit.unit = text("slots");
	reply.features = features;
	reply.n_features = 1;
	reply.limits = limits;
	reply.n_limits = 1;
	reply.trackers = trackers;
	reply.n_trackers = 1;
	(void)rpc_call_send(call, &reply.base);
	rpc_call_finish(call);
}

/* Echoes the request in the slot's package, as on_start() does, and in the numbers of the answer.
 */
static void on_swap(struct rpc_call *call, const ProtobufCMessage *message)
{
	const Eunomia__V1__SwapRequest *request = (const Eunomia__V1__SwapRequest *)message;
	Eunomia__V1__SwapReply reply = EUNOMIA__V1__SWAP_REPLY__INIT;
	Eunomia__V1__SlotStats stats;
	Eunomia__V1__Slot slot;
	char echo[256];

	if (!fake_agent_has_slot(request->start->name) || request->expected_generation == 9) {
		fake_agent_refuse(call, request->start->name);
		return;
	}
	fill_slot(&slot, &stats, request->start->name);
	echo_start(request->start, echo, sizeof(echo));
	slot.package = echo;
	reply.slot = &slot;
	reply.dry_run = request->dry_run;
	reply.old_generation = request->expected_generation;
	reply.new_generation = (uint32_t)request->maps;
	reply.switch_ns = 40;
	reply.prepare_ns = request->probation_ns;
	reply_swap(call, &reply);
}

static void on_rollback(struct rpc_call *call, const ProtobufCMessage *message)
{
	const Eunomia__V1__RollbackRequest *request = (const Eunomia__V1__RollbackRequest *)message;
	Eunomia__V1__SwapReply reply = EUNOMIA__V1__SWAP_REPLY__INIT;
	Eunomia__V1__SlotStats stats;
	Eunomia__V1__Slot slot;

	if (!fake_agent_has_slot(request->name) || request->expected_generation == 9) {
		fake_agent_refuse(call, request->name);
		return;
	}
	fill_slot(&slot, &stats, request->name);
	reply.slot = &slot;
	reply.old_generation = request->expected_generation;
	reply.new_generation = request->generation;
	reply.prepare_ns = 2100000;
	reply_swap(call, &reply);
}

static void on_history(struct rpc_call *call, const ProtobufCMessage *message)
{
	const char *name = ((const Eunomia__V1__SlotRequest *)message)->name;
	Eunomia__V1__HistoryReply reply = EUNOMIA__V1__HISTORY_REPLY__INIT;
	Eunomia__V1__Generation generations[2];
	Eunomia__V1__Generation *pointers[2] = { &generations[0], &generations[1] };
	Eunomia__V1__Setting setting;
	Eunomia__V1__Setting *settings[] = { &setting };
	char *args[] = { text("--all") };

	if (!fake_agent_has_slot(name)) {
		fake_agent_refuse(call, name);
		return;
	}
	eunomia__v1__setting__init(&setting);
	setting.key = text("pid");
	setting.value = text("7");
	for (uint32_t i = 0; i < 2; i++) {
		eunomia__v1__generation__init(&generations[i]);
		generations[i].number = i + 1;
		generations[i].package = text("pack");
		generations[i].package_version = text("0.1");
		generations[i].loaded_unix_ns = 1000000000;
		generations[i].state = text(i == 0 ? "loaded" : "running");
		generations[i].origin = text(i == 0 ? "start" : "swap");
	}
	generations[1].settings = settings;
	generations[1].n_settings = 1;
	generations[1].args = args;
	generations[1].n_args = 1;
	reply.generations = pointers;
	reply.n_generations = 2;
	(void)rpc_call_send(call, &reply.base);
	rpc_call_finish(call);
}

static void on_stream(struct rpc_call *call, const ProtobufCMessage *message)
{
	struct fake_agent *agent = rpc_session_get_userdata(rpc_call_get_session(call));

	agent->end =
	    fake_stream_answer(call, (const Eunomia__V1__StreamRequest *)message, &agent->step);
}

#define METHOD(service_method, rpc_kind, message, handler)                                         \
	{                                                                                          \
		.path = "/eunomia.v1." service_method, .kind = rpc_kind,                           \
		.request = &eunomia__v1__##message##__descriptor, .max_request_bytes = 1 << 20,    \
		.on_request = handler                                                              \
	}

static const struct rpc_method methods[] = {
	METHOD("Trackers/Start", RPC_UNARY, start_request, on_start),
	METHOD("Trackers/Stop", RPC_UNARY, slot_request, on_slot),
	METHOD("Trackers/Pause", RPC_UNARY, slot_request, on_slot),
	METHOD("Trackers/Resume", RPC_UNARY, slot_request, on_slot),
	METHOD("Trackers/Enable", RPC_UNARY, slot_request, on_slot),
	METHOD("Trackers/Disable", RPC_UNARY, slot_request, on_slot),
	METHOD("Trackers/Swap", RPC_UNARY, swap_request, on_swap),
	METHOD("Trackers/Rollback", RPC_UNARY, rollback_request, on_rollback),
	METHOD("Trackers/History", RPC_UNARY, slot_request, on_history),
	METHOD("Trackers/Get", RPC_UNARY, slot_request, on_get),
	METHOD("Trackers/List", RPC_UNARY, list_request, on_list),
	METHOD("Agent/Info", RPC_UNARY, info_request, on_info),
	METHOD("Events/Stream", RPC_SERVER_STREAM, stream_request, on_stream),
};

static const struct rpc_service services[] = {
	{ .methods = methods, .n_methods = EUB_ARRAY_SIZE(methods) },
};

static const struct rpc_server rpc_server = { .services = services, .n_services = 1 };

static int flush(struct rpc_session *session, int fd)
{
	struct eub_buf out = EUB_BUF_INIT;
	int r = 0;

	while (r == 0 && rpc_session_wants_write(session)) {
		r = rpc_session_pump(session, &out, 65536);
		if (r == 0)
			r = eub_write_all(fd, out.data, out.len);
		eub_buf_clear(&out);
	}
	eub_buf_done(&out);
	return r;
}

static void serve(struct fake_agent *agent, int fd)
{
	struct rpc_session *session = NULL;
	char bytes[4096];
	int r = rpc_session_new(&rpc_server, agent, &session);

	assert(r == 0);
	agent->end = FAKE_END_NONE;
	while (flush(session, fd) == 0 && !rpc_session_is_over(session) &&
	       agent->end == FAKE_END_NONE) {
		ssize_t n = read(fd, bytes, sizeof(bytes));

		if (n <= 0 || rpc_session_feed(session, bytes, (size_t)n) < 0)
			break;
	}
	(void)rpc_session_free(session);
}

static void *run(void *userdata)
{
	struct fake_agent *agent = userdata;
	int fd;

	while ((fd = accept4(agent->fd, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
		serve(agent, fd);
		if (agent->end == FAKE_END_VANISH)
			(void)unlink(agent->path);
		(void)close(fd);
	}
	return NULL;
}

struct fake_agent *fake_agent_new(void)
{
	struct fake_agent *agent = calloc(1, sizeof(*agent));
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	char host[80];
	int r;

	assert(agent);
	(void)snprintf(agent->path, sizeof(agent->path), "/tmp/ctl-agent-%d.sock", getpid());
	memcpy(address.sun_path, agent->path, strlen(agent->path) + 1);
	(void)unlink(agent->path);
	agent->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	r = bind(agent->fd, (struct sockaddr *)&address, sizeof(address));
	assert(r == 0);
	r = listen(agent->fd, 8);
	assert(r == 0);
	(void)snprintf(host, sizeof(host), "unix://%s", agent->path);
	r = setenv("EUNOMIA_HOST", host, 1);
	assert(r == 0);
	r = pthread_create(&agent->thread, NULL, run, agent);
	assert(r == 0);
	return agent;
}

void fake_agent_free(struct fake_agent *agent)
{
	(void)shutdown(agent->fd, SHUT_RDWR);
	(void)pthread_join(agent->thread, NULL);
	(void)close(agent->fd);
	(void)unlink(agent->path);
	free(agent);
}
