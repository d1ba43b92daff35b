/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A hook of a generation: one of its programs with the attach point it hangs on, behind a gate
 * where the kernel takes one, else by itself. Generations that hang on the same point share the
 * gate.
 */
#pragma once

#include "object/gate.h"
#include "object/kernel_btf.h"
#include "object/object.h"
#include "object/switch.h"

#include <eunomia/slot.h>

struct bpf_program;
struct eun__hook;

/* What the hooks of one generation have in common. Borrowed. */
struct eun__hook_context {
	const struct eun__switch *sw;
	const struct eun__object *object;
	const struct eun_slot_options *options;
	struct eun__kernel_btf *btf;
	uint32_t index;	     /* of the generation in the gates */
	uint32_t generation; /* its number */
	const char *pin_dir; /* of the slot; NULL: nothing is pinned */
	/* The slot's gate with this key, from any generation that is loaded; NULL if there is none.
	 */
	struct eun__gate *(*find_gate)(const void *userdata, const char *key);
	const void *userdata;
	/* The generation's hooks so far. */
	struct eun__hook *const *previous;
	size_t n_previous;
};

/**
 * eun__hook_new() - prepare the hook that a loaded program asks for; nothing is attached yet
 * @program: of the context's object; it must outlive the hook
 *
 * A program behind a gate is put in at the context's index.
 *
 * Return: 0; -ENOENT (EUN_REASON_NO_ATTACH_POINT), -EINVAL (bad target), -ENOMEM, -errno of bpf(2).
 */
int eun__hook_new(const struct eun__hook_context *context, struct bpf_program *program,
		  struct eun__hook **ret_hook, struct eun_error *err);
/**
 * eun__hook_adopt() - take over the hook of a program of an adopted object
 *
 * Return: 0; -ENOENT: what hung there is not pinned any more; -ENOMEM, -errno of bpf(2).
 */
int eun__hook_adopt(const struct eun__hook_context *context, struct bpf_program *program,
		    struct eun__hook **ret_hook, struct eun_error *err);
/* Detaches (blocks) what no other generation uses. NULL is allowed. Returns NULL. */
struct eun__hook *eun__hook_free(struct eun__hook *hook);
/* As eun__hook_free(), but what is pinned stays attached. */
struct eun__hook *eun__hook_leave(struct eun__hook *hook);
/* Attaches the gate, and pins it; a hook without a gate waits for eun__hook_enable(). Return: 0;
 * -errno with libbpf's words in @err. */
int eun__hook_attach(struct eun__hook *hook, struct eun_error *err);
/* Pins what eun__hook_attach() attached. Return: 0; as eun__gate_pin(). */
int eun__hook_pin(struct eun__hook *hook, struct eun_error *err);
/* For hooks without a gate: attach (and pin) and detach the program; for others nothing. */
int eun__hook_enable(struct eun__hook *hook, struct eun_error *err);
void eun__hook_disable(struct eun__hook *hook);
/* Borrowed, as long as the hook lives. */
const struct eun_slot_hook *eun__hook_get_info(const struct eun__hook *hook);
/* Names the attach point, the same in every generation; never NULL. */
const char *eun__hook_get_key(const struct eun__hook *hook);
/* NULL for a hook without a gate. */
struct eun__gate *eun__hook_get_gate(const struct eun__hook *hook);
/* The program whose run statistics stand for the hook; -EBADF if nothing is attached. */
int eun__hook_get_stats_fd(const struct eun__hook *hook);
