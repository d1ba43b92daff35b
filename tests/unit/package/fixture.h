/* SPDX-License-Identifier: Apache-2.0 */
/* Valid packages of every generation, made from tests/data/package_events.bpf.c. */
#pragma once

/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

#include "package/package.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* The object's bytes; the caller frees them. */
unsigned char *fixture_object(size_t *ret_size);
/* A package with every member that its generation has, or for EUN_PACKAGE_OBJECT: NULL. */
json_t *fixture_json(enum eun_package_format format);
/* Parses @root and releases it. */
int fixture_parse(json_t *root, struct eun_package **ret_package, struct eun_error *err);
/* As fixture_parse() for a package that must be accepted. */
struct eun_package *fixture_package(json_t *root);
/* Parses @root, releases it, and expects a failure with these particulars. */
void fixture_refuse(json_t *root, enum eun_reason reason, const char *subject, const char *message);
/* The value at a path such as "meta.bpf_skel.maps[1]"; must exist; borrowed. */
json_t *fixture_at(json_t *root, const char *path);
/* Replaces member @key of the object at @path ("" for the root); @value is stolen. */
void fixture_set(json_t *root, const char *path, const char *key, json_t *value);
