/* SPDX-License-Identifier: Apache-2.0 */
/* eunomiactl build: makes a package of a tracker's source and prints the name of its file. */
#include "ctl.h"

#include "base/cleanup.h"
#include "build.h"
#include "record.h"
#include "stop_signal.h"

const struct option_row cmd_build_options[] = {
	{ "output-file", 'o', OPTION_STRING, OPTION_OFFSET(out_path), "FILE", COMPLETE_FILE,
	  "file of the package (default: NAME.json)" },
	{ "name", 'n', OPTION_STRING, OPTION_OFFSET(name), "NAME", COMPLETE_NOTHING,
	  "name of the tracker (default: FILE without its suffix)" },
	{ "include", 'I', OPTION_WORDS, OPTION_OFFSET(include_dirs), "DIR", COMPLETE_FOLDER,
	  "look for headers there, too; may be repeated" },
	{ "cflags", 0, OPTION_WORDS, OPTION_OFFSET(cflags), "FLAGS", COMPLETE_NOTHING,
	  "words for clang, separated by blanks; may be repeated" },
	{ "clang", 0, OPTION_STRING, OPTION_OFFSET(clang), "PATH", COMPLETE_FILE,
	  "the compiler (default: clang)" },
	{ 0 },
};

enum ctl_exit cmd_build(struct ctl *ctl)
{
	const struct build_options options = {
		.source = ctl->arguments.positional.items[0],
		.clang = ctl->options.clang,
		.name = ctl->options.name,
		.out_path = ctl->options.out_path,
		.cflags = ctl->options.cflags,
		.include_dirs = ctl->options.include_dirs,
	};
	_cleanup_(eub_freep) char *path = NULL;
	const char *remark = NULL;
	struct eun_error err = EUN_ERROR_INIT;
	struct eub_buf answer = EUB_BUF_INIT;
	enum ctl_exit status = CTL_EXIT_OK;

	/* A signal ends clang too; then there is a temporary folder to remove. */
	stop_signal_catch();
	if (build_package(&options, &path, &remark, &err) < 0) {
		status = ctl_fail(ctl, options.source, &err);
	} else {
		if (remark)
			ctl_remark(ctl, "%s", remark);
		if (!ctl->options.is_quiet)
			record_append_name(&answer, path);
		status = ctl_print(ctl, &answer);
	}
	eun_error_done(&err);
	return status;
}
