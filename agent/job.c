/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A thin layer over libuv's thread pool that gives each job an owner and counts those under way, so
 * that the agent knows when it may go. Threads are few, because each costs memory and loading is
 * bound by the kernel's own locks; so jobs for which nobody waits may take only some of them, and
 * queue here beyond that: ten trackers being detached must not delay the start of one.
 */
#include "job.h"

#include <assert.h>

#define MAX_PATIENT (JOB_THREADS / 2)

void job_pool_init(struct job_pool *pool, uv_loop_t *loop)
{
	*pool = (struct job_pool){ .loop = loop, .max_patient = MAX_PATIENT };
	eub_list_init(&pool->waiting);
}

static void on_work(uv_work_t *work)
{
	struct job *job = EUB_CONTAINER_OF(work, struct job, work);

	job->work_fn(job);
}

static void on_after_work(uv_work_t *work, int status);

static void give_to_thread(struct job_pool *pool, struct job *job)
{
	int r;

	pool->n_on_threads[job->kind]++;
	r = uv_queue_work(pool->loop, &job->work, on_work, on_after_work);
	assert(r == 0); /* fails only without a callback */
}

static void start_waiting(struct job_pool *pool)
{
	EUB_LIST_FOREACH (job, &pool->waiting, struct job, link) {
		if (pool->n_on_threads[JOB_PATIENT] >= pool->max_patient)
			return;
		eub_list_remove(&job->link);
		give_to_thread(pool, job);
	}
}

static void on_after_work(uv_work_t *work, int status)
{
	struct job *job = EUB_CONTAINER_OF(work, struct job, work);
	struct job_pool *pool = job->pool; /* done_fn may free the job */

	assert(status == 0); /* only a cancelled job has another, and none is cancelled */
	pool->n_running--;
	pool->n_on_threads[job->kind]--;
	job->done_fn(job);
	start_waiting(pool);
	if (pool->n_running == 0 && pool->on_idle)
		pool->on_idle(pool->userdata);
}

void job_pool_set_max_patient(struct job_pool *pool, size_t max_patient)
{
	pool->max_patient = max_patient;
	start_waiting(pool);
}

void job_start(struct job_pool *pool, struct job *job, enum job_kind kind, job_fn work_fn,
	       job_fn done_fn)
{
	job->pool = pool;
	job->kind = kind;
	job->work_fn = work_fn;
	job->done_fn = done_fn;
	eub_list_init(&job->link);
	pool->n_running++;
	if (kind == JOB_PATIENT) {
		eub_list_append(&pool->waiting, &job->link);
		start_waiting(pool);
	} else {
		give_to_thread(pool, job);
	}
}
