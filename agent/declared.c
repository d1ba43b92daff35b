/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One file, one slot. A declaration is compared with the one that the slot was last started or
 * swapped by, as a fingerprint over file and package, and not with what runs: so a rollback by hand
 * stands until the administrator changes something, and a newer package in the folder of installed
 * trackers counts as a change.
 *
 * A file that cannot be understood says nothing; least of all does it say that its tracker shall
 * stop. So bad files are kept in the set, under the name that they would have.
 */
#include "declared.h"

#include "agent_limits.h"
#include "folder.h"
#include "ini_file.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "base/macro.h"
#include "base/str.h"

#include <eunomia/package.h>
#include <eunomia/slot.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SUFFIX ".conf"

/* A declaration while its file is read. */
struct reading {
	struct declared *declared;
	char *source;
};

static int replace_text(char **text, const char *value, struct eun_error *err)
{
	char *copy = strdup(value);

	if (!copy)
		return eub_error_no_memory(err);
	free(*text);
	*text = copy;
	return 0;
}

static int set_source(struct reading *reading, const char *value, struct eun_error *err)
{
	if (value[0] != '/' && !eun_tracker_name_is_valid(value))
		return eun_error_set(
		    err, -EINVAL, EUN_REASON_INVALID_ARGUMENT,
		    "Source= takes the name of an installed tracker or an absolute "
		    "path, not '%.64s'",
		    value);
	return replace_text(&reading->source, value, err);
}

static int set_name(struct reading *reading, const char *value, struct eun_error *err)
{
	if (!eun_slot_name_is_valid(value))
		return eun_error_set(err, -EINVAL, EUN_REASON_INVALID_ARGUMENT,
				     "Name= takes the name of a slot, not '%.64s'", value);
	return replace_text(&reading->declared->name, value, err);
}

static int add_setting(struct reading *reading, const char *value, struct eun_error *err)
{
	return spec_set_text(&reading->declared->spec, value, err);
}

/* Arguments are separated by blanks. */
static int add_args(struct reading *reading, const char *value, struct eun_error *err)
{
	struct spec *spec = &reading->declared->spec;
	_cleanup_(eub_freep) char *copy = strdup(value);
	char *rest = copy, *arg;
	int r = 0;

	if (!copy)
		return eub_error_no_memory(err);
	while (r == 0 && (arg = strsep(&rest, " \t")))
		if (arg[0])
			r = spec_add(spec, &spec->args, arg, err);
	return r;
}

static int add_type(struct reading *reading, const char *value, struct eun_error *err)
{
	return spec_add(&reading->declared->spec, &reading->declared->spec.types, value, err);
}

static int add_attach(struct reading *reading, const char *value, struct eun_error *err)
{
	return spec_add(&reading->declared->spec, &reading->declared->spec.attach, value, err);
}

static int parse_number(const char *key, const char *value, uint64_t max, uint64_t *ret_number,
			struct eun_error *err)
{
	uint64_t number;

	if (eub_parse_u64(value, &number) < 0 || number > max)
		return eun_error_set(err, -EINVAL, EUN_REASON_INVALID_ARGUMENT,
				     "%s= takes a number from 0 to %llu, not '%.64s'", key,
				     (unsigned long long)max, value);
	*ret_number = number;
	return 0;
}

static int set_ring_bytes(struct reading *reading, const char *value, struct eun_error *err)
{
	uint64_t number = 0;
	int r = parse_number("RingBytes", value, UINT32_MAX, &number, err);

	reading->declared->spec.ring_bytes = (uint32_t)number;
	return r;
}

static int set_events_per_second(struct reading *reading, const char *value, struct eun_error *err)
{
	reading->declared->has_budget = true;
	return parse_number("EventsPerSecond", value, BUDGET_MAX,
			    &reading->declared->budget.events_per_second, err);
}

static int set_bytes_per_second(struct reading *reading, const char *value, struct eun_error *err)
{
	reading->declared->has_budget = true;
	return parse_number("BytesPerSecond", value, BUDGET_MAX,
			    &reading->declared->budget.bytes_per_second, err);
}

static const struct {
	const char *name;
	int (*set)(struct reading *reading, const char *value, struct eun_error *err);
} keys[] = {
	{ "Source", set_source },
	{ "Name", set_name },
	{ "Set", add_setting },
	{ "Args", add_args },
	{ "Type", add_type },
	{ "Attach", add_attach },
	{ "RingBytes", set_ring_bytes },
	{ "EventsPerSecond", set_events_per_second },
	{ "BytesPerSecond", set_bytes_per_second },
};

const char *declared_get_key(size_t i)
{
	return i < EUB_ARRAY_SIZE(keys) ? keys[i].name : NULL;
}

static int set_key(struct reading *reading, const struct ini_key *key, struct eun_error *err)
{
	if (!eub_streq(key->section, "Tracker"))
		return eun_error_set(err, -EINVAL, EUN_REASON_INVALID_ARGUMENT,
				     "section [%.64s] is not known here, only [Tracker]",
				     key->section);
	for (size_t i = 0; i < EUB_ARRAY_SIZE(keys); i++)
		if (eub_streq(keys[i].name, key->name))
			return keys[i].set(reading, key->value, err);
	return eun_error_set(err, -EINVAL, EUN_REASON_INVALID_ARGUMENT, "key %.64s= is not known",
			     key->name);
}

/* Goes on after a failure: the name may stand below it. */
static int on_key(void *userdata, const struct ini_key *key, struct eun_error *unused EUB_UNUSED)
{
	struct reading *reading = userdata;
	struct eun_error *err = &reading->declared->err;
	bool is_first = err->code == 0;

	if (set_key(reading, key, err) < 0 && is_first)
		eun_error_prefix(err, "%s:%u", key->path, key->line);
	return 0;
}

/* A bare object file has no name of its own: it gets the one that it is known by. */
static int find_package(struct declared *declared, const char *source, const char *trackers_dir,
			struct eun_error *err)
{
	struct spec *spec = &declared->spec;
	bool is_path = source[0] == '/';
	int r = 0;

	spec->package_name = strdup(is_path ? declared->name : source);
	if (!spec->package_name)
		return eub_error_no_memory(err);
	if (!is_path)
		r = eun_tracker_find(trackers_dir, source, &spec->package_path, err);
	else
		r = replace_text(&spec->package_path, source, err);
	return r < 0 ? r : spec_read_package(spec, err);
}

/* The budget is part of what a declaration says, and 0 is kept for "not declared". */
static uint64_t fingerprint_of(const struct declared *declared)
{
	uint64_t fingerprint = spec_fingerprint(&declared->spec);

	fingerprint ^= declared->has_budget;
	fingerprint ^= declared->budget.events_per_second * UINT64_C(0x9e3779b97f4a7c15);
	fingerprint ^= declared->budget.bytes_per_second * UINT64_C(0xc2b2ae3d27d4eb4f);
	return fingerprint ? fingerprint : 1;
}

/* What the file says once it is read to its end. */
static void complete(struct declared *declared, const char *source, const char *trackers_dir)
{
	struct eun_error *err = &declared->err;

	if (!source)
		(void)eun_error_set(err, -EINVAL, EUN_REASON_INVALID_ARGUMENT,
				    "Source= is missing");
	else if (!eun_slot_name_is_valid(declared->name))
		(void)eun_error_set(err, -EINVAL, EUN_REASON_INVALID_ARGUMENT,
				    "the file's name is no slot name, and Name= is missing");
	else
		(void)find_package(declared, source, trackers_dir, err);
	if (err->code < 0)
		eun_error_prefix(err, "%s", declared->path);
	else
		declared->fingerprint = fingerprint_of(declared);
}

static int read_file(struct declared *declared, const char *trackers_dir)
{
	struct reading reading = { .declared = declared };
	int r = ini_file_read(declared->path, on_key, &reading, &declared->err);

	if (r == 0 && declared->err.code == 0)
		complete(declared, reading.source, trackers_dir);
	free(reading.source);
	return declared->err.code == -ENOMEM ? -ENOMEM : 0;
}

/* Path, and the slot's name as the file's name says it. Return: 0; -ENOMEM. */
static int name_file(struct declared *declared, const char *folder, const char *file)
{
	declared->name = strndup(file, strlen(file) - strlen(SUFFIX));
	if (asprintf(&declared->path, "%s/%s", folder, file) < 0)
		declared->path = NULL;
	return declared->name && declared->path ? 0 : -ENOMEM;
}

static void declared_item_done(struct declared *declared)
{
	free(declared->path);
	free(declared->name);
	eun_error_done(&declared->err);
	spec_done(&declared->spec);
}

void declared_done(struct declared_set *set)
{
	for (size_t i = 0; i < set->n; i++)
		declared_item_done(&set->items[i]);
	free(set->items);
	*set = (struct declared_set){ 0 };
}

static const struct declared *find(const struct declared_set *set, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (eub_streq(set->items[i].name, name))
			return &set->items[i];
	return NULL;
}

/* Of two files for one slot the first counts. */
static void check_name(const struct declared_set *set, struct declared *declared)
{
	const struct declared *other = find(set, set->n - 1, declared->name);

	if (!other || declared->err.code < 0)
		return;
	(void)eun_error_set(&declared->err, -EEXIST, EUN_REASON_NAME_TAKEN,
			    "%s: slot '%s' is declared by '%s' already", declared->path,
			    declared->name, other->path);
	declared->fingerprint = 0;
}

static int read_files(struct declared_set *set, const char *folder, char **files, size_t n,
		      const char *trackers_dir)
{
	set->items = calloc(n + 1, sizeof(set->items[0]));
	if (!set->items)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		struct declared *declared = &set->items[set->n];

		if (files[i][0] == '.' || !eub_has_suffix(files[i], SUFFIX))
			continue;
		if (set->n >= LIMIT_DECLARED)
			return -E2BIG;
		set->n++;
		if (name_file(declared, folder, files[i]) < 0 ||
		    read_file(declared, trackers_dir) < 0)
			return -ENOMEM;
		check_name(set, declared);
	}
	return 0;
}

int declared_read(const char *folder, const char *trackers_dir, struct declared_set *ret_set,
		  struct eun_error *err)
{
	struct declared_set set = { 0 };
	char **files = NULL;
	size_t n = 0;
	int r = folder_list(folder, &files, &n);

	if (r == -ENOENT) {
		*ret_set = set;
		return 0;
	}
	if (r == 0)
		r = read_files(&set, folder, files, n, trackers_dir);
	folder_free_names(files, n);
	if (r == 0) {
		*ret_set = set;
		return 0;
	}
	declared_done(&set);
	if (r == -E2BIG)
		return eun_error_set(err, r, EUN_REASON_TOO_LARGE,
				     "'%s' holds more than %d declarations", folder,
				     LIMIT_DECLARED);
	return eun_error_set(err, r, EUN_REASON_IO, "cannot read '%s': %s", folder, strerror(-r));
}

static const struct declared_slot *find_slot(const struct declared_slot *slots, size_t n,
					     const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (eub_streq(slots[i].name, name))
			return &slots[i];
	return NULL;
}

void declared_diff(struct declared_set *set, const struct declared_slot *slots, size_t n,
		   declared_change_fn on_change, void *userdata)
{
	for (size_t i = 0; i < n; i++)
		if (slots[i].fingerprint != 0 && !find(set, set->n, slots[i].name))
			on_change(userdata, DECLARED_REMOVED, slots[i].name, NULL);
	for (size_t i = 0; i < set->n; i++) {
		struct declared *declared = &set->items[i];
		const struct declared_slot *slot = find_slot(slots, n, declared->name);

		if (declared->err.code < 0)
			continue;
		if (!slot)
			on_change(userdata, DECLARED_ADDED, declared->name, declared);
		else if (slot->fingerprint != declared->fingerprint)
			on_change(userdata, DECLARED_CHANGED, declared->name, declared);
	}
}
