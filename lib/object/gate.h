/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A gate: the small program that hangs on a hook in a tracker's stead and tail-calls the program of
 * the generation that the slot's switch word names. docs/architecture.md, "The gate", tells why.
 *
 * The generations of a slot that hang on one attach point share its gate; the last one to let go
 * detaches it. A gate is found by its key, which names the attach point.
 */
#pragma once

#include "object/attach_kind.h"
#include "object/switch.h"
#include "object/target.h"

#include <eunomia/error.h>

#include <stdint.h>

struct bpf_program;
struct eun__gate;

/**
 * eun__gate_new() - load a gate for the hook of a loaded tracker program
 * @sw:         the slot's switch; its map is kept alive by the gate
 * @kind:       static; its gate must not be EUN__GATE_NONE
 * @program:    section, type, expected attach type and flags are copied from it; borrowed
 * @program_fd: of the loaded @program: its BTF target is copied
 * @key:        of the attach point, unique among the slot's gates; copied
 *
 * Return: 0; -errno of bpf(2), with libbpf's words in @err.
 */
int eun__gate_new(const struct eun__switch *sw, const struct eun__attach_kind *kind,
		  const struct bpf_program *program, int program_fd, const char *key,
		  struct eun__gate **ret_gate, struct eun_error *err);
/**
 * eun__gate_adopt() - take over the gate that is pinned for @key under @pin_dir
 *
 * Return: 0; -ENOENT if it is not there, or not whole; -errno of bpf(2).
 */
int eun__gate_adopt(const struct eun__attach_kind *kind, const char *key, const char *pin_dir,
		    struct eun__gate **ret_gate, struct eun_error *err);
/* One more user. Returns @gate. */
struct eun__gate *eun__gate_ref(struct eun__gate *gate);
/* The last user's detaches (blocks), unpins and unloads. NULL is allowed. Returns NULL. */
struct eun__gate *eun__gate_unref(struct eun__gate *gate);
/* As eun__gate_unref(), but what is pinned stays attached. */
struct eun__gate *eun__gate_leave(struct eun__gate *gate);
const char *eun__gate_get_key(const struct eun__gate *gate);
/* The folder of its pins; "" if it has none. */
const char *eun__gate_get_pin_path(const struct eun__gate *gate);
/**
 * eun__gate_put() - make @program_fd what the gate calls at @index
 * @index: 0..EUN__GATE_ENTRIES-1
 *
 * Only at an index that the switch word does not name and did not name within the last grace
 * period.
 *
 * Return: 0; -EINVAL when the kernel finds that the program does not match the gate.
 */
int eun__gate_put(struct eun__gate *gate, uint32_t index, int program_fd);
/* Empties @index, under the same condition. */
void eun__gate_clear(struct eun__gate *gate, uint32_t index);
/**
 * eun__gate_attach() - hang the gate on its hook, if it does not yet
 * @target:        for kinds that need one
 * @perf_event_hz: sampling rate for perf_event gates
 *
 * Return: 0; -errno of attaching.
 */
int eun__gate_attach(struct eun__gate *gate, const struct eun__target *target,
		     unsigned int perf_event_hz);
/**
 * eun__gate_pin() - pin an attached gate under @pin_dir, if it is not yet
 *
 * Return: 0; -errno of mkdir(2) or bpf(2): -EINVAL or -EOPNOTSUPP where the kernel cannot pin such
 * a link.
 */
int eun__gate_pin(struct eun__gate *gate, const char *pin_dir, struct eun_error *err);
/* The gate's own program, for its run statistics; owned by the gate. */
int eun__gate_get_program_fd(const struct eun__gate *gate);
