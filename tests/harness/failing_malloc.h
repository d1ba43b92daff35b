/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes one allocation of the code under test fail. Programs that link eunomia_failing_malloc have
 * malloc(), calloc(), realloc(), reallocarray(), strdup(), strndup() and asprintf() of their own
 * objects counted, whatever sanitizer is on; allocations inside shared libraries are not seen, save
 * those of jansson after failing_malloc_init().
 *
 *	do { failing_malloc_arm(++n); ...; } while (failing_malloc_disarm());
 */
#pragma once

#include <stdbool.h>

/* Also routes jansson's allocations through here. */
void failing_malloc_init(void);
/* From now on the @nth allocation (from 1) fails, once. 0: none fails. */
void failing_malloc_arm(unsigned int nth);
/* Ends the counting. Return: true if an allocation was failed since arming. */
bool failing_malloc_disarm(void);
