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

/*
 * What follows from opening one of the folders. @why: its failure, moved to @err if the agent must
 * not go on. Return: 0, with the reason in *@ret_reason; @code; -ENOMEM.
 */
static int judge(struct log *log, int code, const char *what, struct eun_error *why,
		 char **ret_reason, struct eun_error *err)
{
	if (is_fatal(code)) {
		if (err)
			*err = *why;
		else
			eun_error_done(why);
		return code;
	}
	if (code < 0)
		log_write(log, LOG_LEVEL_WARNING, LOG_ID_SURVIVAL_LIMITED, NULL, 0,
			  "%s, continuing without %s%s%s", why->message, what,
			  why->hint[0] ? "; to change that: " : "", why->hint);
	*ret_reason = strdup(code < 0 ? why->message : "");
	eun_error_done(why);
	return *ret_reason ? 0 : eub_error_no_memory(err);
}

int keep_open(struct keep *keep, const struct config *config, struct log *log,
	      struct eun_error *err)
{
	struct eun_error why = EUN_ERROR_INIT;
	int r = state_open(config->state_dir, STATE_BOOT_ID_PATH, &keep->state, &why);

	r = judge(log, r, "survival of restarts", &why, &keep->no_state, err);
	if (r < 0)
		return r;
	if (!keep->state) { /* what is pinned could not be taken over */
		keep->no_pins = strdup(keep->no_state);
		return keep->no_pins ? 0 : eub_error_no_memory(err);
	}
	r = pins_open(config->bpffs_dir, &keep->pins, &why);
	return judge(log, r, "pins: a restart ends trackers and starts them afresh", &why,
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
	if (image->bytes.len == 0) /* it could not be made: what is on disk is better */
		return eub_error_no_memory(err);
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
