/* SPDX-License-Identifier: Apache-2.0 */
/* Calls that make events, with a number in each; of one kind, by one thread. */
#pragma once

#include <stdint.h>

enum load_kind {
	LOAD_SYSCALL,	/* sched_get_priority_max(2), which hardly anybody calls */
	LOAD_PRCTL,	/* prctl(2) */
	LOAD_FUNCTIONS, /* oracle_first() and oracle_second() of this program */
	LOAD_FAULTS,	/* page faults */
	LOAD_PACKETS,	/* a datagram to itself by the loopback interface */
	_LOAD_KIND_MAX,
};

/* Addresses of LOAD_FAULTS: caller t has those from base + t * 2^stride_bits. */
struct load_regions {
	uint64_t base;
	uint32_t stride_bits;
	unsigned int n_callers;
};

struct load {
	enum load_kind kind;
	unsigned int index; /* of the caller */
	struct load_regions regions;
	int program_fd;
	int fd; /* a socket to itself, or the counter of faults */
};

/**
 * load_open() - prepare to make calls
 * @index:      of this thread among all callers
 * @regions:    for LOAD_FAULTS
 * @program_fd: for LOAD_FAULTS: the program to run at each fault; borrowed until load_close()
 *
 * Return: 0; -errno.
 */
int load_open(struct load *load, enum load_kind kind, unsigned int index,
	      const struct load_regions *regions, int program_fd);
/**
 * load_call() - make one call
 * @number: of the call; LOAD_FAULTS takes each from 1 to calls_max once after load_open()
 *
 * Return: 0; -EPROTO if the call did not end as it must; -errno.
 */
int load_call(struct load *load, uint64_t number);
void load_close(struct load *load);

/* Of this process's programs of type perf_event the one that is not called @tracker: the gate of
 * the one slot that has such a tracker. Return: its descriptor, borrowed; -ENOENT. */
int load_find_gate(const char *tracker);
/* Reserves addresses for LOAD_FAULTS. Return: 0; -errno. */
int load_regions_map(struct load_regions *regions, unsigned int n_callers, uint32_t calls_max);
void load_regions_unmap(const struct load_regions *regions);
