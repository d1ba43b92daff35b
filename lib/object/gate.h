/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A gate: the small program that hangs on a hook in a tracker's stead and tail-calls the program of
 * the generation that the slot's switch word names. docs/architecture.md, "The gate", tells why.
 */
#pragma once

#include "object/attach_kind.h"
#include "object/switch.h"

#include <eunomia/error.h>

#include <stdint.h>

struct bpf_program;
struct eun__gate;

/**
 * eun__gate_new() - load a gate for the hook of a loaded tracker program
 * @sw:      the slot's switch; its map is kept alive by the gate
 * @kind:    static; its gate must not be EUN__GATE_NONE
 * @program: a loaded program: type, expected attach type and target are copied from it; borrowed
 *
 * Return: 0; -errno of bpf(2), with libbpf's words in @err.
 */
int eun__gate_new(const struct eun__switch *sw, const struct eun__attach_kind *kind,
		  const struct bpf_program *program, struct eun__gate **ret_gate,
		  struct eun_error *err);
/* Detaches (blocks) and unloads. NULL is allowed. Returns NULL. */
struct eun__gate *eun__gate_free(struct eun__gate *gate);
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
/**
 * eun__gate_attach() - hang the gate on its hook
 * @perf_event_hz: sampling rate for perf_event gates
 *
 * Return: 0; -errno of attaching.
 */
int eun__gate_attach(struct eun__gate *gate, unsigned int perf_event_hz);
/* The gate's own program, for its run statistics; owned by the gate. */
int eun__gate_get_program_fd(const struct eun__gate *gate);
