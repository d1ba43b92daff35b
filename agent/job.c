/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A thin layer over libuv's thread pool that gives each job an owner and counts those under way, so
 * that the agent knows when it may go. The number of threads is set in main.c: few, because each
 * costs memory, and loading a program is bound by the kernel's own locks.
 */
#include "job.h"

#include "base/list.h"

#include <assert.h>

void job_pool_init(struct job_pool *pool, uv_loop_t *loop)
{
	*pool = (struct job_pool){ .loop = loop };
}

static void on_work(uv_work_t *work)
{
	struct job *job = EUB_CONTAINER_OF(work, struct job, work);

	job->work_fn(job);
}

static void on_after_work(uv_work_t *work, int status)
{
	struct job *job = EUB_CONTAINER_OF(work, struct job, work);
	struct job_pool *pool = job->pool; /* done_fn may free the job */

	assert(status == 0); /* only a cancelled job has another, and none is cancelled */
	pool->n_running--;
	job->done_fn(job);
	if (pool->n_running == 0 && pool->on_idle)
		pool->on_idle(pool->userdata);
}

void job_start(struct job_pool *pool, struct job *job, job_fn work_fn, job_fn done_fn)
{
	int r;

	job->pool = pool;
	job->work_fn = work_fn;
	job->done_fn = done_fn;
	pool->n_running++;
	r = uv_queue_work(pool->loop, &job->work, on_work, on_after_work);
	assert(r == 0); /* fails only without a callback */
}
