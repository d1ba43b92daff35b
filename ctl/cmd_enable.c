/* SPDX-License-Identifier: Apache-2.0 */
/* eunomiactl enable: each slot that is named comes back after a reboot. */
#include "cmd_slot.h"

const struct option_row cmd_enable_options[] = { { 0 } };

enum ctl_exit cmd_enable(struct ctl *ctl)
{
	return slot_run_verb(ctl, "/eunomia.v1.Trackers/Enable");
}
