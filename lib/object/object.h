/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The BPF object of one generation: a package's object, opened with the kernel types that it needs,
 * its variables set, loaded and verified. It attaches nothing; hooks do.
 */
#pragma once

#include "object/kernel_btf.h"

#include <eunomia/error.h>
#include <eunomia/package.h>
#include <eunomia/slot.h>

struct bpf_object;
struct bpf_program;
struct eun__object;

/**
 * eun__object_load() - open and load a package's object
 * @package: borrowed; must outlive the object
 * @options: settings, arguments and ring size; borrowed during the call
 *
 * Blocks for verification. Optional programs ("?section") are loaded if their attach point exists.
 *
 * Return: 0; -EINVAL, -ENOENT, -EACCES or -EPERM (EUN_REASON_VERIFIER with the log's end in
 * @err->log, or EUN_REASON_PERMISSION), -EOPNOTSUPP, -ENOMEM, other -errno of bpf(2).
 */
int eun__object_load(const struct eun_package *package, const struct eun_slot_options *options,
		     struct eun__kernel_btf *btf, struct eun__object **ret_object,
		     struct eun_error *err);
/* NULL is allowed. Returns NULL. */
struct eun__object *eun__object_free(struct eun__object *object);
/* Borrowed. */
struct bpf_object *eun__object_get_bpf(const struct eun__object *object);
/* Loaded programs in the object's order; @previous NULL for the first; NULL after the last. */
struct bpf_program *eun__object_next_program(const struct eun__object *object,
					     struct bpf_program *previous);
