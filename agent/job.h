/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Blocking work off the loop. A job is embedded in the object that it works on; from job_start()
 * until done_fn that object belongs to the job, and the loop looks at nothing but what the object
 * reserves for it.
 */
#pragma once

#include <stddef.h>
#include <uv.h>

struct job;
typedef void (*job_fn)(struct job *job);

struct job_pool {
	uv_loop_t *loop;
	size_t n_running;		 /* started, done_fn not yet called */
	void (*on_idle)(void *userdata); /* no job is left; or NULL */
	void *userdata;
};

struct job {
	uv_work_t work;
	struct job_pool *pool;
	job_fn work_fn;
	job_fn done_fn;
};

void job_pool_init(struct job_pool *pool, uv_loop_t *loop);
/**
 * job_start() - run @work_fn on a thread, then @done_fn on the loop
 *
 * Cannot fail and cannot be cancelled: who loses interest notes it in the object, and done_fn
 * undoes what was done. The job may be started again from done_fn, which may also free it.
 */
void job_start(struct job_pool *pool, struct job *job, job_fn work_fn, job_fn done_fn);
