/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A host without a writable /var or without a BPF file system still runs trackers: then slots end
 * with the agent, or are started afresh after a crash, and everybody who asks is told why. What
 * stops a start is only what would do harm: another agent on the same folders, or a format that
 * this version would spoil.
 */
#include "keep.h"

#include "log_ids.h"

#include "base/error.h"
#include "base/macro.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_fatal(int code)
{
	return code == -EBUSY || code == -EPROTONOSUPPORT || code == -EBADMSG || code == -ENOMEM;
}

/* Notes why something is missing. Return: 0; @code if the agent must not go on; -ENOMEM. */
static int go_without(struct log *log, int code, const char *what, char **why,
		      struct eun_error *err)
{
	if (is_fatal(code))
		return code;
	*why = strdup(err->message);
	if (!*why)
		return eub_error_no_memory(err);
	log_write(log, LOG_LEVEL_WARNING, LOG_ID_SURVIVAL_LIMITED, NULL, 0,
		  "%s, continuing without %s", err->message, what);
	eun_error_done(err);
	return 0;
}

static int note_present(char **why, struct eun_error *err)
{
	*why = strdup("");
	return *why ? 0 : eub_error_no_memory(err);
}

int keep_open(struct keep *keep, const struct config *config, struct log *log,
	      struct eun_error *err)
{
	int r = state_open(config->state_dir, STATE_BOOT_ID_PATH, &keep->state, err);

	r = r == 0 ? note_present(&keep->no_state, err)
		   : go_without(log, r, "survival of restarts", &keep->no_state, err);
	if (r < 0)
		return r;
	if (!keep->state) { /* what is pinned could not be taken over */
		keep->no_pins = strdup(keep->no_state);
		return keep->no_pins ? 0 : eub_error_no_memory(err);
	}
	r = pins_open(config->bpffs_dir, &keep->pins, err);
	return r == 0 ? note_present(&keep->no_pins, err)
		      : go_without(log, r, "pins: a restart ends trackers and starts them afresh",
				   &keep->no_pins, err);
}

void keep_close(struct keep *keep)
{
	keep->pins = pins_close(keep->pins);
	keep->state = state_close(keep->state);
	free(keep->no_state);
	free(keep->no_pins);
	*keep = (struct keep){ 0 };
}

void keep_stamp(const struct keep *keep, struct state_slot *record)
{
	(void)snprintf(record->boot_id, sizeof(record->boot_id), "%s",
		       keep->state ? state_get_boot_id(keep->state) : "");
	record->pins[0] = '\0';
	if (keep->pins)
		pins_choose(keep->pins, record->name, record->pins);
}

char *keep_pin_path(const struct keep *keep, const struct state_slot *record)
{
	return keep->pins && record->pins[0] ? pins_path(keep->pins, record->pins) : NULL;
}

/* Only what is to come back after a reboot must get there. */
static enum state_durability durability_of(const struct state_slot *record)
{
	return record->is_enabled ? STATE_DURABLE : STATE_FAST;
}

int keep_image_init(struct keep_image *image, const struct state_slot *record)
{
	*image = (struct keep_image){ .durability = durability_of(record) };
	memcpy(image->name, record->name, sizeof(image->name));
	return state_slot_encode(record, &image->bytes);
}

void keep_image_done(struct keep_image *image)
{
	eub_buf_done(&image->bytes);
}

int keep_write(const struct keep *keep, const struct keep_image *image, struct eun_error *err)
{
	if (!keep->state)
		return 0;
	return state_save_slot(keep->state, image->name, &image->bytes, image->durability, err);
}

int keep_write_record(const struct keep *keep, const struct state_slot *record,
		      struct eun_error *err)
{
	struct keep_image image;
	int r = keep_image_init(&image, record);

	r = r < 0 ? eub_error_no_memory(err) : keep_write(keep, &image, err);
	keep_image_done(&image);
	return r;
}

int keep_write_generation(const struct keep *keep, const struct state_slot *record, uint32_t number,
			  const struct eub_buf *package, struct eun_error *err)
{
	int r;

	if (!keep->state)
		return 0;
	r = state_save_package(keep->state, record->name, number, package, durability_of(record),
			       err);
	return r < 0 ? r : keep_write_record(keep, record, err);
}

int keep_remove(const struct keep *keep, const struct state_slot *record, struct eun_error *err)
{
	if (!keep->state)
		return 0;
	return state_remove_slot(keep->state, record->name, durability_of(record), err);
}

int keep_write_package(const struct keep *keep, const struct keep_image *image, uint32_t number,
		       const struct eub_buf *package, struct eun_error *err)
{
	if (!keep->state)
		return 0;
	return state_save_package(keep->state, image->name, number, package, image->durability,
				  err);
}

int keep_remove_package(const struct keep *keep, const char *name, uint32_t number)
{
	return keep->state ? state_remove_package(keep->state, name, number, NULL) : 0;
}
