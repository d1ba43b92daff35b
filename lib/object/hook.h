/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A hook of a slot: an attach point with what hangs on it, a gate where the kernel takes one, else
 * the tracker's program itself. Hooks outlive generations.
 */
#pragma once

#include "object/kernel_btf.h"
#include "object/switch.h"

#include <eunomia/slot.h>

struct bpf_program;
struct eun__hook;

/**
 * eun__hook_new() - prepare the hook that a loaded program asks for; nothing is attached yet
 * @program: borrowed; for a hook without a gate it must outlive the hook
 * @index:   of the program's generation in the gate
 *
 * Return: 0; -ENOENT (EUN_REASON_NO_ATTACH_POINT), -ENOMEM, -errno of bpf(2).
 */
int eun__hook_new(const struct eun__switch *sw, struct bpf_program *program, uint32_t index,
		  struct eun__kernel_btf *btf, struct eun__hook **ret_hook, struct eun_error *err);
/* Detaches (blocks). NULL is allowed. Returns NULL. */
struct eun__hook *eun__hook_free(struct eun__hook *hook);
/* Attaches the gate, which stays closed as long as the switch is; a hook without a gate waits for
 * eun__hook_enable(). Return: 0; -errno with libbpf's words in @err. */
int eun__hook_attach(struct eun__hook *hook, struct eun_error *err);
/* For hooks without a gate: attach and detach the program; for others nothing. */
int eun__hook_enable(struct eun__hook *hook, struct eun_error *err);
void eun__hook_disable(struct eun__hook *hook);
/* Borrowed, as long as the hook lives. */
const struct eun_slot_hook *eun__hook_get_info(const struct eun__hook *hook);
/* The program whose run statistics stand for the hook; -EBADF if nothing is attached. */
int eun__hook_get_stats_fd(const struct eun__hook *hook);
