/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The BPF object of one generation: a package's object, opened with the kernel types that it needs,
 * its variables set, loaded and verified. It attaches nothing; hooks do.
 */
#pragma once

#include "object/kernel_btf.h"
#include "object/ring_count.h"

#include <eunomia/error.h>
#include <eunomia/package.h>
#include <eunomia/slot.h>

struct bpf_object;
struct bpf_program;
struct eun__object;

/**
 * eun__object_prepare() - open a package's object and set its variables; nothing is loaded
 * @package: borrowed; must outlive the object
 * @options: settings, arguments and ring size; borrowed during the call
 * @counter: where programs count what finds no room in a ring, unless they do so themselves; NULL:
 *	     nowhere
 *
 * Optional programs ("?section") are chosen if their attach point exists.
 *
 * Return: 0; -EINVAL, -ENOENT, -ENOMEM.
 */
int eun__object_prepare(const struct eun_package *package, const struct eun_slot_options *options,
			const struct eun__ring_counter *counter, struct eun__kernel_btf *btf,
			struct eun__object **ret_object, struct eun_error *err);
/* Whether it was prepared with a counter, and uses it. */
bool eun__object_has_counter(const struct eun__object *object);
/* Whether a loaded or adopted program uses the map @map_fd. */
bool eun__object_uses_map(const struct eun__object *object, int map_fd);
/**
 * eun__object_load() - load an opened object; maps that were given to it (map_reuse.h) are its own
 *
 * Blocks for verification.
 *
 * Return: 0; -EACCES or -EPERM (EUN_REASON_VERIFIER with the log's end in @err->log, or
 * EUN_REASON_PERMISSION), -EOPNOTSUPP, -ENOMEM, other -errno of bpf(2).
 */
int eun__object_load(struct eun__object *object, struct eun__kernel_btf *btf,
		     struct eun_error *err);
/* Pins every map and loaded program in the folder @dir, which must exist. Return: 0; -errno. */
int eun__object_pin(const struct eun__object *object, const char *dir, struct eun_error *err);
/**
 * eun__object_adopt() - the object that another process loaded and pinned in @dir
 * @package: the one that it was loaded from; borrowed, must outlive the object
 *
 * Return: 0; -ENOENT: a map is not there; -EINVAL, -ENOMEM, -errno of bpf(2).
 */
int eun__object_adopt(const struct eun_package *package, const char *dir,
		      struct eun__object **ret_object, struct eun_error *err);
/* NULL is allowed. Returns NULL. */
struct eun__object *eun__object_free(struct eun__object *object);
/* Borrowed. */
struct bpf_object *eun__object_get_bpf(const struct eun__object *object);
/* The descriptor of a loaded or adopted program; owned by the object. */
int eun__object_get_program_fd(const struct eun__object *object, const struct bpf_program *program);
/* Loaded programs in the object's order; @previous NULL for the first; NULL after the last. */
struct bpf_program *eun__object_next_program(const struct eun__object *object,
					     struct bpf_program *previous);
