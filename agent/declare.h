/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes the slots what the administrator declared: starts what is missing, swaps what changed,
 * stops what is declared no more. Loop thread.
 */
#pragma once

#include "config.h"
#include "declared.h"
#include "job.h"
#include "later.h"
#include "launch.h"
#include "log.h"
#include "unmet.h"

#include <stdbool.h>
#include <stddef.h>

struct declare {
	struct launcher *launcher;
	const struct config *config;
	struct log *log;
	struct later *later;
	void (*on_done)(void *userdata); /* told once for each declare_begin(), later */
	void *userdata;
	/* Of the last whole pass; to be read by others. declare_done() frees it. */
	struct unmet_list unmet;
	/* Its own. */
	struct job job;
	char *folder;	    /* of this pass */
	char *trackers_dir; /* of this pass */
	struct declared_set set;
	struct eun_error err;	 /* of reading the folder */
	struct unmet_list found; /* unmet, of this pass */
	size_t n_pending;	 /* starts, swaps and stops under way */
	bool is_under_way;
	bool is_wanted_again; /* once more when this pass is done */
	bool is_retry;	      /* this pass: what is still unmet was said before */
};

/* The members up to @userdata are set by the owner before. A pass that is under way is followed by
 * another, and both end with one on_done. */
void declare_begin(struct declare *declare);
/* A pass because something that a tracker waits for may have come. */
void declare_retry(struct declare *declare);
/* While no pass is under way. */
void declare_done(struct declare *declare);
