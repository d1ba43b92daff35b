/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Blocking work off the loop. A job is embedded in the object that it works on; from job_start()
 * until done_fn that object belongs to the job, and the loop looks at nothing but what the object
 * reserves for it.
 */
#pragma once

#include "base/list.h"

#include <stddef.h>
#include <uv.h>

/* Threads of libuv's pool; main.c sets it. Each costs about 20 kB. */
#define JOB_THREADS 4

struct job;
typedef void (*job_fn)(struct job *job);

enum job_kind {
	JOB_PROMPT,  /* somebody waits for it: a start */
	JOB_PATIENT, /* nobody does: detaching, 50 to 90 ms of a kernel grace period each */
	_JOB_KIND_MAX,
};

struct job_pool {
	uv_loop_t *loop;
	size_t n_running; /* started, done_fn not yet called; also those that wait */
	size_t n_on_threads[_JOB_KIND_MAX]; /* of those, given to libuv */
	size_t max_patient;		    /* at once, so that threads are left for the prompt */
	struct eub_list waiting;	    /* patient ones, oldest first */
	void (*on_idle)(void *userdata);    /* no job is left; or NULL */
	void *userdata;
};

struct job {
	uv_work_t work;
	struct eub_list link; /* in job_pool.waiting */
	struct job_pool *pool;
	enum job_kind kind;
	job_fn work_fn;
	job_fn done_fn;
};

void job_pool_init(struct job_pool *pool, uv_loop_t *loop);
/* Sets how many patient jobs may run at once. */
void job_pool_set_max_patient(struct job_pool *pool, size_t max_patient);
/**
 * job_start() - run @work_fn on a thread, then @done_fn on the loop
 *
 * Cannot fail and cannot be cancelled: who loses interest notes it in the object, and done_fn
 * undoes what was done. The job may be started again from done_fn, which may also free it.
 */
void job_start(struct job_pool *pool, struct job *job, enum job_kind kind, job_fn work_fn,
	       job_fn done_fn);
