/* SPDX-License-Identifier: Apache-2.0 */
/* The failure that every room can meet. The rest of struct eun_error is in <eunomia/error.h>. */
#pragma once

#include <eunomia/error.h>

/* Records that an allocation failed. @err: NULL is allowed. Return: -ENOMEM. */
int eub_error_no_memory(struct eun_error *err);
