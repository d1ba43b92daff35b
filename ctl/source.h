/* SPDX-License-Identifier: Apache-2.0 */
/* What a SOURCE on the command line stands for. */
#pragma once

#include <eunomia/error.h>

#include "base/buf.h"

enum source_flags {
	/* A name that is not installed here may be known to the agent. */
	SOURCE_MAY_BE_REMOTE = 1 << 0,
};

struct source {
	struct eub_buf data; /* the package; empty if it is @tracker */
	char *name;	     /* what to call it where the package has no name, or NULL */
	char *tracker;	     /* name of a tracker that the agent is to look up, or NULL */
};

/**
 * source_load() - read a package from wherever it is
 * @spec:  a literal package (it begins with '{'), "-" for standard input, an http(s) URL, an
 *         existing file, or the name of an installed tracker; tried in this order
 * @flags: of enum source_flags
 *
 * Return: 0; -ENOENT with near matches; -EFBIG (TOO_LARGE), -ENOMEM, other -errno of reading. On
 * failure @ret_source need not be released.
 */
int source_load(const char *spec, unsigned int flags, struct source *ret_source,
		struct eun_error *err);
void source_done(struct source *source);
/* Folder of installed trackers: EUNOMIA_TRACKERS_DIR of the environment, or the one chosen when
 * this was built. */
const char *source_get_folder(void);
/* The file name in @path without folders and without what follows the first dot; free() it. */
char *source_stem(const char *path);
