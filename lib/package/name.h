/* SPDX-License-Identifier: Apache-2.0 */
/* Names in object files. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/*
 * True if the @room bytes at @s begin with a terminated name of at most EUN__NAME_MAX bytes that is
 * UTF-8 without control characters. An empty name is one.
 */
bool eun__is_name(const char *s, size_t room);
