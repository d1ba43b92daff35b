/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What to run: a package's bytes and the options that it is started with, wherever they come from
 * (a call, a file in trackers.d, the state folder). Owns copies of everything. Any thread.
 */
#pragma once

#include "base/buf.h"
#include "base/cleanup.h"

#include <eunomia/error.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct eun_package;
struct eun_slot_options;

struct spec_list {
	char **items; /* n strings */
	size_t n;
};

struct spec {
	struct eub_buf package;	 /* bytes; empty where only the options are known */
	char *package_path;	 /* file that the bytes are still to be read from; or NULL */
	char *package_name;	 /* for bytes that carry no name of their own; or NULL */
	struct spec_list keys;	 /* settings: KEYS[i]=VALUES[i] */
	struct spec_list values; /* as many as keys */
	struct spec_list args;
	struct spec_list types;
	struct spec_list attach;
	uint32_t ring_bytes;
	size_t text_bytes; /* of all lists, terminators included */
};

#define SPEC_INIT ((struct spec){ 0 })

void spec_done(struct spec *spec);
/* Whether it says what to run, and not only how. */
static inline bool spec_has_package(const struct spec *spec)
{
	return spec->package.len > 0 || spec->package_path;
}
/**
 * spec_add() - append a copy of @text to a list of @spec
 *
 * Return: 0; -E2BIG (TOO_LARGE: LIMIT_START_LIST, LIMIT_START_TEXT_BYTES); -ENOMEM.
 */
int spec_add(struct spec *spec, struct spec_list *list, const char *text, struct eun_error *err);
/* As spec_add() for a setting; one that is there already gets the new value. */
int spec_set(struct spec *spec, const char *key, const char *value, struct eun_error *err);
/* As spec_set() for "KEY=VALUE". Also -EINVAL. */
int spec_set_text(struct spec *spec, const char *text, struct eun_error *err);
/* Copies all but the package's bytes and path into @spec, which must be empty. Return: 0; -ENOMEM.
 */
int spec_copy_options(struct spec *spec, const struct spec *from);
/* Takes from @base what @spec does not say: settings one by one, each list and the ring's size as a
 * whole. Return: 0; as spec_add(); then @spec is as it was. */
int spec_complete(struct spec *spec, const struct spec *base, struct eun_error *err);
/* The same package and options? The order of settings counts. */
bool spec_is_equal(const struct spec *a, const struct spec *b);
/* A number that differs where specs do, but for one case in 2^64. Stable: it is stored. */
uint64_t spec_fingerprint(const struct spec *spec);
/* Reads the package from package_path, if that is still to be done. Blocks. Return: 0; -errno (IO).
 */
int spec_read_package(struct spec *spec, struct eun_error *err);
/* Reads it, and eun_package_parse(). Blocks. Return: as those. */
int spec_parse_package(struct spec *spec, struct eun_package **ret_package, struct eun_error *err);

/* A view of a spec as the engine wants it; borrows from it. */
struct spec_view;
/**
 * spec_view_new() - options for eun_slot_new() and its like
 * @name:    of the slot; borrowed, or NULL
 * @pin_dir: borrowed, or NULL
 *
 * Return: 0; -ENOMEM.
 */
int spec_view_new(const struct spec *spec, const char *name, const char *pin_dir,
		  struct spec_view **ret_view);
/* NULL is allowed. Returns NULL. */
struct spec_view *spec_view_free(struct spec_view *view);
EUB_DEFINE_CLEANUP(struct spec_view *, spec_view_free);
const struct eun_slot_options *spec_view_get(const struct spec_view *view);
