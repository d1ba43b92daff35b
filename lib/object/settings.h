/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Global variables of a tracker, set before it is loaded: "--set NAME=VALUE" and the tracker's own
 * command line (docs/package-format.md, "Settings and arguments").
 */
#pragma once

#include <eunomia/error.h>
#include <eunomia/package.h>
#include <eunomia/slot.h>

struct bpf_object;

/**
 * eun__settings_apply() - write defaults, settings and arguments, in this order
 * @object:  opened, not loaded
 * @package: says which variables exist and how their options are called
 *
 * Return: 0; -ENOENT (EUN_REASON_NOT_FOUND: no such variable, near names in the hint), -EINVAL
 * (EUN_REASON_INVALID_ARGUMENT: the value does not fit the variable's type).
 */
int eun__settings_apply(struct bpf_object *object, const struct eun_package *package,
			const struct eun_slot_options *options, struct eun_error *err);
