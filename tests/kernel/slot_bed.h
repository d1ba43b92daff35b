/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of slots and of swaps share: an engine that notes what it hands up, and slots of
 * slot.bpf.c that look at this process alone. */
#pragma once

#include <eunomia/engine.h>

struct record {
	uint32_t hook;
	int32_t argument;
	uint64_t number;
	char name[8];
};

struct seen {
	unsigned int n_events;
	unsigned int n_out_of_order; /* seq not above the one before, in one ring */
	uint64_t n_lost;
	uint64_t last_seq;
	uint32_t last_ring;
	uint32_t last_generation;
	struct record last;
	char json[256];
};

struct eun_engine *new_engine(struct seen *seen);
struct eun_package *read_package(void);
/* Options for slots whose tracker looks at process @pid, with one more setting if @extra is given.
 * They point into @bed. */
struct slot_bed {
	char pid[16];
	struct eun_setting settings[2];
	struct eun_slot_options options;
};
void slot_bed_init(struct slot_bed *bed, const char *name, int pid,
		   const struct eun_setting *extra);
/* A prepared slot whose tracker looks at this process alone. */
struct eun_slot *new_slot(struct eun_engine *engine, const char *name,
			  const struct eun_setting *extra);
/* Added to the engine: it runs. */
struct eun_slot *start_slot(struct eun_engine *engine);
/* One event of the first hook each. */
void make_events(unsigned int n);
void dispatch_all(struct eun_engine *engine);
