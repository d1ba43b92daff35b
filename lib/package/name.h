/* SPDX-License-Identifier: Apache-2.0 */
/* Names in object files and of types. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct btf;
struct eun_package;

/*
 * True if the @room bytes at @s begin with a terminated name of at most EUN__NAME_MAX bytes that is
 * UTF-8 without control characters. An empty name is one.
 */
bool eun__is_name(const char *s, size_t room);
/* eun__type_name_append() as a string of the package. Return: the name, or NULL without memory. */
const char *eun__type_name_copy(struct eun_package *package, const struct btf *btf,
				uint32_t type_id);
