/* SPDX-License-Identifier: Apache-2.0 */
/*
 * eunomiad: options, process-wide settings, exit status. Those settings are made here, before the
 * first thread, and nowhere else: signals, allocator, size of the thread pool.
 *
 * Exit status: 0 stopped in order, 1 failed, 2 wrong usage, 78 (EX_CONFIG) wrong configuration. The
 * last two are for whoever would start it again: that would not help.
 */
#include "agent.h"
#include "end_trackers.h"
#include "job.h"
#include "options.h"

#include <eunomia/version.h>

#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>

#define EXIT_USAGE 2

/*
 * The agent lives long and idles most of the time. One arena instead of one a thread, and a fixed
 * threshold above which blocks are mapped, so that what a start took is really given back.
 */
static void set_up_process(void)
{
	char n_threads[16];

	(void)mallopt(M_ARENA_MAX, 1); /* without these it only takes more memory */
	(void)mallopt(M_MMAP_THRESHOLD, 128 * 1024);
	(void)snprintf(n_threads, sizeof(n_threads), "%d", JOB_THREADS);
	(void)setenv("UV_THREADPOOL_SIZE", n_threads, 1); /* without it, libuv's own default */
	(void)signal(SIGPIPE, SIG_IGN);			  /* cannot fail for a valid signal */
}

static void say(const struct eun_error *err)
{
	(void)fprintf(stderr, "eunomiad: %s\n", err->message);
	if (err->hint[0])
		(void)fprintf(stderr, "eunomiad: %s\n", err->hint);
}

static int refuse_usage(struct eun_error *err)
{
	say(err);
	eun_error_done(err);
	return EXIT_USAGE;
}

static int get_status(const struct eun_error *err)
{
	return err->reason == EUN_REASON_INVALID_ARGUMENT ? EX_CONFIG : EXIT_FAILURE;
}

static int serve(const struct options *options)
{
	struct eun_error err = EUN_ERROR_INIT;
	struct agent *agent = NULL;
	int status = EXIT_SUCCESS;

	set_up_process();
	if (agent_new(options, &agent, &err) < 0)
		status = get_status(&err);
	else
		agent_run(agent);
	(void)agent_free(agent);
	eun_error_done(&err);
	return status;
}

static int end(const struct options *options)
{
	struct eun_error err = EUN_ERROR_INIT;
	int status = EXIT_SUCCESS;

	if (end_trackers(options, &err) < 0) {
		say(&err);
		status = get_status(&err);
	}
	eun_error_done(&err);
	return status;
}

int main(int argc, char *argv[])
{
	struct eun_error err = EUN_ERROR_INIT;
	struct options options;
	int status = EXIT_SUCCESS;

	if (options_parse(argc, argv, &options, &err) < 0)
		return refuse_usage(&err);
	switch (options.action) {
	case OPTIONS_HELP:
		options_print_help(stdout);
		return EXIT_SUCCESS;
	case OPTIONS_VERSION:
		(void)printf("eunomiad %s\n", eun_version());
		return EXIT_SUCCESS;
	case OPTIONS_RUN:
		status = serve(&options);
		break;
	case OPTIONS_END_TRACKERS:
		status = end(&options);
		break;
	}
	return status;
}
