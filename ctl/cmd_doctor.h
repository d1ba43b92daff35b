/* SPDX-License-Identifier: Apache-2.0 */
/* The doctor's findings, for the verbs that show them. */
#pragma once

#include "cmd_doctor_agent.h"
#include "record.h"

/**
 * doctor_examine() - ask the agent and run all checks
 * @doctor: of doctor_init(); doctor_done(), then doctor_agent_done() of @agent
 *
 * Takes as long as what is asked: CTL_PROBE_TIMEOUT_MS for each question, unless --timeout says
 * otherwise.
 */
void doctor_examine(struct doctor *doctor, struct doctor_agent *agent, struct ctl *ctl);
/* Prints a struct doctor. */
extern const struct record_kind doctor_kind;
