/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each part has two copies and a word that says which of them holds. A change is written to the
 * other copy, then the word is stored with release order: a process that is killed before that
 * store has changed nothing. The kernel keeps the page's memory, so stores that were made are seen
 * by the next process whatever became of ours; a machine that stops loses the page and the rings
 * alike.
 *
 * A ring's counts move to the slot's in three steps: the slot's counts, which name the ring; the
 * ring's entry is freed; the name is taken back. Killed after the first, the entry is freed by the
 * next process, so nothing counts twice.
 */
#include "engine/ledger.h"

#include "base/macro.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

struct ring_entry {
	uint32_t id; /* 0: free */
	uint32_t which;
	uint64_t seen; /* next_seq of what was handed up */
	struct eun__progress copies[2];
	struct eun__ledger_writer writers[2]; /* in any order; generation is stored last */
};

struct counts_copy {
	struct eun__ledger_counts counts;
	uint32_t folded; /* the ring whose counts are part of these */
	uint32_t padding;
};

struct eun__ledger_page {
	uint32_t n_streams;
	uint32_t which;
	struct counts_copy copies[2];
	struct ring_entry rings[];
};
static_assert(sizeof(struct ring_entry) == 128 && sizeof(struct eun__ledger_page) == 120,
	      "the layout is shared with other builds: EUN__PAGE_VERSION");

static uint32_t load(const uint32_t *word)
{
	return __atomic_load_n(word, __ATOMIC_ACQUIRE);
}

static void store(uint32_t *word, uint32_t value)
{
	__atomic_store_n(word, value, __ATOMIC_RELEASE);
}

static struct ring_entry *find_entry(const struct eun__ledger *ledger, uint32_t ring)
{
	for (size_t i = 0; i < ledger->n_rings; i++)
		if (load(&ledger->page->rings[i].id) == ring)
			return &ledger->page->rings[i];
	return NULL;
}

static const struct counts_copy *get_counts(const struct eun__ledger *ledger)
{
	return &ledger->page->copies[load(&ledger->page->which) & 1];
}

static void put_counts(struct eun__ledger *ledger, const struct counts_copy *copy)
{
	uint32_t other = ~load(&ledger->page->which) & 1;

	ledger->page->copies[other] = *copy;
	store(&ledger->page->which, other);
}

/* The last two steps of a fold. */
static void finish_fold(struct eun__ledger *ledger)
{
	struct counts_copy copy = *get_counts(ledger);
	struct ring_entry *entry;

	if (copy.folded == 0)
		return;
	entry = find_entry(ledger, copy.folded);
	if (entry)
		store(&entry->id, 0);
	copy.folded = 0;
	put_counts(ledger, &copy);
}

void eun__ledger_init(struct eun__ledger *ledger, void *memory, size_t size)
{
	size_t head = sizeof(struct eun__ledger_page);

	*ledger = (struct eun__ledger){ .page = NULL };
	if (!memory || size < head + sizeof(struct ring_entry))
		return;
	ledger->page = memory;
	ledger->n_rings = (size - head) / sizeof(struct ring_entry);
	finish_fold(ledger);
}

int eun__ledger_find(const struct eun__ledger *ledger, uint32_t ring,
		     struct eun__progress *ret_progress)
{
	const struct ring_entry *entry = ring != 0 ? find_entry(ledger, ring) : NULL;

	if (!entry)
		return -ENOENT;
	*ret_progress = entry->copies[load(&entry->which) & 1];
	return 0;
}

int eun__ledger_put(struct eun__ledger *ledger, uint32_t ring, const struct eun__progress *progress)
{
	struct ring_entry *entry = find_entry(ledger, ring);
	uint32_t other;

	assert(ring != 0);
	if (!entry) {
		entry = find_entry(ledger, 0);
		if (!entry)
			return -ENOSPC;
		entry->seen = progress->next_seq;
		memset(entry->writers, 0, sizeof(entry->writers));
	}
	other = ~load(&entry->which) & 1;
	entry->copies[other] = *progress;
	store(&entry->which, other);
	store(&entry->id, ring); /* news for a free entry only */
	return 0;
}

void eun__ledger_note_seen(struct eun__ledger *ledger, uint32_t ring, uint64_t next_seq)
{
	struct ring_entry *entry = find_entry(ledger, ring);

	if (entry)
		__atomic_store_n(&entry->seen, next_seq, __ATOMIC_RELEASE);
}

uint64_t eun__ledger_get_seen(const struct eun__ledger *ledger, uint32_t ring)
{
	const struct ring_entry *entry = find_entry(ledger, ring);

	return entry ? __atomic_load_n(&entry->seen, __ATOMIC_ACQUIRE) : 0;
}

static struct eun__ledger_writer *find_last_writer(struct ring_entry *entry)
{
	struct eun__ledger_writer *writers = entry->writers;

	if (writers[0].generation == 0)
		return &writers[1];
	return writers[1].generation == 0 || writers[0].from_seq >= writers[1].from_seq
		   ? &writers[0]
		   : &writers[1];
}

void eun__ledger_note_writer(struct eun__ledger *ledger, uint32_t ring, uint64_t generation,
			     uint64_t from_seq)
{
	struct ring_entry *entry = find_entry(ledger, ring);
	struct eun__ledger_writer *writer;

	if (!entry)
		return;
	writer =
	    find_last_writer(entry) == &entry->writers[0] ? &entry->writers[1] : &entry->writers[0];
	__atomic_store_n(&writer->generation, 0, __ATOMIC_RELEASE);
	__atomic_store_n(&writer->from_seq, from_seq, __ATOMIC_RELEASE);
	__atomic_store_n(&writer->generation, generation, __ATOMIC_RELEASE);
}

void eun__ledger_get_writers(const struct eun__ledger *ledger, uint32_t ring,
			     struct eun__ledger_writer *ret_last,
			     struct eun__ledger_writer *ret_before)
{
	struct ring_entry *entry = find_entry(ledger, ring);

	*ret_last = *ret_before = (struct eun__ledger_writer){ 0 };
	if (!entry)
		return;
	*ret_last = *find_last_writer(entry);
	*ret_before =
	    find_last_writer(entry) == &entry->writers[0] ? entry->writers[1] : entry->writers[0];
}

void eun__ledger_fold(struct eun__ledger *ledger, uint32_t ring)
{
	struct eun__progress progress;
	struct counts_copy copy;

	if (eun__ledger_find(ledger, ring, &progress) < 0)
		return;
	copy = *get_counts(ledger);
	copy.counts.events += progress.events;
	copy.counts.bytes += progress.bytes;
	copy.counts.decode_errors += progress.decode_errors;
	copy.folded = ring;
	put_counts(ledger, &copy);
	finish_fold(ledger);
}

void eun__ledger_get_counts(const struct eun__ledger *ledger, struct eun__ledger_counts *ret_counts)
{
	*ret_counts = (struct eun__ledger_counts){ 0 };
	if (ledger->page)
		*ret_counts = get_counts(ledger)->counts;
}

void eun__ledger_put_counts(struct eun__ledger *ledger, const struct eun__ledger_counts *counts)
{
	const struct counts_copy copy = { .counts = *counts };

	if (ledger->page)
		put_counts(ledger, &copy);
}

uint32_t eun__ledger_get_n_streams(const struct eun__ledger *ledger)
{
	return ledger->page ? load(&ledger->page->n_streams) : 0;
}

void eun__ledger_set_n_streams(struct eun__ledger *ledger, uint32_t n)
{
	if (ledger->page)
		store(&ledger->page->n_streams, n);
}
