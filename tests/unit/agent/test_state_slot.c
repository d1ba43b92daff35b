/* SPDX-License-Identifier: Apache-2.0 */
/* The record of a slot: numbers, a bounded history; and its bytes, also hostile ones. */
#include "state_slot.h"

#include "agent_test.h"

#include "eunomia/state/v1/state.pb-c.h"

#include <errno.h>

static struct state_slot *make_slot(void)
{
	struct spec spec = SPEC_INIT;
	struct state_generation *generation = NULL;
	struct state_slot *slot = NULL;

	assert_int_equal(state_slot_new("a.b", &slot), 0);
	assert_int_equal(spec_set(&spec, "k", "v", NULL), 0);
	assert_int_equal(spec_add(&spec, &spec.args, "--pid", NULL), 0);
	assert_int_equal(spec_add(&spec, &spec.types, "event", NULL), 0);
	assert_int_equal(spec_add(&spec, &spec.attach, "iface=lo", NULL), 0);
	spec.ring_bytes = 65536;
	spec.package_name = strdup("a.b");
	assert_int_equal(state_slot_add(slot, &spec, STATE_ORIGIN_START, &generation), 0);
	assert_int_equal(generation->number, 1);
	assert_int_equal(state_generation_name(generation, "tracker", "1.2"), 0);
	generation->is_stored = true;
	slot->current = 1;
	slot->is_enabled = true;
	(void)snprintf(slot->boot_id, sizeof(slot->boot_id), "boot-1");
	(void)snprintf(slot->pins, sizeof(slot->pins), "a:b");
	slot->budget.bytes_per_second = 7;
	slot->declared_fingerprint = UINT64_MAX;
	slot->started_wall_ns = 1234;
	spec_done(&spec);
	return slot;
}

static void test_round_trip(void **state)
{
	struct state_slot *slot = make_slot(), *copy = NULL;
	struct eub_buf buf = EUB_BUF_INIT;
	const struct state_generation *generation;

	(void)state;
	assert_int_equal(state_slot_encode(slot, &buf), 0);
	assert_int_equal(state_slot_decode(buf.data, buf.len, &copy, NULL), 0);
	assert_string_equal(copy->name, "a.b");
	assert_true(copy->is_enabled);
	assert_string_equal(copy->boot_id, "boot-1");
	assert_string_equal(copy->pins, "a:b");
	assert_int_equal(copy->current, 1);
	assert_int_equal(copy->next, 2);
	assert_int_equal(copy->budget.bytes_per_second, 7);
	assert_true(copy->declared_fingerprint == UINT64_MAX);
	assert_int_equal(copy->started_wall_ns, 1234);
	generation = state_slot_find(copy, 1);
	assert_non_null(generation);
	assert_string_equal(generation->package, "tracker");
	assert_string_equal(generation->package_version, "1.2");
	assert_int_equal(generation->origin, STATE_ORIGIN_START);
	assert_true(generation->is_stored);
	assert_true(generation->loaded_wall_ns == slot->generations[0].loaded_wall_ns);
	assert_true(spec_is_equal(&generation->spec, &slot->generations[0].spec));
	assert_string_equal(generation->spec.package_name, "a.b");
	eub_buf_done(&buf);
	(void)state_slot_free(slot);
	(void)state_slot_free(copy);
}

static void test_history_is_bounded(void **state)
{
	struct state_slot *slot = make_slot();
	struct spec spec = SPEC_INIT;
	struct state_generation *generation = NULL;

	(void)state;
	for (unsigned int i = 0; i < 2 * STATE_HISTORY_MAX; i++) {
		assert_int_equal(state_slot_add(slot, &spec, STATE_ORIGIN_SWAP, &generation), 0);
		assert_int_equal(generation->number, i + 2);
	}
	assert_int_equal(slot->n_generations, STATE_HISTORY_MAX);
	assert_non_null(state_slot_find(slot, 1)); /* on disk, so it is not forgotten */
	assert_null(state_slot_find(slot, 2));
	assert_non_null(state_slot_find(slot, 2 * STATE_HISTORY_MAX + 1));
	state_slot_drop_last(slot);
	assert_null(state_slot_find(slot, 2 * STATE_HISTORY_MAX + 1));
	assert_int_equal(state_slot_add(slot, &spec, STATE_ORIGIN_SWAP, &generation), 0);
	assert_int_equal(generation->number, 2 * STATE_HISTORY_MAX + 2);
	(void)state_slot_free(slot);
}

/* Encodes after @spoil changed the slot's record in a way that no agent does. */
static void assert_refused(void (*spoil)(struct state_slot *slot), const char *field)
{
	struct state_slot *slot = make_slot(), *copy = NULL;
	struct eub_buf buf = EUB_BUF_INIT;
	struct eun_error err = EUN_ERROR_INIT;

	spoil(slot);
	assert_int_equal(state_slot_encode(slot, &buf), 0);
	assert_int_equal(state_slot_decode(buf.data, buf.len, &copy, &err), -EBADMSG);
	assert_non_null(strstr(err.message, field));
	eun_error_done(&err);
	eub_buf_done(&buf);
	(void)state_slot_free(slot);
}

static void spoil_current(struct state_slot *slot)
{
	slot->current = 5;
}

static void spoil_next(struct state_slot *slot)
{
	slot->next = 1;
}

static void spoil_pins(struct state_slot *slot)
{
	(void)snprintf(slot->pins, sizeof(slot->pins), "../x");
}

static void spoil_budget(struct state_slot *slot)
{
	slot->budget.events_per_second = BUDGET_MAX + 1;
}

static void spoil_number(struct state_slot *slot)
{
	slot->generations[0].number = 0;
}

static void test_contradictions_are_refused(void **state)
{
	(void)state;
	assert_refused(spoil_current, "current");
	assert_refused(spoil_next, "number");
	assert_refused(spoil_pins, "pins");
	assert_refused(spoil_number, "number");
	assert_refused(spoil_budget, "budget");
}

/* What only a foreign writer can produce. */
static void test_foreign_messages_are_refused(void **state)
{
	Eunomia__State__V1__Generation generation, *generations[STATE_HISTORY_MAX + 1];
	Eunomia__State__V1__Slot message;
	struct state_slot *slot = NULL;
	char origin[] = "nowhere", key[] = "k", name[] = "a";
	char *keys[] = { key };
	uint8_t bytes[4096];
	size_t n;

	(void)state;
	eunomia__state__v1__generation__init(&generation);
	eunomia__state__v1__slot__init(&message);
	for (size_t i = 0; i < STATE_HISTORY_MAX + 1; i++)
		generations[i] = &generation;
	message.name = name;
	message.next = 2;
	message.current = 1;
	message.generations = generations;
	message.n_generations = 1;
	generation.number = 1;
	generation.origin = origin;
	n = protobuf_c_message_pack(&message.base, bytes);
	assert_int_equal(state_slot_decode(bytes, n, &slot, NULL), -EBADMSG);
	memcpy(origin, "start", sizeof("start"));
	n = protobuf_c_message_pack(&message.base, bytes);
	assert_int_equal(state_slot_decode(bytes, n, &slot, NULL), 0);
	slot = state_slot_free(slot);
	generation.keys = keys;
	generation.n_keys = 1;
	n = protobuf_c_message_pack(&message.base, bytes);
	assert_int_equal(state_slot_decode(bytes, n, &slot, NULL), -EBADMSG);
	generation.n_keys = 0;
	message.n_generations = STATE_HISTORY_MAX + 1;
	n = protobuf_c_message_pack(&message.base, bytes);
	assert_int_equal(state_slot_decode(bytes, n, &slot, NULL), -EBADMSG);
}

/* No cut and no flipped byte may crash; what decodes all the same must be whole. */
static void test_damage(void **state)
{
	struct state_slot *slot = make_slot(), *copy = NULL;
	struct eub_buf buf = EUB_BUF_INIT;

	(void)state;
	assert_int_equal(state_slot_encode(slot, &buf), 0);
	for (size_t i = 0; i < buf.len; i++) {
		if (state_slot_decode(buf.data, i, &copy, NULL) == 0)
			copy = state_slot_free(copy);
		for (int bit = 0; bit < 8; bit++) {
			buf.data[i] = (char)(buf.data[i] ^ 1 << bit);
			if (state_slot_decode(buf.data, buf.len, &copy, NULL) == 0) {
				assert_non_null(state_slot_find(copy, copy->current));
				copy = state_slot_free(copy);
			}
			buf.data[i] = (char)(buf.data[i] ^ 1 << bit);
		}
	}
	eub_buf_done(&buf);
	(void)state_slot_free(slot);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_history_is_bounded),
		cmocka_unit_test(test_contradictions_are_refused),
		cmocka_unit_test(test_foreign_messages_are_refused),
		cmocka_unit_test(test_damage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
