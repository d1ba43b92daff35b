/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A thread on each processor that makes numbered calls as fast as it may: it may be ahead of the
 * reader by a bounded number of calls only, so that no ring runs full.
 */
#pragma once

#include "judge.h"
#include "load.h"

#include <stdint.h>

struct flood;

unsigned int flood_get_n_threads(void);

/**
 * flood_start() - begin; nothing is allowed yet
 * @judge:      told of each call; borrowed until flood_stop()
 * @calls_max:  of a thread
 * @regions:    as load_open()
 * @program_fd: as load_open()
 */
struct flood *flood_start(enum load_kind kind, struct judge *judge, uint32_t calls_max,
			  const struct load_regions *regions, int program_fd);
/* Every thread may make @lead more calls than it has made now. */
void flood_allow(struct flood *flood, uint32_t lead);
uint64_t flood_get_n_calls(const struct flood *flood);
/* Ends the threads and frees it. Return: 0; -errno of the first call that failed. */
int flood_stop(struct flood *flood);
