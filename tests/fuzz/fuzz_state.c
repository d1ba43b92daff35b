/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as the record of a slot in the state folder, behind a head whose checksum is right:
 * what is taken must keep to its bounds, and be the same after it was written and read again.
 */
#include "fuzz.h"

#include "state_slot.h"

#include "base/str.h"

#include <assert.h>

static void check_bounds(const struct state_slot *slot)
{
	assert(slot->n_generations <= STATE_HISTORY_MAX);
	assert(strlen(slot->name) < STATE_NAME_MAX);
	assert(!strchr(slot->pins, '/'));
	for (size_t i = 0; i < slot->n_generations; i++) {
		const struct state_generation *generation = &slot->generations[i];

		assert(generation->number > 0 && generation->number < slot->next);
		assert(generation->spec.keys.n == generation->spec.values.n);
		assert((unsigned int)generation->origin < _STATE_ORIGIN_MAX);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct state_slot *slot = NULL;
	struct state_slot *again = NULL;
	struct eub_buf bytes = EUB_BUF_INIT;
	struct eub_buf bytes_again = EUB_BUF_INIT;

	if (state_slot_decode(data, size, &slot, NULL) < 0)
		return 0;
	check_bounds(slot);
	assert(state_slot_encode(slot, &bytes) == 0);
	assert(state_slot_decode(bytes.data, bytes.len, &again, NULL) == 0);
	assert(state_slot_encode(again, &bytes_again) == 0);
	assert(bytes.len == bytes_again.len &&
	       memcmp(bytes.data, bytes_again.data, bytes.len) == 0);
	eub_buf_done(&bytes);
	eub_buf_done(&bytes_again);
	(void)state_slot_free(slot);
	(void)state_slot_free(again);
	return 0;
}
