/* SPDX-License-Identifier: Apache-2.0 */
/* Trackers.Swap, Rollback and History: messages to slot_swap.h and back. */
#include "probation.h"
#include "service_call.h"
#include "service_slot.h"
#include "slot_swap.h"
#include "spec_message.h"

#include "base/cleanup.h"
#include "base/error.h"

#include <eunomia/engine.h>

#include "eunomia/v1/eunomia.pb-c.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static Eunomia__V1__SwapHook *hook_message_new(const struct eun_swap_hook *hook)
{
	Eunomia__V1__SwapHook *message = malloc(sizeof(*message));
	const char *how = eun_attach_mode_to_string(hook->hook.mode);

	if (!message)
		return NULL;
	eunomia__v1__swap_hook__init(message);
	message->program = strdup(hook->hook.program);
	message->section = strdup(hook->hook.section);
	message->how = strdup(hook->hook.mode == EUN_ATTACH_DIRECT ? "overlap" : how);
	message->change = strdup(eun_hook_change_to_string(hook->change));
	message->reason = strdup(hook->hook.mode_reason);
	message->exact = hook->is_exact;
	if (!message->program || !message->section || !message->how || !message->change ||
	    !message->reason) {
		eunomia__v1__swap_hook__free_unpacked(message, NULL);
		return NULL;
	}
	return message;
}

static Eunomia__V1__SwapMap *map_message_new(const struct eun_swap_map *map)
{
	Eunomia__V1__SwapMap *message = malloc(sizeof(*message));

	if (!message)
		return NULL;
	eunomia__v1__swap_map__init(message);
	message->name = strdup(map->name);
	message->reason = strdup(map->reason);
	message->reused = map->is_reused;
	if (!message->name || !message->reason) {
		eunomia__v1__swap_map__free_unpacked(message, NULL);
		return NULL;
	}
	return message;
}

static int add_hooks(Eunomia__V1__SwapReply *reply, const struct eun_swap *swap)
{
	size_t n = 0;

	while (eun_swap_get_hook(swap, n))
		n++;
	reply->hooks = calloc(n + 1, sizeof(*reply->hooks));
	if (!reply->hooks)
		return -ENOMEM;
	for (; reply->n_hooks < n; reply->n_hooks++) {
		reply->hooks[reply->n_hooks] =
		    hook_message_new(eun_swap_get_hook(swap, reply->n_hooks));
		if (!reply->hooks[reply->n_hooks])
			return -ENOMEM;
	}
	return 0;
}

static int add_maps(Eunomia__V1__SwapReply *reply, const struct eun_swap *swap)
{
	size_t n = 0;

	while (eun_swap_get_map(swap, n))
		n++;
	reply->maps = calloc(n + 1, sizeof(*reply->maps));
	if (!reply->maps)
		return -ENOMEM;
	for (; reply->n_maps < n; reply->n_maps++) {
		reply->maps[reply->n_maps] = map_message_new(eun_swap_get_map(swap, reply->n_maps));
		if (!reply->maps[reply->n_maps])
			return -ENOMEM;
	}
	return 0;
}

static void reply_swap(struct rpc_call *rpc, const struct slot_swap *op)
{
	const struct eun_swap *swap = slot_swap_get_swap(op);
	Eunomia__V1__SwapReply *reply = malloc(sizeof(*reply));
	struct eun_swap_info info;

	if (!reply) {
		service_fail_no_memory(rpc);
		return;
	}
	eun_swap_get_info(swap, &info);
	eunomia__v1__swap_reply__init(reply);
	reply->slot = service_slot_message_new(slot_swap_get_entry(op));
	reply->old_generation = info.old_generation;
	reply->new_generation = info.new_generation;
	reply->exact = info.is_exact;
	reply->switch_ns = info.switch_ns;
	reply->prepare_ns = slot_swap_get_prepare_ns(op);
	reply->dry_run = !info.is_committed;
	if (!reply->slot || add_hooks(reply, swap) < 0 || add_maps(reply, swap) < 0) {
		service_fail_no_memory(rpc);
	} else {
		(void)rpc_call_send(rpc, &reply->base); /* one reply is below any mark */
		rpc_call_finish(rpc);
	}
	eunomia__v1__swap_reply__free_unpacked(reply, NULL);
}

/* A call of Swap or Rollback whose swap is under way. */
struct swap_op {
	struct service_call *call;
	struct probation *probation; /* NULL: none was asked for */
	bool has_budget;	     /* another one was given, for after the switch */
	struct budget_limits budget;
};

static struct swap_op *swap_op_free(struct swap_op *op)
{
	if (!op)
		return NULL;
	(void)probation_free(op->probation);
	free(op);
	return NULL;
}
EUB_DEFINE_CLEANUP(struct swap_op *, swap_op_free);

static void apply_budget(const struct swap_op *op, struct slot_entry *entry)
{
	if (!op->has_budget)
		return;
	budget_init(&entry->budget, &op->budget);
	entry->record->budget = op->budget; /* written with the switch */
}

/* The new generation runs. */
static void note_commit(struct swap_op *op, const struct slot_swap *swap)
{
	struct eun_swap_info info;

	eun_swap_get_info(slot_swap_get_swap(swap), &info);
	if (!info.is_committed)
		return;
	apply_budget(op, slot_swap_get_entry(swap));
	if (op->probation)
		probation_begin(EUB_TAKE_PTR(op->probation), info.old_generation);
}

static void on_done(struct slot_swap *swap, const struct eun_error *err, void *userdata)
{
	struct swap_op *op = userdata;
	struct service_call *call = op->call;

	service_arm_trim(call->audit.service);
	if (err) {
		service_call_fail(call, err);
	} else {
		note_commit(op, swap);
		service_audit_end(&call->audit, NULL);
		if (call->rpc)
			reply_swap(call->rpc, swap);
		service_call_finish(call);
	}
	(void)swap_op_free(op);
}

/* What a swap is asked for beside the switch. */
struct swap_wishes {
	uint64_t probation_ns;
	const Eunomia__V1__Budget *budget; /* NULL: as it is */
};

static int swap_op_init(struct swap_op *op, struct slot_entry *entry,
			const struct swap_wishes *wishes, struct eun_error *err)
{
	struct probations *probations = op->call->audit.service->probations;

	if (wishes->probation_ns > 0 &&
	    probation_new(probations, entry, wishes->probation_ns, &op->probation) < 0)
		return eub_error_no_memory(err);
	if (!wishes->budget)
		return 0;
	op->has_budget = true;
	op->budget.events_per_second = wishes->budget->events_per_second;
	op->budget.bytes_per_second = wishes->budget->bytes_per_second;
	return budget_check(&op->budget, err);
}

static void begin_swap(struct service_call *call, struct slot_entry *entry,
		       struct slot_swap_request *request, const struct swap_wishes *wishes)
{
	_cleanup_(eun_error_done) struct eun_error err = EUN_ERROR_INIT;
	_cleanup_(swap_op_freep) struct swap_op *op = calloc(1, sizeof(*op));
	int r;

	if (!op) {
		r = eub_error_no_memory(&err);
	} else {
		op->call = call;
		r = swap_op_init(op, entry, wishes, &err);
	}
	if (r == 0)
		r = slot_swap_begin(entry, request, on_done, op, &err);
	if (r < 0) {
		spec_done(&request->spec);
		service_call_fail(call, &err);
		return;
	}
	op = NULL; /* on_done's now */
}

static const enum eun_map_policy policies[] = {
	[EUNOMIA__V1__MAP_POLICY__MAP_POLICY_UNSPECIFIED] = EUN_MAPS_REUSE,
	[EUNOMIA__V1__MAP_POLICY__MAP_POLICY_REUSE] = EUN_MAPS_REUSE,
	[EUNOMIA__V1__MAP_POLICY__MAP_POLICY_FRESH] = EUN_MAPS_FRESH,
};

static void run_swap(struct service_call *call, struct slot_entry *entry)
{
	const Eunomia__V1__SwapRequest *message =
	    (const Eunomia__V1__SwapRequest *)(const void *)call->request;
	_cleanup_(eun_error_done) struct eun_error err = EUN_ERROR_INIT;
	struct slot_swap_request request = {
		.expected_generation = message->expected_generation,
		.is_dry_run = message->dry_run,
		.origin = STATE_ORIGIN_SWAP,
	};
	const struct swap_wishes wishes = { message->probation_ns, message->start->budget };

	if ((size_t)message->maps >= EUB_ARRAY_SIZE(policies)) {
		(void)eun_error_set(&err, -EINVAL, EUN_REASON_INVALID_ARGUMENT,
				    "there is no map policy %d", (int)message->maps);
		service_call_fail(call, &err);
		return;
	}
	request.maps = policies[message->maps];
	if (spec_from_message(&request.spec, message->start, call->audit.service->config,
			      SPEC_PACKAGE_OPTIONAL, &err) < 0) {
		spec_done(&request.spec);
		service_call_fail(call, &err);
		return;
	}
	begin_swap(call, entry, &request, &wishes);
}

void service_swap(struct rpc_call *rpc, const ProtobufCMessage *message)
{
	const Eunomia__V1__SwapRequest *request =
	    (const Eunomia__V1__SwapRequest *)(const void *)message;

	if (!request->start)
		rpc_call_finish_status(rpc, RPC_INVALID_ARGUMENT,
				       "a swap needs \"start\" with the slot's name");
	else
		service_call_begin(rpc, message, "Swap", request->start->name, run_swap);
}

static void run_rollback(struct service_call *call, struct slot_entry *entry)
{
	const Eunomia__V1__RollbackRequest *message =
	    (const Eunomia__V1__RollbackRequest *)(const void *)call->request;
	struct slot_swap_request request = {
		.is_rollback = true,
		.rollback_to = message->generation,
		.expected_generation = message->expected_generation,
		.origin = STATE_ORIGIN_ROLLBACK,
	};

	begin_swap(call, entry, &request, &(struct swap_wishes){ 0 });
}

void service_rollback(struct rpc_call *rpc, const ProtobufCMessage *message)
{
	service_call_begin(rpc, message, "Rollback",
			   ((const Eunomia__V1__RollbackRequest *)(const void *)message)->name,
			   run_rollback);
}

static int add_settings(Eunomia__V1__Generation *message, const struct spec *spec)
{
	message->settings = calloc(spec->keys.n + 1, sizeof(*message->settings));
	if (!message->settings)
		return -ENOMEM;
	for (size_t i = 0; i < spec->keys.n; i++) {
		Eunomia__V1__Setting *setting = malloc(sizeof(*setting));

		if (!setting)
			return -ENOMEM;
		eunomia__v1__setting__init(setting);
		message->settings[message->n_settings++] = setting;
		setting->key = strdup(spec->keys.items[i]);
		setting->value = strdup(spec->values.items[i]);
		if (!setting->key || !setting->value)
			return -ENOMEM;
	}
	return 0;
}

static int add_args(Eunomia__V1__Generation *message, const struct spec *spec)
{
	message->args = calloc(spec->args.n + 1, sizeof(*message->args));
	if (!message->args)
		return -ENOMEM;
	for (; message->n_args < spec->args.n; message->n_args++) {
		message->args[message->n_args] = strdup(spec->args.items[message->n_args]);
		if (!message->args[message->n_args])
			return -ENOMEM;
	}
	return 0;
}

static const char *state_of_generation(const struct eun_slot *slot, uint32_t number)
{
	const struct eun_generation *generation = eun_slot_find_loaded(slot, number);

	if (!generation)
		return "unloaded";
	return generation->is_running ? "running" : "loaded";
}

static Eunomia__V1__Generation *generation_message_new(const struct state_generation *generation,
						       const struct eun_slot *slot)
{
	Eunomia__V1__Generation *message = malloc(sizeof(*message));

	if (!message)
		return NULL;
	eunomia__v1__generation__init(message);
	message->number = generation->number;
	message->loaded_unix_ns = generation->loaded_wall_ns;
	message->package = strdup(generation->package);
	message->package_version = strdup(generation->package_version);
	message->origin = strdup(state_origin_to_string(generation->origin));
	message->state = strdup(state_of_generation(slot, generation->number));
	if (!message->package || !message->package_version || !message->origin || !message->state ||
	    add_settings(message, &generation->spec) < 0 ||
	    add_args(message, &generation->spec) < 0) {
		eunomia__v1__generation__free_unpacked(message, NULL);
		return NULL;
	}
	return message;
}

static int add_generations(Eunomia__V1__HistoryReply *reply, const struct slot_entry *entry)
{
	const struct state_slot *record = entry->record;

	reply->generations = calloc(record->n_generations + 1, sizeof(*reply->generations));
	if (!reply->generations)
		return -ENOMEM;
	for (; reply->n_generations < record->n_generations; reply->n_generations++) {
		reply->generations[reply->n_generations] =
		    generation_message_new(&record->generations[reply->n_generations], entry->slot);
		if (!reply->generations[reply->n_generations])
			return -ENOMEM;
	}
	return 0;
}

void service_history(struct rpc_call *rpc, const ProtobufCMessage *message)
{
	const Eunomia__V1__SlotRequest *request = (const Eunomia__V1__SlotRequest *)message;
	_cleanup_(eun_error_done) struct eun_error err = EUN_ERROR_INIT;
	Eunomia__V1__HistoryReply *reply;
	struct slot_entry *entry;

	if (slots_get(service_of(rpc)->slots, request->name, &entry, &err) < 0) {
		rpc_call_finish_error(rpc, &err);
		return;
	}
	reply = malloc(sizeof(*reply));
	if (!reply) {
		service_fail_no_memory(rpc);
		return;
	}
	eunomia__v1__history_reply__init(reply);
	if (add_generations(reply, entry) < 0) {
		service_fail_no_memory(rpc);
	} else {
		(void)rpc_call_send(rpc, &reply->base); /* one reply is below any mark */
		rpc_call_finish(rpc);
	}
	eunomia__v1__history_reply__free_unpacked(reply, NULL);
}
