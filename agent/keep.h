/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What outlives the agent: the state folder and the pins, each of which may be missing. Immutable
 * once open, so that jobs may use it.
 */
#pragma once

#include "config.h"
#include "log.h"
#include "pins.h"
#include "state.h"

#include "base/buf.h"

#include <eunomia/error.h>

#include <stdbool.h>
#include <stdint.h>

struct keep {
	struct state *state; /* NULL: nothing is written */
	struct pins *pins;   /* NULL: nothing is pinned */
	char *no_state;	     /* why there is no state; "" if there is */
	char *no_pins;	     /* why there are no pins; "" if there are */
};

/**
 * keep_open() - open what there is of both
 *
 * What cannot be used is logged once, and the agent goes on without.
 *
 * Return: 0; -EBUSY, -EPROTONOSUPPORT, -EBADMSG as state_open() and pins_open(): the agent must not
 * start; -ENOMEM.
 */
int keep_open(struct keep *keep, const struct config *config, struct log *log,
	      struct eun_error *err);
void keep_close(struct keep *keep);

/* Notes in @record that it is of this boot, and where it will be pinned, if anywhere. */
void keep_stamp(const struct keep *keep, struct state_slot *record);
/* The path to pin @record's slot at; NULL: nowhere, or out of memory. free() it. */
char *keep_pin_path(const struct keep *keep, const struct state_slot *record);

/*
 * Writing a record takes two steps, since records belong to the loop and writing is a job's: its
 * bytes are made on the loop, and written by the job.
 */
struct keep_image {
	char name[STATE_NAME_MAX];
	struct eub_buf bytes;
	enum state_durability durability;
};

/* Return: 0; -ENOMEM. */
int keep_image_init(struct keep_image *image, const struct state_slot *record);
void keep_image_done(struct keep_image *image);

/* The following block. Without state they do nothing and succeed. Return: as the state's. */
int keep_write(const struct keep *keep, const struct keep_image *image, struct eun_error *err);
/* Of a record that no other thread looks at. */
int keep_write_record(const struct keep *keep, const struct state_slot *record,
		      struct eun_error *err);
/* The package of generation @number of the slot that @image is of. */
int keep_write_package(const struct keep *keep, const struct keep_image *image, uint32_t number,
		       const struct eub_buf *package, struct eun_error *err);
int keep_remove_package(const struct keep *keep, const char *name, uint32_t number);
/* Removes all that is kept of the slot. */
int keep_remove(const struct keep *keep, const struct state_slot *record, struct eun_error *err);
