/* SPDX-License-Identifier: Apache-2.0 */
/* What kinds of hooks need of the kernel, and whether the running one has it. */
#pragma once

#include "object/attach_kind.h"

#include <eunomia/error.h>

#define EUN__REMARK_MAX 256

/**
 * eun__need_check() - does the kernel have what hooks of this kind need?
 *
 * Looks at versions and files, and tries; nothing stays loaded. Kinds of which nothing is known
 * pass.
 *
 * Return: 0; -EOPNOTSUPP (EUN_REASON_UNSUPPORTED) with the cause and what can be done.
 */
int eun__need_check(const struct eun__attach_kind *kind, struct eun_error *err);
/**
 * eun__need_check_lsm() - are LSM programs called?
 * @path: EUB_LSM_PATH, or a file like it
 *
 * Where the list of active modules cannot be read, they may be: that passes.
 *
 * Return: as eun__need_check().
 */
int eun__need_check_lsm(const char *path, struct eun_error *err);
/* What cannot be known about hooks of this kind on this machine; "" if nothing. @path as above. */
void eun__need_get_remark(const struct eun__attach_kind *kind, const char *path,
			  char ret_remark[static EUN__REMARK_MAX]);
