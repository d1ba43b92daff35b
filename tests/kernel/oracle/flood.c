/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One thread a processor. Each tells the judge of the beginning and the end of each of its calls,
 * and waits when it has used up what it was allowed.
 */
#include "flood.h"

#include "base/macro.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/resource.h>

#define NICENESS 10

struct flood_thread {
	struct flood *flood;
	unsigned int index;
	pthread_t thread;
	atomic_uint credit; /* calls that it may have made */
	int error;
};

struct flood {
	enum load_kind kind;
	struct judge *judge;
	uint32_t calls_max;
	struct load_regions regions;
	int program_fd;
	atomic_bool is_over;
	unsigned int n_threads;
	struct flood_thread *threads;
};

static void *run_thread(void *argument)
{
	struct flood_thread *thread = argument;
	struct flood *flood = thread->flood;
	uint64_t number = (uint64_t)thread->index << ORACLE_SEQ_BITS;
	struct load load;

	/* Whatever time is left: those who read and switch come first. */
	(void)setpriority(PRIO_PROCESS, 0, NICENESS);
	thread->error =
	    load_open(&load, flood->kind, thread->index, &flood->regions, flood->program_fd);
	if (thread->error < 0)
		return NULL;
	for (uint32_t seq = 1; seq <= flood->calls_max && thread->error == 0; seq++) {
		while (seq > atomic_load(&thread->credit) && !atomic_load(&flood->is_over))
			(void)sched_yield();
		if (atomic_load(&flood->is_over))
			break;
		judge_begin_call(flood->judge, thread->index, seq);
		thread->error = load_call(&load, number | seq);
		judge_end_call(flood->judge, thread->index, seq);
	}
	load_close(&load);
	return NULL;
}

unsigned int flood_get_n_threads(void)
{
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	return sched_getaffinity(0, sizeof(cpus), &cpus) == 0 ? (unsigned int)CPU_COUNT(&cpus) : 1;
}

static void pin(pthread_attr_t *attributes, unsigned int index)
{
	cpu_set_t cpus;
	cpu_set_t one;

	CPU_ZERO(&cpus);
	CPU_ZERO(&one);
	if (sched_getaffinity(0, sizeof(cpus), &cpus) < 0)
		return;
	for (size_t cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (CPU_ISSET(cpu, &cpus) && index-- == 0)
			CPU_SET(cpu, &one);
	}
	/* Where that is refused the scheduler spreads the threads. */
	(void)pthread_attr_setaffinity_np(attributes, sizeof(one), &one);
}

struct flood *flood_start(enum load_kind kind, struct judge *judge, uint32_t calls_max,
			  const struct load_regions *regions, int program_fd)
{
	struct flood *flood = calloc(1, sizeof(*flood));

	if (!flood)
		abort();
	*flood = (struct flood){ .kind = kind,
				 .judge = judge,
				 .calls_max = calls_max,
				 .regions = *regions,
				 .program_fd = program_fd };
	flood->threads = calloc(flood_get_n_threads(), sizeof(*flood->threads));
	if (!flood->threads)
		abort();
	for (; flood->n_threads < flood_get_n_threads(); flood->n_threads++) {
		struct flood_thread *thread = &flood->threads[flood->n_threads];
		pthread_attr_t attributes;

		thread->flood = flood;
		thread->index = flood->n_threads;
		if (pthread_attr_init(&attributes) != 0)
			abort();
		pin(&attributes, thread->index);
		if (pthread_create(&thread->thread, &attributes, run_thread, thread) != 0)
			abort();
		(void)pthread_attr_destroy(&attributes);
	}
	return flood;
}

void flood_allow(struct flood *flood, uint32_t lead)
{
	for (unsigned int i = 0; i < flood->n_threads; i++)
		atomic_store(&flood->threads[i].credit, judge_get_n_calls(flood->judge, i) + lead);
}

uint64_t flood_get_n_calls(const struct flood *flood)
{
	uint64_t n_calls = 0;

	for (unsigned int i = 0; i < flood->n_threads; i++)
		n_calls += judge_get_n_calls(flood->judge, i);
	return n_calls;
}

int flood_stop(struct flood *flood)
{
	int r = 0;

	atomic_store(&flood->is_over, true);
	for (unsigned int i = 0; i < flood->n_threads; i++) {
		if (pthread_join(flood->threads[i].thread, NULL) != 0)
			abort();
		if (r == 0)
			r = flood->threads[i].error;
	}
	free(flood->threads);
	free(flood);
	return r;
}
