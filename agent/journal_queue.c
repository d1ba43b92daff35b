/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The queue is a list under a mutex, which is held only to link or unlink an entry: never while
 * sending, allocating or freeing. The loop thread pushes, the sender thread pops; who unlinks an
 * entry owns it. The sender is woken only when it waits.
 *
 * States of the sender: not started, waiting, sending, stopping, ended. Stopping is final: it sends
 * what is there and ends. At the deadline whoever frees the queue takes the waiting entries away
 * from it; if it still sends one then, it is abandoned, and the queue is its own to free.
 */
#include "journal_queue.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/list.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* For an entry of JOURNAL_MAX_FIELDS fields, sd_journal_sendv(3) takes 90 kB of it. */
#define SENDER_STACK_BYTES (256u << 10)

struct entry {
	struct eub_list link;
	struct journal_account *account;
	uint64_t number; /* from 1, in the order of the queue */
	size_t size;
	char data[];
};

struct journal_queue {
	struct journal_queue_options options;
	pthread_mutex_t mutex;
	pthread_cond_t is_changed; /* an entry for the sender, or its end */
	struct eub_list entries;   /* oldest first */
	size_t n_bytes;
	size_t n_entries;
	uint64_t n_pushed; /* entries, ever */
	uint64_t n_taken;  /* number of the last one that left the queue */
	uint64_t sending;  /* number of the one that the sender holds; 0: none */
	bool is_waiting;
	bool is_stopping;
	bool has_ended;	   /* the sender takes nothing any more */
	bool is_abandoned; /* the sender frees the queue */
	bool has_thread;   /* loop thread only */
	pthread_t thread;
};

int journal_account_new(struct journal_account **ret_account)
{
	struct journal_account *account = calloc(1, sizeof(*account));

	if (!account)
		return -ENOMEM;
	atomic_init(&account->n_refs, 1);
	*ret_account = account;
	return 0;
}

struct journal_account *journal_account_unref(struct journal_account *account)
{
	if (account && atomic_fetch_sub(&account->n_refs, 1) == 1)
		free(account);
	return NULL;
}

static void entry_free(struct entry *entry)
{
	(void)journal_account_unref(entry->account);
	free(entry);
}

/* Under the mutex. */
static struct entry *unlink_oldest(struct journal_queue *queue)
{
	struct entry *entry;

	if (eub_list_is_empty(&queue->entries))
		return NULL;
	entry = EUB_LIST_ENTRY(queue->entries.next, struct entry, link);
	eub_list_remove(&entry->link);
	queue->n_bytes -= entry->size;
	queue->n_entries--;
	queue->n_taken = entry->number;
	return entry;
}

static void queue_free(struct journal_queue *queue)
{
	pthread_cond_destroy(&queue->is_changed);
	pthread_mutex_destroy(&queue->mutex);
	free(queue);
}

/* Waits for an entry. NULL: the queue is empty and stopping. */
static struct entry *take_next(struct journal_queue *queue)
{
	struct entry *entry;

	pthread_mutex_lock(&queue->mutex);
	queue->sending = 0;
	while (eub_list_is_empty(&queue->entries) && !queue->is_stopping) {
		queue->is_waiting = true;
		pthread_cond_wait(&queue->is_changed, &queue->mutex);
	}
	queue->is_waiting = false;
	entry = unlink_oldest(queue);
	queue->sending = entry ? entry->number : 0;
	pthread_mutex_unlock(&queue->mutex);
	return entry;
}

static void count_sent(struct journal_account *account, int result)
{
	if (result >= 0) {
		atomic_fetch_add(&account->n_sent, 1);
		return;
	}
	atomic_fetch_add(&account->n_dropped, 1);
	atomic_fetch_add(&account->n_refused, 1);
}

static void *send_entries(void *userdata)
{
	struct journal_queue *queue = userdata;
	struct entry *entry;
	bool is_abandoned;

	while ((entry = take_next(queue))) {
		int r = queue->options.send(queue->options.userdata, entry->data, entry->size);

		count_sent(entry->account, r);
		entry_free(entry);
	}
	pthread_mutex_lock(&queue->mutex);
	queue->has_ended = true;
	is_abandoned = queue->is_abandoned;
	pthread_cond_signal(&queue->is_changed);
	pthread_mutex_unlock(&queue->mutex);
	if (is_abandoned)
		queue_free(queue);
	return NULL;
}

/* The thread takes no signals: those are the loop's. */
static int start_thread(struct journal_queue *queue)
{
	pthread_attr_t attr;
	sigset_t all, before;
	int r = pthread_attr_init(&attr);

	if (r != 0)
		return -r;
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &before);
	r = pthread_attr_setstacksize(&attr, SENDER_STACK_BYTES);
	if (r == 0)
		r = pthread_create(&queue->thread, &attr, send_entries, queue);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attr);
	queue->has_thread = r == 0;
	return -r;
}

/* The deadline of a stop is on the clock that nobody sets. */
static int init_condition(pthread_cond_t *condition)
{
	pthread_condattr_t attr;
	int r = pthread_condattr_init(&attr);

	if (r != 0)
		return -r;
	r = pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	if (r == 0)
		r = pthread_cond_init(condition, &attr);
	pthread_condattr_destroy(&attr);
	return -r;
}

int journal_queue_new(const struct journal_queue_options *options, struct journal_queue **ret_queue)
{
	_cleanup_(eub_freep) struct journal_queue *queue = calloc(1, sizeof(*queue));
	int r;

	if (!queue)
		return -ENOMEM;
	queue->options = *options;
	eub_list_init(&queue->entries);
	r = pthread_mutex_init(&queue->mutex, NULL);
	if (r != 0)
		return -r;
	r = init_condition(&queue->is_changed);
	if (r < 0) {
		pthread_mutex_destroy(&queue->mutex);
		return r;
	}
	*ret_queue = EUB_TAKE_PTR(queue);
	return 0;
}

void journal_queue_set_limits(struct journal_queue *queue, size_t max_bytes, size_t max_entries)
{
	queue->options.max_bytes = max_bytes;
	queue->options.max_entries = max_entries;
}

static void drop_all(struct eub_list *entries)
{
	EUB_LIST_FOREACH (entry, entries, struct entry, link) {
		eub_list_remove(&entry->link);
		atomic_fetch_add(&entry->account->n_dropped, 1);
		atomic_fetch_add(&entry->account->n_overflow, 1);
		entry_free(entry);
	}
}

/* Under the mutex, which is let go while waiting. */
static void wait_for_end(struct journal_queue *queue, unsigned int patience_ms)
{
	uint64_t stop_at_ns = eub_clock_mono_ns() + patience_ms * 1000000ull;
	const struct timespec deadline = { .tv_sec = (time_t)(stop_at_ns / 1000000000u),
					   .tv_nsec = (long)(stop_at_ns % 1000000000u) };
	int r = 0;

	while (!queue->has_ended && r == 0)
		r = pthread_cond_timedwait(&queue->is_changed, &queue->mutex, &deadline);
}

struct journal_queue *journal_queue_free(struct journal_queue *queue, unsigned int patience_ms)
{
	struct eub_list rest;
	struct entry *entry;
	bool is_abandoned;

	if (!queue)
		return NULL;
	if (!queue->has_thread) {
		queue_free(queue);
		return NULL;
	}
	eub_list_init(&rest);
	pthread_mutex_lock(&queue->mutex);
	queue->is_stopping = true;
	pthread_cond_signal(&queue->is_changed);
	wait_for_end(queue, patience_ms);
	while ((entry = unlink_oldest(queue)))
		eub_list_append(&rest, &entry->link);
	is_abandoned = queue->is_abandoned = !queue->has_ended;
	if (is_abandoned)
		pthread_detach(queue->thread);
	pthread_mutex_unlock(&queue->mutex);
	drop_all(&rest);
	if (!is_abandoned) {
		pthread_join(queue->thread, NULL);
		queue_free(queue);
	}
	return NULL;
}

static bool is_over_limit(const struct journal_queue *queue)
{
	return queue->n_bytes > queue->options.max_bytes ||
	       queue->n_entries > queue->options.max_entries;
}

/* Links @entry; unlinks the oldest until the queue is within its limits, into @dropped. */
static void link_entry(struct journal_queue *queue, struct entry *entry, struct eub_list *dropped)
{
	struct entry *old;

	pthread_mutex_lock(&queue->mutex);
	entry->number = ++queue->n_pushed;
	eub_list_append(&queue->entries, &entry->link);
	queue->n_bytes += entry->size;
	queue->n_entries++;
	while (is_over_limit(queue) && (old = unlink_oldest(queue)))
		eub_list_append(dropped, &old->link);
	if (queue->is_waiting)
		pthread_cond_signal(&queue->is_changed);
	pthread_mutex_unlock(&queue->mutex);
}

static int make_entry(struct journal_queue *queue, struct journal_account *account,
		      const void *data, size_t n, struct entry **ret_entry)
{
	struct entry *entry;

	if (n > queue->options.max_bytes)
		return -E2BIG;
	if (!queue->has_thread) {
		int r = start_thread(queue);

		if (r < 0)
			return r;
	}
	entry = malloc(sizeof(*entry) + n);
	if (!entry)
		return -ENOMEM;
	eub_list_init(&entry->link);
	atomic_fetch_add(&account->n_refs, 1);
	entry->account = account;
	entry->size = n;
	memcpy(entry->data, data, n);
	*ret_entry = entry;
	return 0;
}

uint64_t journal_queue_get_n_pushed(const struct journal_queue *queue)
{
	return queue->n_pushed; /* the caller's thread alone changes it */
}

/* Entries leave in order, but the one that is being sent may be older than some that were dropped.
 */
uint64_t journal_queue_get_n_done(struct journal_queue *queue)
{
	uint64_t n;

	pthread_mutex_lock(&queue->mutex);
	n = queue->sending > 0 ? queue->sending - 1 : queue->n_taken;
	pthread_mutex_unlock(&queue->mutex);
	return n;
}

int journal_queue_push(struct journal_queue *queue, struct journal_account *account,
		       const void *data, size_t n)
{
	struct eub_list dropped;
	struct entry *entry = NULL;
	int r = make_entry(queue, account, data, n, &entry);

	if (r < 0) {
		atomic_fetch_add(&account->n_dropped, 1);
		return r;
	}
	eub_list_init(&dropped);
	link_entry(queue, entry, &dropped);
	drop_all(&dropped);
	return 0;
}
