/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Patience with an agent that goes away and comes back. Attempts to reach it are made after short
 * waits that grow, up to --reconnect-timeout; the user is told of both ends. Only the first
 * connection must succeed at once.
 */
#pragma once

#include <eunomia/error.h>

#include <stdbool.h>
#include <stdint.h>

struct ctl;

/* Begins as { 0 }. Times are CLOCK_MONOTONIC. */
struct reconnect {
	bool was_connected; /* an agent was there, so one may come back; the user of this sets it */
	uint64_t give_up_ns; /* while the agent is away; 0: it is not */
	int pause_ms;	     /* before the next attempt */
};

/* Whether the failure in @err may pass by waiting. */
bool reconnect_is_passing(const struct reconnect *reconnect, const struct eun_error *err);
/**
 * reconnect_wait() - close the connection and wait before the next attempt
 * @end_ns: the wait ends then at the latest; UINT64_MAX: no bound. A stop signal ends it, too
 * @err:    why the attempt before failed; prefixed if it was the last
 *
 * Return: whether to try again; the caller empties @err then, unless it wants to end.
 */
bool reconnect_wait(struct reconnect *reconnect, struct ctl *ctl, uint64_t end_ns,
		    struct eun_error *err);
/* The agent has spoken, or has not hung up for a while: it is there. */
void reconnect_set_settled(struct reconnect *reconnect, const struct ctl *ctl);
