/* SPDX-License-Identifier: Apache-2.0 */
/* The queue before journald: order, limits, what is counted as dropped, ending. */
#include "journal_queue.h"

#include "agent_test.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>

/* A send function that can be held up, so that the queue fills while the sender is busy. */
struct slow {
	pthread_mutex_t mutex;
	pthread_cond_t is_changed;
	bool is_held;
	bool has_entered; /* a send waits */
	int result;
	char sent[1024]; /* what was sent, in order */
};

static int slow_send(void *userdata, const void *entry, size_t n)
{
	struct slow *slow = userdata;
	int r;

	pthread_mutex_lock(&slow->mutex);
	slow->has_entered = true;
	pthread_cond_broadcast(&slow->is_changed);
	while (slow->is_held)
		pthread_cond_wait(&slow->is_changed, &slow->mutex);
	r = slow->result;
	if (r == 0)
		strncat(slow->sent, entry, n);
	pthread_mutex_unlock(&slow->mutex);
	return r;
}

static void slow_init(struct slow *slow, bool is_held)
{
	*slow = (struct slow){ .is_held = is_held };
	pthread_mutex_init(&slow->mutex, NULL);
	pthread_cond_init(&slow->is_changed, NULL);
}

static void slow_wait_entered(struct slow *slow)
{
	pthread_mutex_lock(&slow->mutex);
	while (!slow->has_entered)
		pthread_cond_wait(&slow->is_changed, &slow->mutex);
	pthread_mutex_unlock(&slow->mutex);
}

static void slow_release(struct slow *slow)
{
	pthread_mutex_lock(&slow->mutex);
	slow->is_held = false;
	pthread_cond_broadcast(&slow->is_changed);
	pthread_mutex_unlock(&slow->mutex);
}

static struct journal_queue *make_queue(struct slow *slow, size_t max_bytes, size_t max_entries)
{
	const struct journal_queue_options options = { .max_bytes = max_bytes,
						       .max_entries = max_entries,
						       .send = slow_send,
						       .userdata = slow };
	struct journal_queue *queue = NULL;

	assert_int_equal(journal_queue_new(&options, &queue), 0);
	return queue;
}

static struct journal_account *make_account(void)
{
	struct journal_account *account = NULL;

	assert_int_equal(journal_account_new(&account), 0);
	return account;
}

static void push(struct journal_queue *queue, struct journal_account *account, const char *text)
{
	assert_int_equal(journal_queue_push(queue, account, text, strlen(text)), 0);
}

static void test_order_is_kept_to_the_end(void **state)
{
	struct journal_account *account = make_account();
	struct journal_queue *queue;
	struct slow slow;

	(void)state;
	slow_init(&slow, false);
	queue = make_queue(&slow, 1000, 100);
	push(queue, account, "a");
	push(queue, account, "b");
	push(queue, account, "c");
	(void)journal_queue_free(queue, 60000);
	assert_string_equal(slow.sent, "abc");
	assert_int_equal(atomic_load(&account->n_dropped), 0);
	assert_int_equal(atomic_load(&account->n_refs), 1);
	(void)journal_account_unref(account);
}

/* The first entry is with the sender; of the others the oldest go, each counted on its account. */
static void test_oldest_are_dropped_by_number(void **state)
{
	struct journal_account *one = make_account(), *two = make_account();
	struct journal_queue *queue;
	struct slow slow;

	(void)state;
	slow_init(&slow, true);
	queue = make_queue(&slow, 1000, 2);
	push(queue, one, "a");
	slow_wait_entered(&slow);
	push(queue, one, "b");
	push(queue, two, "c");
	push(queue, two, "d");
	push(queue, two, "e");
	assert_int_equal(atomic_load(&one->n_dropped), 1);
	assert_int_equal(atomic_load(&one->n_overflow), 1);
	assert_int_equal(atomic_load(&one->n_refused), 0);
	assert_int_equal(atomic_load(&two->n_dropped), 1);
	slow_release(&slow);
	(void)journal_queue_free(queue, 60000);
	assert_string_equal(slow.sent, "ade");
	(void)journal_account_unref(one);
	(void)journal_account_unref(two);
}

static void test_oldest_are_dropped_by_bytes(void **state)
{
	struct journal_account *account = make_account();
	struct journal_queue *queue;
	struct slow slow;

	(void)state;
	slow_init(&slow, true);
	queue = make_queue(&slow, 10, 100);
	push(queue, account, "0");
	slow_wait_entered(&slow);
	push(queue, account, "aaaaa");
	push(queue, account, "bbbbb");
	push(queue, account, "ccccccc");
	assert_int_equal(atomic_load(&account->n_dropped), 2);
	assert_int_equal(journal_queue_push(queue, account, "ddddddddddd", 11), -E2BIG);
	assert_int_equal(atomic_load(&account->n_dropped), 3);
	slow_release(&slow);
	(void)journal_queue_free(queue, 60000);
	assert_string_equal(slow.sent, "0ccccccc");
	(void)journal_account_unref(account);
}

static void test_failed_sends_are_counted(void **state)
{
	struct journal_account *account = make_account();
	struct journal_queue *queue;
	struct slow slow;

	(void)state;
	slow_init(&slow, false);
	slow.result = -ENOENT;
	queue = make_queue(&slow, 1000, 100);
	push(queue, account, "a");
	push(queue, account, "b");
	(void)journal_queue_free(queue, 60000);
	assert_int_equal(atomic_load(&account->n_dropped), 2);
	(void)journal_account_unref(account);
}

/*
 * A journald that stalls must not keep the agent from ending: what waits is dropped, and what is
 * being sent is left to the thread, which frees the queue when it gets through after all.
 */
static void test_end_does_not_wait_for_ever(void **state)
{
	struct journal_account *account = make_account();
	struct journal_queue *queue;
	struct slow slow;

	(void)state;
	slow_init(&slow, true);
	queue = make_queue(&slow, 1000, 100);
	push(queue, account, "a");
	push(queue, account, "b");
	push(queue, account, "c");
	slow_wait_entered(&slow);
	(void)journal_queue_free(queue, 1);
	assert_int_equal(atomic_load(&account->n_dropped), 2);
	slow_release(&slow);
	while (atomic_load(&account->n_refs) > 1)
		(void)sched_yield();
	assert_int_equal(atomic_load(&account->n_dropped), 2);
	assert_string_equal(slow.sent, "a");
	(void)journal_account_unref(account);
}

static void test_limits_may_change(void **state)
{
	struct journal_account *account = make_account();
	struct journal_queue *queue;
	struct slow slow;

	(void)state;
	slow_init(&slow, false);
	queue = make_queue(&slow, 1000, 100);
	push(queue, account, "aa");
	journal_queue_set_limits(queue, 1, 100);
	assert_int_equal(journal_queue_push(queue, account, "bb", 2), -E2BIG);
	journal_queue_set_limits(queue, 1000, 100);
	push(queue, account, "cc");
	(void)journal_queue_free(queue, 60000);
	assert_string_equal(slow.sent, "aacc");
	(void)journal_account_unref(account);
}

static void test_account_may_go_before_its_entries(void **state)
{
	struct journal_account *account = make_account();
	struct journal_queue *queue;
	struct slow slow;

	(void)state;
	slow_init(&slow, true);
	queue = make_queue(&slow, 1000, 100);
	push(queue, account, "a");
	push(queue, account, "b");
	assert_null(journal_account_unref(account));
	slow_release(&slow);
	(void)journal_queue_free(queue, 60000);
	assert_string_equal(slow.sent, "ab");
}

static void wait_done(struct journal_queue *queue, uint64_t n)
{
	while (journal_queue_get_n_done(queue) < n)
		(void)sched_yield();
	assert_int_equal(journal_queue_get_n_done(queue), n);
}

/* Entries that were dropped while an older one is being sent do not count before it. */
static void test_what_is_over_with(void **state)
{
	struct journal_account *account = make_account();
	struct journal_queue *queue;
	struct slow slow;

	(void)state;
	slow_init(&slow, true);
	queue = make_queue(&slow, 1000, 2);
	assert_int_equal(journal_queue_get_n_done(queue), 0);
	push(queue, account, "a");
	slow_wait_entered(&slow);
	for (int i = 0; i < 5; i++)
		push(queue, account, "b");
	assert_int_equal(journal_queue_get_n_pushed(queue), 6);
	assert_int_equal(journal_queue_get_n_done(queue), 0);
	slow.result = -EIO; /* refused is over with as well */
	slow_release(&slow);
	wait_done(queue, 6);
	push(queue, account, "c");
	assert_int_equal(journal_queue_get_n_pushed(queue), 7);
	wait_done(queue, 7);
	(void)journal_account_unref(account);
	(void)journal_queue_free(queue, 60000);
}

static void test_free_without_entries(void **state)
{
	struct slow slow;

	(void)state;
	slow_init(&slow, false);
	assert_null(journal_queue_free(make_queue(&slow, 10, 10), 0));
	assert_null(journal_queue_free(NULL, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order_is_kept_to_the_end),
		cmocka_unit_test(test_oldest_are_dropped_by_number),
		cmocka_unit_test(test_oldest_are_dropped_by_bytes),
		cmocka_unit_test(test_failed_sends_are_counted),
		cmocka_unit_test(test_end_does_not_wait_for_ever),
		cmocka_unit_test(test_limits_may_change),
		cmocka_unit_test(test_account_may_go_before_its_entries),
		cmocka_unit_test(test_what_is_over_with),
		cmocka_unit_test(test_free_without_entries),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
