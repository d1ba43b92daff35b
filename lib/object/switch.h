/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The switch word: one mapped word that every gate of a slot reads. Storing an index in it makes
 * all hooks of the slot run that generation from one instant on: no system call, nothing patched.
 */
#pragma once

#include <eunomia/error.h>

#include <stdint.h>

/* An index at which no gate has a program: gates return their neutral verdict and count it. */
#define EUN__SWITCH_CLOSED UINT32_MAX

/*
 * The map's value. The counter has a cache line of its own: while a gate is closed it is written by
 * every CPU, and the word beside it is read by every event.
 */
struct eun__switch_value {
	uint32_t index;
	uint32_t padding[15];
	uint64_t skipped;
	uint64_t padding2[7];
};

struct eun__switch;

/* A closed switch. Return: 0; -errno of bpf(2) or mmap(2), -ENOMEM. */
int eun__switch_new(struct eun__switch **ret_switch, struct eun_error *err);
/* NULL is allowed. Returns NULL. Gates that hold the map keep it alive. */
struct eun__switch *eun__switch_free(struct eun__switch *sw);
int eun__switch_get_map_fd(const struct eun__switch *sw);
/* One aligned store with release order. */
void eun__switch_set(struct eun__switch *sw, uint32_t index);
uint32_t eun__switch_get(const struct eun__switch *sw);
/* Invocations that found the gate closed, since the switch was made. */
uint64_t eun__switch_get_skipped(const struct eun__switch *sw);
