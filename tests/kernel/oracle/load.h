/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What makes the events: one thread on each processor, which makes numbered calls as fast as it
 * may. It may be ahead of the reader by a bounded number of calls only, so that no ring runs full.
 */
#pragma once

#include "judge.h"

#include <stdint.h>

struct flood;

enum load_kind {
	LOAD_SYSCALL,	/* sched_get_priority_max(2), which hardly anybody calls */
	LOAD_PRCTL,	/* prctl(2) */
	LOAD_FUNCTIONS, /* oracle_first() and oracle_second() of this program */
	LOAD_FAULTS,	/* page faults */
	LOAD_PACKETS,	/* a datagram to itself by the loopback interface */
	_LOAD_KIND_MAX,
};

/* Of LOAD_FAULTS: region t begins at base + t * 2^stride_bits. */
struct load_regions {
	uint64_t base;
	uint32_t stride_bits;
};

unsigned int load_get_n_threads(void);

/* @program_fd: for LOAD_FAULTS, the program to run at each fault. @judge: borrowed until
 * flood_stop(); says how many calls a thread may make. */
struct flood *flood_start(enum load_kind kind, struct judge *judge, uint32_t calls_max,
			  const struct load_regions *regions, int program_fd);
/* Every thread may make @lead more calls than it has made now. */
void flood_allow(struct flood *flood, uint32_t lead);
uint64_t flood_get_n_calls(const struct flood *flood);
/* Ends the threads and frees it. Return: 0; -errno of the first call that failed. */
int flood_stop(struct flood *flood);

/* Reserves addresses for LOAD_FAULTS; -errno. */
int load_regions_map(struct load_regions *regions, uint32_t calls_max);
void load_regions_unmap(const struct load_regions *regions);
