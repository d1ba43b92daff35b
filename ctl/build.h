/* SPDX-License-Identifier: Apache-2.0 */
/* From the source of a tracker to a package. */
#pragma once

#include <eunomia/error.h>

#include "options.h"

struct build_options {
	const char *source;   /* FILE.bpf.c */
	const char *clang;    /* program name or path; NULL: "clang" */
	const char *name;     /* of the tracker; NULL: the source's stem */
	const char *out_path; /* NULL: NAME.json in the working folder */
	struct words cflags;  /* each split at blanks */
	struct words include_dirs;
};

/**
 * build_package() - compile, strip, pack and write
 * @ret_path:   the package's file; free() it
 * @ret_remark: something that the user should know, static, or NULL
 *
 * clang writes its errors to standard error. The package's file is replaced at once or not at all.
 *
 * Return: 0; -ENOENT (no source, no clang), -EINVAL (clang or packing refused it), other -errno.
 */
int build_package(const struct build_options *options, char **ret_path, const char **ret_remark,
		  struct eun_error *err);
