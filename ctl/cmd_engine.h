/* SPDX-License-Identifier: Apache-2.0 */
/* What the commands that use the engine themselves share: "run" and "check". */
#pragma once

#include <eunomia/engine.h>

#include "ctl.h"

/* As eun_slot_new() for the package that @spec names and the options of the command line. */
int engine_new_slot(const struct ctl *ctl, struct eun_engine *engine, const char *spec,
		    struct eun_slot **ret_slot, struct eun_error *err);
/* As eun_package_check(). @ret_name: the package's name; free() it. */
int engine_check(const struct ctl *ctl, struct eun_engine *engine, const char *spec,
		 char **ret_name, struct eun_error *err);
/* Reads the package that @spec names; eun_package_free(). */
int engine_read_package(const char *spec, struct eun_package **ret_package, struct eun_error *err);
