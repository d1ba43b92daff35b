/* SPDX-License-Identifier: Apache-2.0 */
/* The agent as a subject of the doctor: what it says of itself, or why it says nothing. */
#pragma once

#include "ctl.h"
#include "doctor.h"

#include "eunomia/v1/eunomia.pb-c.h"

struct doctor_agent {
	const char *socket_path;      /* borrowed; NULL: the address is none */
	bool is_there;		      /* it answered */
	struct eun_error error;	      /* if not: why */
	Eunomia__V1__InfoReply *info; /* owned; of an agent that is there */
	Eunomia__V1__ListReply *list; /* owned; the same */
};

/* Asks the agent, and tells @doctor of its pid and folders. @agent: doctor_agent_done(), and not
 * before @doctor is done. */
void doctor_agent_ask(struct doctor_agent *agent, struct ctl *ctl, struct doctor *doctor);
void doctor_agent_done(struct doctor_agent *agent);

void doctor_check_agent(struct doctor *doctor);
void doctor_check_versions(struct doctor *doctor);
void doctor_check_features(struct doctor *doctor);
void doctor_check_slots(struct doctor *doctor);
void doctor_check_declared(struct doctor *doctor);
void doctor_check_set_aside(struct doctor *doctor);
