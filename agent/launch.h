/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Starting a slot, whoever wants it: a client, or the administrator's declarations. Loop thread.
 */
#pragma once

#include "budget.h"
#include "job.h"
#include "keep.h"
#include "slots.h"
#include "spec.h"

#include <eunomia/error.h>

#include <stdbool.h>
#include <stdint.h>

struct eun_engine;
struct launch;

/* What launches need of the agent; borrowed. */
struct launcher {
	struct eun_engine *engine;
	struct slots *slots;
	struct job_pool *jobs;
	const struct keep *keep;
	bool is_stopping; /* what is under way will fail */
};

struct launch_options {
	const char *name; /* of the slot; NULL: the package's */
	enum state_origin origin;
	bool is_enabled;
	struct budget_limits budget;
	uint64_t declared_fingerprint; /* 0: not declared */
	/* The end. @entry: running; NULL: it failed, @err says why. */
	void (*on_done)(struct slot_entry *entry, const struct eun_error *err, void *userdata);
	void *userdata;
};

/**
 * launch_start() - load, attach and start what @spec says, in a job
 * @spec: emptied on success
 * @ret_launch: valid until on_done, which is called later and once
 *
 * Return: 0; as slots_reserve(); -ENOMEM.
 */
int launch_start(struct launcher *launcher, struct spec *spec, const struct launch_options *options,
		 struct launch **ret_launch, struct eun_error *err);
/* Nobody wants it any more: it will fail, unless the slot runs already. */
void launch_abandon(struct launch *launch);

/**
 * launch_load() - load and attach the current generation of @record, gate closed
 * @package: of @spec; taken on success
 *
 * Blocks; any thread. Return: as eun_slot_new().
 */
int launch_load(const struct launcher *launcher, const struct state_slot *record,
		const struct spec *spec, struct eun_package **package, struct eun_slot **ret_slot,
		struct eun_error *err);
