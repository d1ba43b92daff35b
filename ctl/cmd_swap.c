/* SPDX-License-Identifier: Apache-2.0 */
/*
 * eunomiactl swap: puts a package in the place of the one that runs in a slot. Without a SOURCE it
 * is the same package once more, with the settings of the command line in place of those that it
 * had.
 */
#include "base/str.h"
#include "cmd_start_request.h"
#include "cmd_swap_report.h"

#define NS_PER_MS 1000000u

const struct option_row cmd_swap_options[] = {
	{ "maps", 0, OPTION_STRING, OPTION_OFFSET(maps), "reuse|fresh", COMPLETE_MAPS,
	  "maps of equal layout: keep their contents (reuse), or not (fresh)" },
	{ "dry-run", 0, OPTION_FLAG, OPTION_OFFSET(is_dry_run), NULL, COMPLETE_NOTHING,
	  "load, verify and report, but change nothing" },
	{ "probation", 0, OPTION_DURATION, OPTION_OFFSET(probation_ms), "SECONDS", COMPLETE_NOTHING,
	  "go back if the new generation does worse within this time" },
	{ 0 },
};

static const struct {
	const char *name;
	Eunomia__V1__MapPolicy policy;
} policies[] = {
	{ "reuse", EUNOMIA__V1__MAP_POLICY__MAP_POLICY_REUSE },
	{ "fresh", EUNOMIA__V1__MAP_POLICY__MAP_POLICY_FRESH },
};

static int find_policy(const char *name, Eunomia__V1__MapPolicy *ret_policy, struct eun_error *err)
{
	for (size_t i = 0; i < EUB_ARRAY_SIZE(policies); i++) {
		if (eub_streq(policies[i].name, name)) {
			*ret_policy = policies[i].policy;
			return 0;
		}
	}
	return eun_error_set(err, -EINVAL, EUN_REASON_INVALID_ARGUMENT,
			     "option '--maps' wants 'reuse' or 'fresh', not '%.80s'", name);
}

/* Fills @request from the command line; @start is what it borrows. */
static int prepare(const struct ctl *ctl, struct start_request *start,
		   Eunomia__V1__SwapRequest *request, struct eun_error *err)
{
	const struct words *words = &ctl->arguments.positional;
	const struct options *options = &ctl->options;
	int r = options->maps ? find_policy(options->maps, &request->maps, err) : 0;

	if (r == 0)
		r = start_request_init(start, ctl, words->n > 1 ? words->items[1] : NULL,
				       words->items[0], err);
	if (r < 0)
		return r;
	request->start = &start->message;
	request->expected_generation = options->expected_generation;
	request->dry_run = options->is_dry_run;
	request->probation_ns = (uint64_t)options->probation_ms * NS_PER_MS;
	return 0;
}

enum ctl_exit cmd_swap(struct ctl *ctl)
{
	const char *name = ctl->arguments.positional.items[0];
	Eunomia__V1__SwapRequest request = EUNOMIA__V1__SWAP_REQUEST__INIT;
	struct start_request start = { 0 };
	struct eun_error err = EUN_ERROR_INIT;
	enum ctl_exit status;

	if (prepare(ctl, &start, &request, &err) < 0) {
		status = ctl_fail(ctl, name, &err);
		/* It is the package that was not found. */
		if (status == CTL_EXIT_NO_SLOT)
			status = CTL_EXIT_FAILED;
	} else {
		status = swap_report_call(ctl, "/eunomia.v1.Trackers/Swap", &request.base, name);
	}
	start_request_done(&start);
	eun_error_done(&err);
	return status;
}
