/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A slot's record as bytes: eunomia.state.v1.Slot. Encoding borrows every string; decoding checks
 * all that the rest of the agent relies on, because a file may hold anything, and says which field
 * is wrong.
 */
#include "state_slot.h"

#include "agent_limits.h"

#include "base/error.h"
#include "base/macro.h"
#include "base/str.h"
#include "rpc/decode.h"

#include "eunomia/state/v1/state.pb-c.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The generated structures know no const; packing only reads. */
static char *lend(const char *text)
{
	return (char *)(uintptr_t)text;
}

static void describe(const struct state_generation *generation,
		     Eunomia__State__V1__Generation *message)
{
	const struct spec *spec = &generation->spec;

	eunomia__state__v1__generation__init(message);
	message->number = generation->number;
	message->package = generation->package;
	message->package_version = generation->package_version;
	message->loaded_unix_ns = generation->loaded_wall_ns;
	message->origin = lend(state_origin_to_string(generation->origin));
	message->stored = generation->is_stored;
	if (spec->package_name)
		message->package_name = spec->package_name;
	message->keys = spec->keys.items;
	message->n_keys = spec->keys.n;
	message->values = spec->values.items;
	message->n_values = spec->values.n;
	message->args = spec->args.items;
	message->n_args = spec->args.n;
	message->types = spec->types.items;
	message->n_types = spec->types.n;
	message->attach = spec->attach.items;
	message->n_attach = spec->attach.n;
	message->ring_bytes = spec->ring_bytes;
}

static void pack(const struct state_slot *slot, Eunomia__State__V1__Generation **generations,
		 struct eub_buf *buf)
{
	Eunomia__State__V1__Budget budget;
	Eunomia__State__V1__Slot message;
	size_t n;

	eunomia__state__v1__budget__init(&budget);
	eunomia__state__v1__slot__init(&message);
	budget.events_per_second = slot->budget.events_per_second;
	budget.bytes_per_second = slot->budget.bytes_per_second;
	message.name = lend(slot->name);
	message.enabled = slot->is_enabled;
	message.boot_id = lend(slot->boot_id);
	message.pins = lend(slot->pins);
	message.current = slot->current;
	message.next = slot->next;
	message.generations = generations;
	message.n_generations = slot->n_generations;
	message.budget = &budget;
	message.declared_fingerprint = slot->declared_fingerprint;
	message.started_unix_ns = slot->started_wall_ns;
	n = protobuf_c_message_get_packed_size(&message.base);
	if (eub_buf_reserve(buf, n) < 0)
		return;
	(void)protobuf_c_message_pack(&message.base, (uint8_t *)buf->data + buf->len);
	buf->len += n;
}

int state_slot_encode(const struct state_slot *slot, struct eub_buf *buf)
{
	_cleanup_(eub_freep) Eunomia__State__V1__Generation *messages =
	    calloc(slot->n_generations + 1, sizeof(*messages));
	_cleanup_(eub_freep) Eunomia__State__V1__Generation **pointers =
	    calloc(slot->n_generations + 1, sizeof(Eunomia__State__V1__Generation *));

	if (!messages || !pointers)
		return -ENOMEM;
	for (size_t i = 0; i < slot->n_generations; i++) {
		describe(&slot->generations[i], &messages[i]);
		pointers[i] = &messages[i];
	}
	pack(slot, pointers, buf);
	return buf->has_failed ? -ENOMEM : 0;
}

static int refuse(struct eun_error *err, const char *field)
{
	return eun_error_set(err, -EBADMSG, EUN_REASON_IO, "field '%s' holds no valid value",
			     field);
}

static int copy_name(char *to, size_t size, const char *from, const char *field,
		     struct eun_error *err)
{
	if (strlen(from) >= size)
		return refuse(err, field);
	memcpy(to, from, strlen(from) + 1);
	return 0;
}

static int origin_from_string(const char *name, enum state_origin *ret_origin)
{
	for (int i = 0; i < _STATE_ORIGIN_MAX; i++) {
		if (!eub_streq(state_origin_to_string((enum state_origin)i), name))
			continue;
		*ret_origin = (enum state_origin)i;
		return 0;
	}
	return -EINVAL;
}

static int add_list(struct spec *spec, struct spec_list *list, char **texts, size_t n,
		    struct eun_error *err)
{
	for (size_t i = 0; i < n; i++) {
		int r = spec_add(spec, list, texts[i], err);

		if (r < 0)
			return r;
	}
	return 0;
}

static int read_spec(struct spec *spec, const Eunomia__State__V1__Generation *message,
		     struct eun_error *err)
{
	int r;

	spec->ring_bytes = message->ring_bytes;
	if (message->package_name[0]) {
		spec->package_name = strdup(message->package_name);
		if (!spec->package_name)
			return eub_error_no_memory(err);
	}
	if (message->n_keys != message->n_values)
		return refuse(err, "values");
	r = add_list(spec, &spec->keys, message->keys, message->n_keys, err);
	if (r == 0)
		r = add_list(spec, &spec->values, message->values, message->n_values, err);
	if (r == 0)
		r = add_list(spec, &spec->args, message->args, message->n_args, err);
	if (r == 0)
		r = add_list(spec, &spec->types, message->types, message->n_types, err);
	if (r == 0)
		r = add_list(spec, &spec->attach, message->attach, message->n_attach, err);
	return r;
}

/* Numbers must grow and stay below the next one. */
static int read_generation(struct state_slot *slot, const Eunomia__State__V1__Generation *message,
			   uint32_t above, struct eun_error *err)
{
	struct state_generation *generation = &slot->generations[slot->n_generations];

	if (message->number <= above || message->number >= slot->next)
		return refuse(err, "number");
	if (origin_from_string(message->origin, &generation->origin) < 0)
		return refuse(err, "origin");
	slot->n_generations++; /* from here on the slot releases it */
	generation->number = message->number;
	generation->loaded_wall_ns = message->loaded_unix_ns;
	generation->is_stored = message->stored;
	if (state_generation_name(generation, message->package, message->package_version) < 0)
		return eub_error_no_memory(err);
	return read_spec(&generation->spec, message, err);
}

static int read_generations(struct state_slot *slot, const Eunomia__State__V1__Slot *message,
			    struct eun_error *err)
{
	uint32_t above = 0;

	if (message->n_generations > STATE_HISTORY_MAX)
		return refuse(err, "generations");
	slot->generations = calloc(message->n_generations + 1, sizeof(slot->generations[0]));
	if (!slot->generations)
		return eub_error_no_memory(err);
	for (size_t i = 0; i < message->n_generations; i++) {
		int r = read_generation(slot, message->generations[i], above, err);

		if (r < 0)
			return r;
		above = message->generations[i]->number;
	}
	if (!state_slot_find(slot, slot->current))
		return refuse(err, "current");
	return 0;
}

static int read_slot(struct state_slot *slot, const Eunomia__State__V1__Slot *message,
		     struct eun_error *err)
{
	int r = copy_name(slot->name, sizeof(slot->name), message->name, "name", err);

	if (r == 0)
		r = copy_name(slot->boot_id, sizeof(slot->boot_id), message->boot_id, "boot_id",
			      err);
	if (r == 0)
		r = copy_name(slot->pins, sizeof(slot->pins), message->pins, "pins", err);
	if (r < 0)
		return r;
	if (strchr(slot->pins, '/') || strchr(slot->pins, '.'))
		return refuse(err, "pins"); /* it is a name in a folder that is removed whole */
	slot->is_enabled = message->enabled;
	slot->current = message->current;
	slot->next = message->next;
	slot->declared_fingerprint = message->declared_fingerprint;
	slot->started_wall_ns = message->started_unix_ns;
	if (message->budget) {
		slot->budget.events_per_second = message->budget->events_per_second;
		slot->budget.bytes_per_second = message->budget->bytes_per_second;
	}
	if (budget_check(&slot->budget, NULL) < 0)
		return refuse(err, "budget");
	return read_generations(slot, message, err);
}

int state_slot_decode(const void *data, size_t n, struct state_slot **ret_slot,
		      struct eun_error *err)
{
	ProtobufCMessage *message = rpc_decode(&eunomia__state__v1__slot__descriptor, data, n);
	_cleanup_(state_slot_freep) struct state_slot *slot = NULL;
	int r;

	if (!message)
		return eun_error_set(err, -EBADMSG, EUN_REASON_IO, "it holds no record of a slot");
	r = state_slot_new("", &slot);
	r = r < 0 ? eub_error_no_memory(err)
		  : read_slot(slot, (const Eunomia__State__V1__Slot *)message, err);
	(void)rpc_message_free(message);
	if (r < 0)
		return r == -ENOMEM ? r : -EBADMSG; /* also what is over a limit */
	*ret_slot = EUB_TAKE_PTR(slot);
	return 0;
}
