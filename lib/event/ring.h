/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Private to lib/event: the consumer's half of the BPF ring buffer protocol, on three pieces of
 * memory that somebody else has mapped. Apart from the mapping, so that tests can play the kernel.
 */
#pragma once

#include "event/reader.h"

struct eun__ring {
	unsigned long *consumer;       /* written by us alone */
	const unsigned long *producer; /* written by the kernel */
	const uint8_t *data;	       /* size bytes, mapped twice in a row */
	size_t size;		       /* a power of two */
	unsigned long position;	       /* of the first record that was not handed up */
	unsigned long committed;       /* what the kernel has been told; <= position */
	unsigned long found;	       /* the consumer position that was there at the start */
	unsigned long last_start;      /* of the last record before position */
	size_t last_step;	       /* bytes from one to the other, 0 if there was none */
	uint64_t high_water_bytes;
	uint64_t n_full;
};

/**
 * eun__ring_init() - start at the consumer position that is written in the ring
 *
 * Return: 0; -EINVAL if the positions contradict each other.
 */
int eun__ring_init(struct eun__ring *ring, unsigned long *consumer, const unsigned long *producer,
		   const void *data, size_t size);
/* As eun__reader_resume(). */
int eun__ring_resume(struct eun__ring *ring, uint64_t position);
/* As eun__reader_read(). */
unsigned int eun__ring_read(struct eun__ring *ring, const struct eun__reader_ops *ops,
			    void *userdata, unsigned int budget, bool hold);
/* Where the next record will be reserved. */
uint64_t eun__ring_get_end(const struct eun__ring *ring);
/* Bytes that were not handed up. */
uint64_t eun__ring_used(const struct eun__ring *ring);
