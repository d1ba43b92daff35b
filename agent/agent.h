/* SPDX-License-Identifier: Apache-2.0 */
/* The agent: owns the loop, the engine, the listener and the sinks; starts and stops them. */
#pragma once

#include "options.h"

#include <eunomia/error.h>

struct agent;

/**
 * agent_new() - read the configuration and begin to listen
 * @options: borrowed, must outlive the agent
 *
 * Return: 0; a negative errno with @err filled, and told to the log and to systemd.
 */
int agent_new(const struct options *options, struct agent **ret_agent, struct eun_error *err);
/* Serves until a signal, then stops in order: detaches trackers (SIGTERM, SIGINT) or leaves them to
 * the next start (SIGUSR2), ends streams. */
void agent_run(struct agent *agent);
/* NULL is allowed. Returns NULL. */
struct agent *agent_free(struct agent *agent);
