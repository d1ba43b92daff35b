/* SPDX-License-Identifier: Apache-2.0 */
/* The object of a package, opened for reading: ELF view, types, and what .BTF.ext says of them. */
#pragma once

#include "package/elf.h"

struct btf;

struct eun__object {
	struct eun__elf elf;	     /* a view of the bytes given, which must outlive it */
	struct btf *btf;	     /* NULL if the object has none */
	const struct btf_type *maps; /* DATASEC ".maps"; NULL if there is none */
};

/**
 * eun__object_open() - check an object file and open it
 * @data: @size bytes, must outlive *@object
 *
 * Return: 0, with *@object to be released by eun__object_close(); -EINVAL, -E2BIG, -ENOMEM.
 */
int eun__object_open(struct eun__object *object, const void *data, size_t size,
		     struct eun_error *err);
void eun__object_close(struct eun__object *object);
