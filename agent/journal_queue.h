/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A bounded queue of journal entries with a thread that sends them, so that a slow journald never
 * holds the loop up. When it is full, the oldest entries are dropped and counted.
 */
#pragma once

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

struct journal_queue;

/*
 * What was left out of the journal, per slot. Shared by the loop, which owns the first reference,
 * and the entries that wait, each of which holds one.
 */
struct journal_account {
	atomic_uint n_refs;
	atomic_uint_fast64_t n_sent;
	atomic_uint_fast64_t n_dropped;	 /* by a limit, a full queue or a failed send */
	atomic_uint_fast64_t n_refused;	 /* of those, by a failed send */
	atomic_uint_fast64_t n_overflow; /* of those, by a full queue, or at its end */
};

/* Sends one entry; may block for as long as it likes. Return: 0; -errno. */
typedef int (*journal_send_fn)(void *userdata, const void *data, size_t n);

struct journal_queue_options {
	size_t max_bytes;
	size_t max_entries;
	journal_send_fn send; /* called on the sender thread only */
	void *userdata;	      /* valid as long as a call that began goes on, see free */
};

/* Return: 0; -ENOMEM. */
int journal_account_new(struct journal_account **ret_account);
struct journal_account *journal_account_unref(struct journal_account *account);

/* The thread starts with the first entry. Return: 0; -ENOMEM; -errno of pthread_cond_init(3). */
int journal_queue_new(const struct journal_queue_options *options,
		      struct journal_queue **ret_queue);
/* Takes effect with the next entry. */
void journal_queue_set_limits(struct journal_queue *queue, size_t max_bytes, size_t max_entries);
/**
 * journal_queue_free() - send what waits, for at most @patience_ms; the rest is dropped
 *
 * A call of the send function that has not come back by then is left to itself: the thread frees
 * what it has when the call returns, or ends with the process. NULL allowed. Returns NULL.
 */
struct journal_queue *journal_queue_free(struct journal_queue *queue, unsigned int patience_ms);

/**
 * journal_queue_push() - queue one entry: @n bytes of @data, copied
 * @account: where losses are counted
 *
 * Return: 0; -E2BIG if it alone is over the limit; -ENOMEM; -errno of starting the thread. The
 * entry counts as dropped then.
 */
int journal_queue_push(struct journal_queue *queue, struct journal_account *account,
		       const void *data, size_t n);
/*
 * Entries that were queued, ever; and how many of them are over with, from the first on: sent,
 * refused by the journal, or dropped. Both only grow. The pushing thread's.
 */
uint64_t journal_queue_get_n_pushed(const struct journal_queue *queue);
uint64_t journal_queue_get_n_done(struct journal_queue *queue);
