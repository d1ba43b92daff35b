/* SPDX-License-Identifier: Apache-2.0 */
/* The event streams of the fake agent. */
#pragma once

#include "rpc/server.h"

#include "eunomia/v1/eunomia.pb-c.h"

/* What becomes of the connection when the answer is sent. */
enum fake_end {
	FAKE_END_NONE,	 /* it stays */
	FAKE_END_DROP,	 /* it breaks */
	FAKE_END_VANISH, /* it breaks, and the agent's socket is removed */
};

/**
 * fake_stream_answer() - answer Events.Stream
 * @step: how many streams of the same script came before; moved on
 *
 * Slots that have a script, a connection for each of its lines, end as it says. Events of scripts
 * hold the first position of the request: {"from":"SLOT/RING/NEXT"}.
 */
enum fake_end fake_stream_answer(struct rpc_call *call, const Eunomia__V1__StreamRequest *request,
				 size_t *step);
/* Ends the call as the slot's name says. */
void fake_agent_refuse(struct rpc_call *call, const char *name);
/* Whether the fake agent has a slot of this name. */
bool fake_agent_has_slot(const char *name);
