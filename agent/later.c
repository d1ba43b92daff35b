/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One timer for all that wait. Nothing here knows who that is: whoever fails at a retry notes it
 * again, and when nobody does the timer rests.
 */
#include "later.h"

#include "base/macro.h"

#include <stdbool.h>

int later_init(struct later *later, uv_loop_t *loop)
{
	later->delay_ms = LATER_FIRST_MS;
	later->timer.data = later;
	return uv_timer_init(loop, &later->timer);
}

static void on_timer(uv_timer_t *timer)
{
	struct later *later = timer->data;

	later->on_retry(later->userdata);
}

void later_note(struct later *later)
{
	if (uv_is_active((const uv_handle_t *)&later->timer))
		return;
	(void)uv_timer_start(&later->timer, on_timer, later->delay_ms, 0); /* not closing */
	later->delay_ms = EUB_MIN(2 * later->delay_ms, (uint64_t)LATER_MOST_MS);
}

void later_reset(struct later *later)
{
	bool is_noted = uv_is_active((const uv_handle_t *)&later->timer);

	later->delay_ms = LATER_FIRST_MS;
	if (!is_noted)
		return;
	(void)uv_timer_stop(&later->timer); /* cannot fail */
	later_note(later);
}
