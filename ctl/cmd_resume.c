/* SPDX-License-Identifier: Apache-2.0 */
/* eunomiactl resume: for each slot that is named, the agent opens its gate again. */
#include "cmd_slot.h"

const struct option_row cmd_resume_options[] = { { 0 } };

enum ctl_exit cmd_resume(struct ctl *ctl)
{
	return slot_run_verb(ctl, "/eunomia.v1.Trackers/Resume");
}
