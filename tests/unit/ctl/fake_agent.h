/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An agent without an engine: a thread that serves canned answers over a real Unix socket by the
 * project's own gRPC server. EUNOMIA_HOST names it. Slots: "alpha" (running) and "b" (paused).
 * Every other name is NOT_FOUND; "secret" is PERMISSION; "loop" fails as the verifier would.
 * Verbs that load or switch echo their request. Event streams: fake_stream.h.
 */
#pragma once

struct fake_agent;

/* Ends the test program on failure. */
struct fake_agent *fake_agent_new(void);
void fake_agent_free(struct fake_agent *agent);
