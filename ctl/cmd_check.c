/* SPDX-License-Identifier: Apache-2.0 */
/* eunomiactl check: loads a package and looks its hooks up, in this process; attaches nothing. */
#include "cmd_engine.h"

#include "base/cleanup.h"
#include "record.h"

const struct option_row cmd_check_options[] = { { 0 } };

enum ctl_exit cmd_check(struct ctl *ctl)
{
	const char *spec = ctl->arguments.positional.items[0];
	_cleanup_(eub_freep) char *name = NULL;
	struct eun_error err = EUN_ERROR_INIT;
	struct eun_engine *engine = NULL;
	struct eub_buf answer = EUB_BUF_INIT;
	enum ctl_exit status = CTL_EXIT_OK;
	int r = eun_engine_new(NULL, &engine, &err);

	if (r == 0)
		r = engine_check(ctl, engine, spec, &name, &err);
	eun_engine_free(engine);
	if (r < 0) {
		status = ctl_fail(ctl, spec, &err);
	} else if (!ctl->options.is_quiet) {
		eub_buf_append_str(&answer, "would run here: ");
		record_append_name(&answer, name);
		status = ctl_print(ctl, &answer);
	}
	eun_error_done(&err);
	return status;
}
