/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counting what finds no room in a ring or perf buffer, for trackers that do not do so themselves.
 * How, and what the count means: docs/events.md, "Losses and accounting".
 */
#pragma once

#include "base/buf.h"

#include <eunomia/error.h>

#include <stddef.h>
#include <stdint.h>

/* The map in which trackers built with bpf/include/eunomia.bpf.h count. */
#define EUN__RING_COUNT_MAP "eunomia_lost"

/* Where to count: a uint64_t in the value of an array map of one entry. */
struct eun__ring_counter {
	int map_fd;	 /* programs that count hold the map; the descriptor may be closed */
	uint32_t offset; /* in bytes, a multiple of 8 */
};

/**
 * eun__ring_count_add() - make an object count its failed calls of the helpers that write events
 * @image: a checked object file (eun__elf_init()), @size bytes
 * @out:   empty; gets the object to open in its stead
 *
 * Every call of one (bpf_ringbuf_reserve(), bpf_perf_event_output() and their like) becomes a call
 * of a function that is appended to the object. The numbers of its types stay as they were. The
 * verifier has the last word: be prepared to load the original instead.
 *
 * Return: the number of calls that are counted now; 0 if there are none or the object counts
 * itself, and @out is empty; -EINVAL, -EOPNOTSUPP (a form of object that is not understood);
 * -ENOMEM.
 */
int eun__ring_count_add(const void *image, size_t size, const struct eun__ring_counter *counter,
			struct eub_buf *out, struct eun_error *err);
