/* SPDX-License-Identifier: Apache-2.0 */
/* The global variables that a package lets its user set. */
#pragma once

#include <eunomia/package.h>

struct eun__object;

/* All strings "", section as given. */
void eun__variable_init(struct eun_package_variable *variable, const char *section);
/* Makes room in the package's list for @n more. Return: 0; -E2BIG, -ENOMEM. */
int eun__variables_reserve(struct eun_package *package, size_t n, struct eun_error *err);
/* Appends a copy of *@variable, unless its name says that ecc made it up for itself. */
void eun__variable_add(struct eun_package *package, const struct eun_package_variable *variable);

/**
 * eun__variables_complete() - add the variables of an object's data sections
 *
 * Global variables of .rodata, .data and .bss by their BTF, with their initial values where these
 * are numbers, booleans or text. Where the manifest listed some, its .rodata and .bss are taken as
 * complete; other sections no manifest can list. Objects without BTF have none.
 *
 * Return: 0; -E2BIG, -ENOMEM, -EINVAL.
 */
int eun__variables_complete(struct eun_package *package, const struct eun__object *object,
			    struct eun_error *err);
