/* SPDX-License-Identifier: Apache-2.0 */
/* One slot that an earlier agent left: what becomes of it. Blocks; any thread. */
#pragma once

#include "launch.h"

#include "base/buf.h"

#include <eunomia/error.h>

struct eun_package;
struct eun_slot;

enum restore_outcome {
	RESTORE_GONE,	 /* nothing is left of it */
	RESTORE_ADOPTED, /* taken over */
	RESTORE_AFRESH,	 /* started afresh */
	RESTORE_LATER,	 /* as before; what it attaches to is not there */
	RESTORE_ASIDE,	 /* in quarantine */
	RESTORE_FAILED,	 /* still on disk, for the next start of the agent */
	_RESTORE_OUTCOME_MAX,
};

struct restore_slot {
	const struct launcher *launcher; /* set by the owner before, as the next */
	const char *name;		 /* borrowed */
	enum restore_outcome outcome;
	struct state_slot *record;   /* as it is now; NULL if it could not be read */
	struct eub_buf before;	     /* the same as it is on disk */
	struct eun_slot *slot;	     /* adopted, or prepared afresh; else NULL */
	struct eun_package *package; /* of the generation to start afresh */
	struct eub_buf bytes;	     /* of that package, to be written; empty: none */
	char *aside_path;	     /* in quarantine; or NULL */
	struct eun_error why;	     /* not taken over; set aside; failed */
};

/* Decides and does it, up to the gate, which is left as it is. */
void restore_slot_run(struct restore_slot *op);
/* Releases all but the slot. */
void restore_slot_done(struct restore_slot *op);
