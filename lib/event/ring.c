/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Consumer of a BPF ring buffer (kernel: Documentation/bpf/ringbuf.rst, kernel/bpf/ringbuf.c).
 *
 * Positions count bytes since the ring was made and never go back; a record is an 8-byte header and
 * its data, rounded up to 8. The kernel reserves a record (length with the busy bit), and commits
 * it by clearing that bit. It then looks at the consumer's position and wakes the reader only if
 * that is where the record starts: a reader that has not got so far will find the record by itself.
 *
 * Two consequences. A reader that leaves its last record unread, formally, is never woken: that is
 * what "hold" does, so what was handed up (position) is kept apart from what is committed. And
 * between a commit of ours and going to sleep there must be one more look at the ring, with a full
 * barrier in between, as the kernel has one between its two steps: without it both sides may read
 * the other's old word, and nobody is woken.
 *
 * The pages are the kernel's, yet every length is checked: an impossible one makes the reader give
 * up what is in the ring, say so as a loss, and go on at the producer's position.
 *
 * The consumer position says what may be written over, and is told to the kernel at once. What the
 * sinks have taken is kept elsewhere (lib/engine/ledger.h) and is behind it. A reader that comes
 * after a crash goes back there (resume): the bytes of a record stay what they are until the ring
 * has come round, so they are whole if the producer is at most the ring's size ahead. Holding the
 * consumer position back instead would save no record: the ring would be full as soon as these are
 * written over now, and the kernel would wake nobody meanwhile.
 */
#include "event/ring.h"

#include "base/macro.h"

#include <errno.h>
#include <linux/bpf.h>

#define RECORD_ALIGN 8

/* What became of the record at the position. */
enum step_result {
	STEP_RECORD,
	STEP_DISCARDED,
	STEP_BUSY, /* reserved, not committed yet */
	STEP_CORRUPT,
};

static unsigned long load_end(const unsigned long *producer)
{
	return __atomic_load_n(producer, __ATOMIC_ACQUIRE) & ~(RECORD_ALIGN - 1UL);
}

int eun__ring_init(struct eun__ring *ring, unsigned long *consumer, const unsigned long *producer,
		   const void *data, size_t size)
{
	unsigned long start = __atomic_load_n(consumer, __ATOMIC_ACQUIRE);
	unsigned long end = load_end(producer);

	if (end - start > size || start % RECORD_ALIGN != 0)
		return -EINVAL;
	*ring = (struct eun__ring){ .consumer = consumer,
				    .producer = producer,
				    .data = data,
				    .size = size,
				    .position = start,
				    .committed = start,
				    .found = start,
				    .last_start = start };
	return 0;
}

static void store_consumer(struct eun__ring *ring, unsigned long position)
{
	ring->committed = position;
	__atomic_store_n(ring->consumer, position, __ATOMIC_RELEASE);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

/* Whether the ring still holds what was written from @position on. */
static bool holds(const struct eun__ring *ring, unsigned long position)
{
	return load_end(ring->producer) - position <= ring->size;
}

int eun__ring_resume(struct eun__ring *ring, uint64_t position)
{
	unsigned long start = (unsigned long)position;

	if (start != position || start % RECORD_ALIGN != 0 || !holds(ring, start))
		return -ESTALE;
	store_consumer(ring, start);
	/* From here on the kernel writes over nothing; had it begun to just before? */
	if (!holds(ring, start)) {
		store_consumer(ring, ring->found);
		return -ESTALE;
	}
	ring->position = start;
	ring->last_start = start;
	ring->last_step = 0;
	return 0;
}

/* Looks at the record at the position; @available bytes of the ring are in use from there. */
static enum step_result look(struct eun__ring *ring, unsigned long available,
			     const uint8_t **ret_data, uint32_t *ret_size)
{
	const uint8_t *header = ring->data + (ring->position & (ring->size - 1));
	/* The ring and its positions are 8-aligned, so the header is. */
	const uint32_t *word = (const uint32_t *)(const void *)header;
	uint32_t length = __atomic_load_n(word, __ATOMIC_ACQUIRE);
	uint32_t size = length & ~(BPF_RINGBUF_BUSY_BIT | BPF_RINGBUF_DISCARD_BIT);
	size_t step =
	    ((size_t)size + BPF_RINGBUF_HDR_SZ + RECORD_ALIGN - 1) / RECORD_ALIGN * RECORD_ALIGN;

	if (length & BPF_RINGBUF_BUSY_BIT)
		return STEP_BUSY;
	if (step > available || available > ring->size)
		return STEP_CORRUPT;
	ring->last_start = ring->position;
	ring->last_step = step;
	*ret_data = header + BPF_RINGBUF_HDR_SZ;
	*ret_size = size;
	return length & BPF_RINGBUF_DISCARD_BIT ? STEP_DISCARDED : STEP_RECORD;
}

/*
 * Goes on after a record that cannot be. A producer that was reserving while we resumed may have
 * written over the oldest; what begins at the consumer position that we found is whole.
 */
static void skip_corrupt(struct eun__ring *ring, unsigned long end)
{
	bool is_before_found = ring->found - ring->position - 1 < ring->size;

	ring->position = is_before_found ? ring->found : end;
	ring->last_step = 0;
}

/* Hands up what lies before @end. Return: the number of records. */
static unsigned int hand_up(struct eun__ring *ring, const struct eun__reader_ops *ops,
			    void *userdata, unsigned long end, unsigned int budget)
{
	unsigned int n = 0;

	while (n < budget && ring->position != end) {
		const uint8_t *data = NULL;
		uint32_t size = 0;
		enum step_result result = look(ring, end - ring->position, &data, &size);

		if (result == STEP_BUSY)
			break;
		if (result == STEP_CORRUPT) {
			skip_corrupt(ring, end);
			ops->on_lost(userdata, 1);
			continue;
		}
		if (result == STEP_RECORD && size > 0) {
			ops->on_record(userdata, data, size, ring->position);
			n++;
		}
		ring->position += ring->last_step;
	}
	return n;
}

/* Tells the kernel how far we are, never less than before. Return: whether that is news. */
static bool commit(struct eun__ring *ring, bool hold)
{
	unsigned long position = hold && ring->last_step > 0 ? ring->last_start : ring->position;

	if (ring->position - position >= ring->position - ring->committed)
		return false;
	store_consumer(ring, position);
	return true;
}

/* Whether the kernel found no room for one more record; by its own rule one byte stays free. */
static bool is_full(const struct eun__ring *ring)
{
	size_t max = ring->size - 1;
	unsigned long in_use = load_end(ring->producer) - ring->committed;

	return ring->last_step > max - EUB_MIN(in_use, max);
}

unsigned int eun__ring_read(struct eun__ring *ring, const struct eun__reader_ops *ops,
			    void *userdata, unsigned int budget, bool hold)
{
	unsigned long end = load_end(ring->producer);
	unsigned long unread = end - ring->position;
	bool was_full = false;
	unsigned int n = 0;

	for (;;) {
		n += hand_up(ring, ops, userdata, end, budget - n);
		/* Between two commits the ring only fills: it was at its fullest just now. */
		was_full = was_full || is_full(ring);
		/* Only a look that comes after the last commit can tell that there is no more. */
		if (!commit(ring, hold) || n >= budget)
			break;
		end = load_end(ring->producer);
	}
	ring->high_water_bytes = EUB_MAX(ring->high_water_bytes, EUB_MIN(unread, ring->size));
	ring->n_full += was_full;
	return n;
}

uint64_t eun__ring_used(const struct eun__ring *ring)
{
	return EUB_MIN(load_end(ring->producer) - ring->position, ring->size);
}

uint64_t eun__ring_get_end(const struct eun__ring *ring)
{
	return load_end(ring->producer);
}
