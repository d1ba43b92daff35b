/* SPDX-License-Identifier: Apache-2.0 */
/* eunomiactl stop: for each slot that is named, the agent detaches its tracker; what was in the
 * ring is delivered first. */
#include "cmd_slot.h"

const struct option_row cmd_stop_options[] = { { 0 } };

enum ctl_exit cmd_stop(struct ctl *ctl)
{
	return slot_run_verb(ctl, "/eunomia.v1.Trackers/Stop");
}
