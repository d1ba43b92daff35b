/* SPDX-License-Identifier: Apache-2.0 */
/* Does a hook exist on this machine, and if not, which names are near? */
#pragma once

#include "object/attach_kind.h"
#include "object/kernel_btf.h"
#include "object/target.h"

#include <eunomia/error.h>

/**
 * eun__attach_point_check() - look an attach point up
 * @section: the program's section, which names the attach point
 *
 * Kinds whose points cannot be enumerated pass; attaching will tell.
 *
 * Return: 0; -EOPNOTSUPP (EUN_REASON_UNSUPPORTED): the kernel has no hooks of this kind, or never
 * calls them; -ENOENT (EUN_REASON_NO_ATTACH_POINT) with the attach point in @err->subject and near
 * names in the hint.
 */
int eun__attach_point_check(const struct eun__attach_kind *kind, const char *section,
			    struct eun__kernel_btf *btf, struct eun_error *err);
/**
 * eun__attach_point_check_target() - look a target up; none passes
 *
 * Return: 0; -ENOENT (EUN_REASON_NO_TARGET): no such interface, in this process's network,
 * or no such folder; -EINVAL (EUN_REASON_INVALID_ARGUMENT): a folder that is no cgroup v2; -errno.
 */
int eun__attach_point_check_target(const struct eun__target *target, struct eun_error *err);
