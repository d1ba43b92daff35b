/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The administrator's declared trackers: a folder with a file NAME.conf for each slot that shall
 * run (docs/configuration.md, "trackers.d"). Reading blocks; any thread.
 */
#pragma once

#include "budget.h"
#include "spec.h"

#include <eunomia/error.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct declared {
	char *path;	      /* of its file */
	char *name;	      /* of the slot; of a bad file as far as it could be read */
	struct eun_error err; /* code < 0: the file is bad, nothing below counts */
	struct spec spec;
	bool has_budget; /* else as the configuration says */
	struct budget_limits budget;
	uint64_t fingerprint; /* never 0; another when the file or the package says anything else */
};

struct declared_set {
	struct declared *items; /* in the order of their files' names */
	size_t n;
};

/**
 * declared_read() - read all files of @folder and the packages that they name
 * @trackers_dir: where installed trackers are
 *
 * A bad file is an item with its failure in err ("FILE:LINE: ..."); it does not stop the others. A
 * folder that does not exist declares nothing.
 *
 * Return: 0; -ENOMEM, -E2BIG (over LIMIT_DECLARED), -errno of reading the folder: nothing is known.
 */
int declared_read(const char *folder, const char *trackers_dir, struct declared_set *ret_set,
		  struct eun_error *err);
void declared_done(struct declared_set *set);
/* Name of the key @i of a file; NULL when @i is past the end. */
const char *declared_get_key(size_t i);

/* What a slot is, seen from the declarations. */
struct declared_slot {
	const char *name;
	uint64_t fingerprint; /* of the declaration that it runs by; 0: not declared */
};

enum declared_change {
	DECLARED_ADDED,	  /* to be started */
	DECLARED_CHANGED, /* to be swapped; also a slot that was started by hand under this name */
	DECLARED_REMOVED, /* to be stopped */
	_DECLARED_CHANGE_MAX,
};

/* @declared: its spec may be taken; NULL for one that was removed. */
typedef void (*declared_change_fn)(void *userdata, enum declared_change change, const char *name,
				   struct declared *declared);

/* Tells what is to be done to @n present slots. A slot with a bad file is left as it is. */
void declared_diff(struct declared_set *set, const struct declared_slot *slots, size_t n,
		   declared_change_fn on_change, void *userdata);
