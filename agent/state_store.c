/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the state folder holds of one slot: its record and packages. A slot is removed by renaming
 * its folder to a name that no slot can have, so at any instant it is there or not; the files go
 * afterwards.
 */
#include "state_internal.h"

#include "fault.h"
#include "folder.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/str.h"

#include <eunomia/slot.h>

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

_Static_assert(STATE_NAME_MAX == EUN_SLOT_NAME_MAX, "records hold any slot's name");

static char *slot_path(const struct state *state, const char *name)
{
	assert(eun_slot_name_is_valid(name)); /* it must not lead out of the folder */
	return state_make_path(state, "slots/%s", name);
}

static bool is_package_name(const char *name, uint64_t *ret_number)
{
	return eub_has_prefix(name, "gen-") &&
	       eub_parse_u64(name + strlen("gen-"), ret_number) == 0;
}

int state_sweep_slot(const char *folder, const struct state_slot *slot)
{
	char **names;
	size_t n;
	int r = folder_list(folder, &names, &n);

	if (r < 0)
		return r;
	for (size_t i = 0; i < n && r == 0; i++) {
		_cleanup_(eub_freep) char *path = NULL;
		const struct state_generation *generation = NULL;
		uint64_t number = 0;

		if (eub_streq(names[i], "slot"))
			continue;
		if (is_package_name(names[i], &number) && number <= UINT32_MAX) {
			generation = slot ? state_slot_find(slot, (uint32_t)number) : NULL;
			if (!slot || (generation && generation->is_stored))
				continue;
		}
		if (asprintf(&path, "%s/%s", folder, names[i]) < 0) {
			path = NULL;
			r = -ENOMEM;
		} else if (unlink(path) < 0 && errno != ENOENT) {
			r = -errno;
		}
	}
	folder_free_names(names, n);
	return r;
}

int state_load_slot(const struct state *state, const char *name, struct state_slot **ret_slot,
		    struct eun_error *err)
{
	_cleanup_(state_slot_freep) struct state_slot *slot = NULL;
	_cleanup_(eub_buf_done) struct eub_buf buf = EUB_BUF_INIT;
	_cleanup_(eub_freep) char *folder = slot_path(state, name);
	_cleanup_(eub_freep) char *path = state_make_path(state, "slots/%s/slot", name);
	int r;

	if (!folder || !path)
		return eub_error_no_memory(err);
	r = state_file_read(path, STATE_FILE_SLOT, &buf, err);
	if (r < 0)
		return r;
	r = state_slot_decode(buf.data, buf.len, &slot, err);
	if (r == 0 && !eub_streq(slot->name, name))
		r = eun_error_set(err, -EBADMSG, EUN_REASON_IO, "it is the record of slot '%.64s'",
				  slot->name);
	if (r < 0) {
		eun_error_prefix(err, "'%s'", path);
		return r;
	}
	*ret_slot = EUB_TAKE_PTR(slot);
	return 0;
}

/* Writes one file of a slot, in a folder that may still have to be made. */
static int save(const struct state *state, const char *name, const char *path,
		enum state_file_kind kind, const struct eub_buf *payload,
		enum state_durability durability, struct eun_error *err)
{
	_cleanup_(eub_freep) char *folder = slot_path(state, name);
	int r;

	if (!folder || !path)
		return eub_error_no_memory(err);
	r = fault_point("state-make-folder");
	if (r == 0)
		r = folder_make(folder);
	if (r < 0)
		return state_file_fail(err, r, "make", folder);
	return state_file_write(path, kind, payload, durability, err);
}

int state_save_slot(const struct state *state, const char *name, const struct eub_buf *record,
		    enum state_durability durability, struct eun_error *err)
{
	_cleanup_(eub_freep) char *path = state_make_path(state, "slots/%s/slot", name);

	return save(state, name, path, STATE_FILE_SLOT, record, durability, err);
}

static char *package_path(const struct state *state, const char *name, uint32_t number)
{
	return state_make_path(state, "slots/%s/gen-%" PRIu32, name, number);
}

int state_load_package(const struct state *state, const char *name, uint32_t number,
		       struct eub_buf *package, struct eun_error *err)
{
	_cleanup_(eub_freep) char *path = package_path(state, name, number);

	if (!path)
		return eub_error_no_memory(err);
	return state_file_read(path, STATE_FILE_PACKAGE, package, err);
}

int state_save_package(const struct state *state, const char *name, uint32_t number,
		       const struct eub_buf *package, enum state_durability durability,
		       struct eun_error *err)
{
	_cleanup_(eub_freep) char *path = package_path(state, name, number);

	return save(state, name, path, STATE_FILE_PACKAGE, package, durability, err);
}

int state_remove_package(const struct state *state, const char *name, uint32_t number,
			 struct eun_error *err)
{
	_cleanup_(eub_freep) char *path = package_path(state, name, number);
	int r;

	if (!path)
		return eub_error_no_memory(err);
	r = fault_point("state-remove-package");
	if (r == 0 && unlink(path) < 0 && errno != ENOENT)
		r = -errno;
	return r < 0 ? state_file_fail(err, r, "remove", path) : 0;
}

int state_tidy(const struct state *state, const struct state_slot *slot, struct eun_error *err)
{
	_cleanup_(eub_freep) char *folder = slot_path(state, slot->name);
	int r;

	if (!folder)
		return eub_error_no_memory(err);
	r = state_sweep_slot(folder, slot);
	return r < 0 ? state_file_fail(err, r, "clean", folder) : 0;
}

static int sync_files(const char *folder)
{
	char **names;
	size_t n;
	int r = folder_list(folder, &names, &n);

	if (r < 0)
		return r;
	for (size_t i = 0; i < n && r == 0; i++) {
		_cleanup_(eub_freep) char *path = NULL;

		if (asprintf(&path, "%s/%s", folder, names[i]) < 0) {
			path = NULL;
			r = -ENOMEM;
		} else {
			r = eub_sync_path(path);
		}
	}
	folder_free_names(names, n);
	return r;
}

int state_make_durable(const struct state *state, const char *name, struct eun_error *err)
{
	_cleanup_(eub_freep) char *folder = slot_path(state, name);
	_cleanup_(eub_freep) char *slots = state_make_path(state, "slots");
	int r;

	if (!folder || !slots)
		return eub_error_no_memory(err);
	r = fault_point("state-sync");
	if (r == 0)
		r = sync_files(folder);
	if (r == 0)
		r = eub_sync_path(folder);
	if (r == 0)
		r = eub_sync_path(slots);
	return r < 0 ? state_file_fail(err, r, "sync", folder) : 0;
}

int state_remove_slot(const struct state *state, const char *name, enum state_durability durability,
		      struct eun_error *err)
{
	_cleanup_(eub_freep) char *folder = slot_path(state, name);
	_cleanup_(eub_freep) char *removed = state_make_path(state, "slots/.%s", name);
	_cleanup_(eub_freep) char *slots = state_make_path(state, "slots");
	int r;

	if (!folder || !removed || !slots)
		return eub_error_no_memory(err);
	r = folder_remove(removed); /* of a removal that failed half-way */
	if (r == 0)
		r = fault_point("state-remove-slot");
	if (r == 0 && rename(folder, removed) < 0)
		r = -errno;
	if (r == -ENOENT)
		return 0;
	if (r == 0 && durability == STATE_DURABLE)
		r = eub_sync_path(slots);
	if (r == 0)
		r = fault_point("state-remove-files");
	if (r == 0)
		r = folder_remove(removed);
	return r < 0 ? state_file_fail(err, r, "remove", folder) : 0;
}

/* quarantine/NAME-TIME, the time to the nanosecond, so that no two are the same. */
static char *quarantine_path(const struct state *state, const char *name)
{
	struct eub_buf buf = EUB_BUF_INIT;

	eub_buf_printf(&buf, "%s/quarantine/%s-", state->path, name);
	eub_append_rfc3339(&buf, eub_clock_wall_ns());
	return eub_buf_take_string(&buf);
}

static int write_reason(const char *folder, const char *reason, struct eun_error *err)
{
	const struct eub_replace_options options = { .mode = 0600 };
	_cleanup_(eub_buf_done) struct eub_buf text = EUB_BUF_INIT;
	_cleanup_(eub_freep) char *path = NULL;
	int r;

	if (asprintf(&path, "%s/reason", folder) < 0) {
		path = NULL;
		return eub_error_no_memory(err);
	}
	eub_append_printable(&text, reason, strlen(reason));
	eub_buf_append_char(&text, '\n');
	if (text.has_failed)
		return eub_error_no_memory(err);
	r = eub_replace_file(path, text.data, text.len, &options);
	return r < 0 ? state_file_fail(err, r, "write", path) : 0;
}

int state_quarantine(const struct state *state, const char *name, const char *reason,
		     char **ret_path, struct eun_error *err)
{
	_cleanup_(eub_freep) char *folder = slot_path(state, name);
	_cleanup_(eub_freep) char *path = quarantine_path(state, name);
	int r;

	if (!folder || !path)
		return eub_error_no_memory(err);
	r = fault_point("state-quarantine");
	if (r == 0 && rename(folder, path) < 0)
		r = -errno;
	if (r < 0)
		return state_file_fail(err, r, "set aside", folder);
	r = write_reason(path, reason, err);
	if (r == 0 && ret_path)
		*ret_path = EUB_TAKE_PTR(path);
	return r;
}
