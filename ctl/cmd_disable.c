/* SPDX-License-Identifier: Apache-2.0 */
/* eunomiactl disable: no slot that is named comes back after a reboot; what runs goes on. */
#include "cmd_slot.h"

const struct option_row cmd_disable_options[] = { { 0 } };

enum ctl_exit cmd_disable(struct ctl *ctl)
{
	return slot_run_verb(ctl, "/eunomia.v1.Trackers/Disable");
}
