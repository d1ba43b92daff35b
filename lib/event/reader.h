/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads records from a ring buffer map or a perf event array; the rest of the library cannot tell
 * them apart. Ring buffers are read from their documented pages (Documentation/bpf/ringbuf.rst), so
 * that the reader itself decides when a record counts as consumed: a record's seq is its position
 * in the ring. Perf buffers go through libbpf; their seq counts records from 1. Not thread-safe.
 */
#pragma once

#include <eunomia/error.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct eun__reader;

/* @data is valid during the call; the reader must not be freed in it. */
typedef void (*eun__record_fn)(void *userdata, const void *data, uint32_t size, uint64_t seq);
/* @count records were lost between the last record and the next. */
typedef void (*eun__record_lost_fn)(void *userdata, uint64_t count);

struct eun__reader_ops {
	eun__record_fn on_record;
	eun__record_lost_fn on_lost;
};

struct eun__reader_info {
	uint64_t size_bytes;	   /* of all its buffers */
	uint64_t used_bytes;	   /* unread now; 0 for perf buffers */
	uint64_t high_water_bytes; /* most that was unread at any read */
	uint64_t n_full; /* reads that found no room for one more record of the last size */
};

/**
 * eun__reader_new_ring() - read a BPF_MAP_TYPE_RINGBUF
 * @map_fd: duplicated
 * @ops:    borrowed, must outlive the reader
 *
 * Return: 0; -EINVAL (not a ring buffer), -errno of mmap(2), -ENOMEM.
 */
int eun__reader_new_ring(int map_fd, const struct eun__reader_ops *ops, void *userdata,
			 struct eun__reader **ret_reader, struct eun_error *err);
/* As eun__reader_new_ring() for a BPF_MAP_TYPE_PERF_EVENT_ARRAY; @pages per CPU, a power of two. */
int eun__reader_new_perf(int map_fd, size_t pages, const struct eun__reader_ops *ops,
			 void *userdata, struct eun__reader **ret_reader, struct eun_error *err);
/* Unread records are left (ring) or dropped by the kernel (perf). NULL allowed. Returns NULL. */
struct eun__reader *eun__reader_free(struct eun__reader *reader);

/**
 * eun__reader_fd() - the descriptor to poll; owned by the reader
 *
 * A ring's is readable while its committed position is behind, so also during a hold. A perf
 * buffer's is readable once per wake-up: the first look takes that away (perf_poll() in the
 * kernel), also one through an outer epoll descriptor, so whoever looked must read. Either must be
 * taken out of an epoll set before the reader is freed: a ring's shares its open file with the map,
 * and closing it alone leaves it watched.
 */
int eun__reader_fd(const struct eun__reader *reader);
/* Whether the descriptor stays readable until everything is read: true for rings. */
bool eun__reader_is_level_triggered(const struct eun__reader *reader);
/**
 * eun__reader_read() - hand up at most @budget records
 * @hold: leave the last record formally unread, so that the kernel sends no wake-up (ring only)
 *
 * Trap that it takes care of: the kernel wakes the reader only when the committed position equals
 * the new record's start, so after a commit the producer's position is looked at again.
 *
 * Return: the number of records handed up. If that is @budget there may be more, and no further
 * wake-up will tell.
 */
unsigned int eun__reader_read(struct eun__reader *reader, unsigned int budget, bool hold);
/* What was handed up lies before it: the least seq that the next record can have. */
uint64_t eun__reader_get_position(const struct eun__reader *reader);
/**
 * eun__reader_resume() - go on where a reader of another process was
 * @position: what eun__reader_get_position() said there, before or after the consumer position
 *
 * To be called before the first read.
 *
 * Return: 0; -ESTALE if the ring does not hold these records any more, or never did: then the
 * reader starts at the ring's consumer position; -EOPNOTSUPP for perf buffers, which keep nothing.
 */
int eun__reader_resume(struct eun__reader *reader, uint64_t position);
/* Where the record after the last one that was reserved will begin: for a perf buffer, as far as it
 * was read. */
uint64_t eun__reader_get_end(const struct eun__reader *reader);
void eun__reader_get_info(const struct eun__reader *reader, struct eun__reader_info *ret_info);
