/* SPDX-License-Identifier: Apache-2.0 */
/* Jobs: order of the two halves, what waits, what does not. */
#include "job.h"

#include "agent_test.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#define N_JOBS 12

struct work {
	struct job job;
	bool is_worked, is_done;
	unsigned int n_rounds; /* that it starts itself again */
};

struct fixture {
	uv_loop_t loop;
	struct job_pool pool;
	struct work works[N_JOBS];
	unsigned int n_idle;
};

static atomic_uint n_at_once, n_most;
static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;

static void on_idle(void *userdata)
{
	struct fixture *f = userdata;

	f->n_idle++;
}

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	assert_int_equal(uv_loop_init(&f->loop), 0);
	job_pool_init(&f->pool, &f->loop);
	f->pool.on_idle = on_idle;
	f->pool.userdata = f;
	atomic_store(&n_at_once, 0);
	atomic_store(&n_most, 0);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(f->pool.n_running, 0);
	assert_int_equal(uv_loop_close(&f->loop), 0);
	free(f);
	return 0;
}

static void do_work(struct job *job)
{
	struct work *work = EUB_CONTAINER_OF(job, struct work, job);
	unsigned int n = atomic_fetch_add(&n_at_once, 1) + 1;
	unsigned int most = atomic_load(&n_most);

	while (n > most && !atomic_compare_exchange_weak(&n_most, &most, n))
		continue;
	pthread_mutex_lock(&gate); /* held by the test while it looks */
	work->is_worked = true;
	pthread_mutex_unlock(&gate);
	atomic_fetch_sub(&n_at_once, 1);
}

static void on_done(struct job *job)
{
	struct work *work = EUB_CONTAINER_OF(job, struct work, job);

	assert_true(work->is_worked);
	work->is_done = true;
	if (work->n_rounds > 0) {
		work->n_rounds--;
		work->is_worked = false;
		job_start(job->pool, job, job->kind, do_work, on_done);
	}
}

static void test_both_halves_run(void **state)
{
	struct fixture *f = *state;

	job_start(&f->pool, &f->works[0].job, JOB_PROMPT, do_work, on_done);
	assert_int_equal(f->pool.n_running, 1);
	assert_false(f->works[0].is_done);
	(void)uv_run(&f->loop, UV_RUN_DEFAULT);
	assert_true(f->works[0].is_done);
	assert_int_equal(f->n_idle, 1);
}

static void test_may_start_itself_again(void **state)
{
	struct fixture *f = *state;

	f->works[0].n_rounds = 3;
	job_start(&f->pool, &f->works[0].job, JOB_PATIENT, do_work, on_done);
	(void)uv_run(&f->loop, UV_RUN_DEFAULT);
	assert_int_equal(f->works[0].n_rounds, 0);
	assert_int_equal(f->n_idle, 1);
}

/* While every patient job that may run is stuck, a prompt one is done. */
static void test_patient_jobs_leave_threads_for_prompt_ones(void **state)
{
	struct fixture *f = *state;
	struct work *prompt = &f->works[N_JOBS - 1];

	pthread_mutex_lock(&gate);
	for (size_t i = 0; i + 1 < N_JOBS; i++)
		job_start(&f->pool, &f->works[i].job, JOB_PATIENT, do_work, on_done);
	assert_int_equal(f->pool.n_on_threads[JOB_PATIENT], JOB_THREADS / 2);
	job_start(&f->pool, &prompt->job, JOB_PROMPT, do_work, on_done);
	assert_int_equal(f->pool.n_on_threads[JOB_PROMPT], 1);
	assert_int_equal(f->pool.n_running, N_JOBS);
	pthread_mutex_unlock(&gate);
	(void)uv_run(&f->loop, UV_RUN_DEFAULT);
	for (size_t i = 0; i < N_JOBS; i++)
		assert_true(f->works[i].is_done);
	assert_true(atomic_load(&n_most) <= JOB_THREADS / 2 + 1);
	assert_int_equal(f->n_idle, 1);
}

static void test_all_threads_at_the_end(void **state)
{
	struct fixture *f = *state;

	pthread_mutex_lock(&gate);
	for (size_t i = 0; i < N_JOBS; i++)
		job_start(&f->pool, &f->works[i].job, JOB_PATIENT, do_work, on_done);
	job_pool_set_max_patient(&f->pool, JOB_THREADS);
	assert_int_equal(f->pool.n_on_threads[JOB_PATIENT], JOB_THREADS);
	pthread_mutex_unlock(&gate);
	(void)uv_run(&f->loop, UV_RUN_DEFAULT);
	for (size_t i = 0; i < N_JOBS; i++)
		assert_true(f->works[i].is_done);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		TEST(test_both_halves_run),
		TEST(test_may_start_itself_again),
		TEST(test_patient_jobs_leave_threads_for_prompt_ones),
		TEST(test_all_threads_at_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
