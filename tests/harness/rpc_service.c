/* SPDX-License-Identifier: Apache-2.0 */
/* See rpc_service.h. */
#include "rpc_service.h"

#include "base/str.h"
#include "eunomia/v1/eunomia.pb-c.h"
#include "rpc/descriptor_set.h"

enum test_role {
	TEST_ROLE_VIEW = 1,
	TEST_ROLE_CONTROL,
};

struct stream_state {
	uint64_t next;
	uint64_t limit;
};

static struct rpc_test_service *get_test(const struct rpc_call *call)
{
	return rpc_call_get_service(call)->userdata;
}

static void on_done(struct rpc_call *call)
{
	struct rpc_test_service *test = get_test(call);

	test->n_done++;
	if (test->last == call)
		test->last = NULL;
	free(rpc_call_get_userdata(call));
}

static const struct rpc_call_ops call_ops = { .on_done = on_done };

static void reply_slot(struct rpc_call *call, char *name, size_t note_bytes)
{
	Eunomia__V1__SlotReply reply;
	Eunomia__V1__Slot slot;
	struct eub_buf note = EUB_BUF_INIT;
	char *text;

	eunomia__v1__slot_reply__init(&reply);
	eunomia__v1__slot__init(&slot);
	eub_buf_fill(&note, 'n', note_bytes);
	text = eub_buf_take_string(&note);
	slot.name = name;
	if (note_bytes > 0 && text) {
		slot.n_notes = 1;
		slot.notes = &text;
	}
	reply.slot = &slot;
	(void)rpc_call_send(call, &reply.base); /* one message waits for nobody */
	rpc_call_finish(call);
	free(text);
}

static void fail_with_reason(struct rpc_call *call, const char *reason)
{
	struct eun_error err = EUN_ERROR_INIT;

	(void)eun_error_set(&err, -EIO, eun_reason_from_string(reason),
			    "failed with 100%% '%s' \xc3\xa9", reason);
	eun_error_set_subject(&err, "the-subject");
	eun_error_set_hint(&err, "do something about %s", reason);
	eun_error_set_log(&err, "0: R1=ctx()\n1: invalid access\n", 4096);
	rpc_call_finish_error(call, &err);
	eun_error_done(&err);
}

static void serve_name(struct rpc_call *call, char *name)
{
	uint64_t number = 0;

	if (eub_has_prefix(name, "reason/"))
		fail_with_reason(call, name + strlen("reason/"));
	else if (eub_has_prefix(name, "status/") && eub_parse_u64(name + 7, &number) == 0)
		rpc_call_finish_status(call, (enum rpc_status)number, "as asked for");
	else if (eub_has_prefix(name, "big/") && eub_parse_u64(name + 4, &number) == 0)
		reply_slot(call, name, EUB_MIN(number, (uint64_t)64 << 20));
	else if (eub_streq(name, "park"))
		return;
	else if (eub_streq(name, "silent"))
		rpc_call_finish(call);
	else
		reply_slot(call, name, 0);
}

static void begin(struct rpc_call *call)
{
	get_test(call)->n_begun++;
	get_test(call)->last = call;
	rpc_call_set_ops(call, &call_ops, NULL);
}

static void on_slot(struct rpc_call *call, const ProtobufCMessage *request)
{
	begin(call);
	serve_name(call, ((const Eunomia__V1__SlotRequest *)request)->name);
}

static void on_start(struct rpc_call *call, const ProtobufCMessage *request)
{
	const Eunomia__V1__StartRequest *start = (const Eunomia__V1__StartRequest *)request;

	begin(call);
	get_test(call)->last_request_bytes = start->package.len;
	serve_name(call, start->name);
}

static void on_empty_swap(struct rpc_call *call, const ProtobufCMessage *request EUB_UNUSED)
{
	Eunomia__V1__SwapReply reply;

	begin(call);
	eunomia__v1__swap_reply__init(&reply);
	(void)rpc_call_send(call, &reply.base);
	rpc_call_finish(call);
}

static void on_empty_history(struct rpc_call *call, const ProtobufCMessage *request EUB_UNUSED)
{
	Eunomia__V1__HistoryReply reply;

	begin(call);
	eunomia__v1__history_reply__init(&reply);
	(void)rpc_call_send(call, &reply.base);
	rpc_call_finish(call);
}

static void on_list(struct rpc_call *call, const ProtobufCMessage *request)
{
	Eunomia__V1__ListReply reply;

	(void)request;
	begin(call);
	eunomia__v1__list_reply__init(&reply);
	(void)rpc_call_send(call, &reply.base);
	rpc_call_finish(call);
}

static void on_info(struct rpc_call *call, const ProtobufCMessage *request)
{
	Eunomia__V1__InfoReply reply;
	char version[] = "test";

	(void)request;
	begin(call);
	eunomia__v1__info_reply__init(&reply);
	reply.version = version;
	(void)rpc_call_send(call, &reply.base);
	rpc_call_finish(call);
}

static bool send_lost(struct rpc_call *call, uint64_t count)
{
	Eunomia__V1__StreamReply reply;
	Eunomia__V1__Lost lost;
	char reason[] = "slow-client";

	eunomia__v1__stream_reply__init(&reply);
	eunomia__v1__lost__init(&lost);
	lost.count = count;
	lost.reason = reason;
	reply.kind_case = EUNOMIA__V1__STREAM_REPLY__KIND_LOST;
	reply.lost = &lost;
	return rpc_call_send(call, &reply.base);
}

static void on_stream_writable(struct rpc_call *call)
{
	struct stream_state *state = rpc_call_get_userdata(call);

	while (state->next < state->limit)
		if (!send_lost(call, state->next++))
			return;
	rpc_call_finish(call);
}

static void on_stream(struct rpc_call *call, const ProtobufCMessage *request)
{
	static const struct rpc_call_ops ops = {
		.on_writable = on_stream_writable,
		.on_done = on_done,
	};
	struct stream_state *state = calloc(1, sizeof(*state));

	begin(call);
	if (!state) {
		rpc_call_finish_status(call, RPC_RESOURCE_EXHAUSTED, "out of memory");
		return;
	}
	state->limit = ((const Eunomia__V1__StreamRequest *)request)->limit;
	rpc_call_set_ops(call, &ops, state);
	if (state->limit > 0)
		on_stream_writable(call);
	else
		(void)send_lost(call, 0);
}

#define on_Trackers_Start    on_start
#define on_Trackers_Stop     on_slot
#define on_Trackers_Pause    on_slot
#define on_Trackers_Resume   on_slot
#define on_Trackers_Enable   on_slot
#define on_Trackers_Disable  on_slot
#define on_Trackers_Swap     on_empty_swap
#define on_Trackers_Rollback on_empty_swap
#define on_Trackers_History  on_empty_history
#define on_Trackers_List     on_list
#define on_Trackers_Get	     on_slot
#define on_Events_Stream     on_stream
#define on_Agent_Info	     on_info

static const struct rpc_method methods[] = {
#define X(service_, method_, path_, request_, reply_, kind_, role_, max_request_bytes_)            \
	{                                                                                          \
		.path = (path_),                                                                   \
		.kind = (kind_),                                                                   \
		.role = TEST_ROLE_##role_,                                                         \
		.request = &request_##__descriptor,                                                \
		.max_request_bytes = (max_request_bytes_),                                         \
		.on_request = on_##service_##_##method_,                                           \
	},
#include "methods.def"
#undef X
};

static int authorize(struct rpc_session *session, const struct rpc_method *method,
		     struct eun_error *err)
{
	const struct rpc_test_service *test = rpc_session_get_server(session)->userdata;

	if (!test->is_closed_to_all || method->role == 0)
		return 0;
	return eun_error_set(err, -EACCES, EUN_REASON_PERMISSION, "you may not");
}

static void on_dirty(struct rpc_session *session)
{
	struct rpc_test_service *test = rpc_session_get_server(session)->userdata;

	test->n_dirty++;
}

int rpc_test_service_init(struct rpc_test_service *test)
{
	int r;

	*test = (struct rpc_test_service){ .n_begun = 0 };
	r = rpc_health_new(&test->health);
	if (r == 0)
		r = rpc_health_set(test->health, "", RPC_HEALTH_SERVING);
	if (r == 0)
		r = rpc_reflection_new(descriptor_set, descriptor_set_size, &test->reflection);
	if (r < 0) {
		rpc_test_service_done(test);
		return r;
	}
	test->services[RPC_TEST_APP] = (struct rpc_service){
		.methods = methods,
		.n_methods = EUB_ARRAY_SIZE(methods),
		.userdata = test,
	};
	test->services[RPC_TEST_HEALTH] = rpc_health_get_service(test->health);
	test->services[RPC_TEST_REFLECTION] = rpc_reflection_get_service(test->reflection);
	test->server = (struct rpc_server){
		.services = test->services,
		.n_services = _RPC_TEST_SERVICE_MAX,
		.authorize = authorize,
		.on_dirty = on_dirty,
		.userdata = test,
	};
	return 0;
}

void rpc_test_service_done(struct rpc_test_service *test)
{
	test->health = rpc_health_free(test->health);
	test->reflection = rpc_reflection_free(test->reflection);
}
