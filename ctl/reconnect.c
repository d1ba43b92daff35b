/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The waits are short, because what an agent reads before its readers are back, they miss; and they
 * grow, because an agent that is not there costs a client nothing else.
 */
#include "reconnect.h"

#include "base/clock.h"
#include "base/macro.h"
#include "client.h"
#include "ctl.h"
#include "ctl_limits.h"
#include "stop_signal.h"

#include <inttypes.h>

#define NS_PER_MS 1000000u

/* Who was let in before is let in again, but an agent that starts has its socket to itself for a
 * moment. */
bool reconnect_is_passing(const struct reconnect *reconnect, const struct eun_error *err)
{
	return err->reason == EUN_REASON_UNREACHABLE ||
	       (err->reason == EUN_REASON_PERMISSION && reconnect->give_up_ns > 0);
}

static uint64_t get_patience_ms(const struct ctl *ctl)
{
	return ctl->options.reconnect_timeout_ms > 0 ? (uint64_t)ctl->options.reconnect_timeout_ms
						     : CTL_RECONNECT_TIMEOUT_MS;
}

bool reconnect_wait(struct reconnect *reconnect, struct ctl *ctl, uint64_t end_ns,
		    struct eun_error *err)
{
	uint64_t now_ns = eub_clock_mono_ns();
	uint64_t next_ns;

	if (!reconnect_is_passing(reconnect, err) || !reconnect->was_connected ||
	    ctl->options.is_not_reconnecting)
		return false;
	client_close(ctl);
	if (reconnect->give_up_ns == 0) {
		reconnect->give_up_ns = now_ns + get_patience_ms(ctl) * NS_PER_MS;
		reconnect->pause_ms = CTL_RECONNECT_FIRST_MS;
		ctl_remark(ctl, "the agent went away, waiting for it to come back");
	} else if (now_ns >= reconnect->give_up_ns) {
		eun_error_prefix(err, "gave up after %" PRIu64 " ms", get_patience_ms(ctl));
		return false;
	}
	next_ns = now_ns + (uint64_t)reconnect->pause_ms * NS_PER_MS;
	stop_signal_wait(EUB_MIN(next_ns, EUB_MIN(reconnect->give_up_ns, end_ns)));
	reconnect->pause_ms = EUB_MIN(reconnect->pause_ms * 2, (int)CTL_RECONNECT_LONGEST_MS);
	return true;
}

void reconnect_set_settled(struct reconnect *reconnect, const struct ctl *ctl)
{
	if (reconnect->give_up_ns == 0)
		return;
	reconnect->give_up_ns = 0;
	ctl_remark(ctl, "the agent is back");
}
