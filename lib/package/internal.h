/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of this room share while a package is being made. */
#pragma once

#include "package/json.h"
#include "package/object.h"
#include "package/package.h"
#include "package/sniff.h"

/*
 * One generation of package JSON. unpack() fills object and object_size; parse() fills the rest and
 * may look into the object, which is checked by then.
 */
struct eun__generation {
	enum eun_package_format format;
	bool (*matches)(const json_t *root);
	int (*unpack)(struct eun_package *package, const struct eun__json *root,
		      struct eun_error *err);
	int (*parse)(struct eun_package *package, const struct eun__json *root,
		     const struct eun__object *object, struct eun_error *err);
};

extern const struct eun__generation eun__generation_0;
extern const struct eun__generation eun__generation_1;
extern const struct eun__generation eun__generation_2;
extern const struct eun__generation eun__generation_3;

/**
 * eun__package_alloc() - zeroed memory that lives as long as the package
 * @n: number of elements of @size bytes; 0 is allowed
 *
 * Return: the memory, or NULL.
 */
void *eun__package_alloc(struct eun_package *package, size_t n, size_t size);
/* Copies @n bytes and terminates them; NULL if there is no memory. */
const char *eun__package_copy(struct eun_package *package, const char *s, size_t n);

/**
 * eun__package_complete() - fill from the object what the manifest left out
 *
 * Lists of variables, programs and maps that are empty, sections of programs and types of maps that
 * are "".
 *
 * Return: 0; -EINVAL, -E2BIG, -ENOMEM.
 */
int eun__package_complete(struct eun_package *package, const struct eun__object *object,
			  struct eun_error *err);
