/* SPDX-License-Identifier: Apache-2.0 */
/* eunomiactl pause: for each slot that is named, the agent closes its gate; the tracker stays
 * attached. */
#include "cmd_slot.h"

const struct option_row cmd_pause_options[] = { { 0 } };

enum ctl_exit cmd_pause(struct ctl *ctl)
{
	return slot_run_verb(ctl, "/eunomia.v1.Trackers/Pause");
}
