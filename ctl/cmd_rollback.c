/* SPDX-License-Identifier: Apache-2.0 */
/* eunomiactl rollback: lets a generation run again that is still loaded. */
#include "cmd_swap_report.h"

#include "base/cleanup.h"
#include "base/error.h"

#include <string.h>

const struct option_row cmd_rollback_options[] = {
	{ "to", 0, OPTION_GENERATION, OPTION_OFFSET(to_generation), "N", COMPLETE_NOTHING,
	  "the generation to go back to (default: the one that ran before)" },
	{ 0 },
};

enum ctl_exit cmd_rollback(struct ctl *ctl)
{
	const char *name = ctl->arguments.positional.items[0];
	Eunomia__V1__RollbackRequest request;
	_cleanup_(eub_freep) char *copy = strdup(name);
	struct eun_error err = EUN_ERROR_INIT;

	if (!copy) {
		(void)eub_error_no_memory(&err);
		return ctl_fail(ctl, name, &err);
	}
	eunomia__v1__rollback_request__init(&request);
	request.name = copy;
	request.generation = ctl->options.to_generation;
	request.expected_generation = ctl->options.expected_generation;
	return swap_report_call(ctl, "/eunomia.v1.Trackers/Rollback", &request.base, name);
}
