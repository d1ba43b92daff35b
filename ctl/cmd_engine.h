/* SPDX-License-Identifier: Apache-2.0 */
/* What the commands that use the engine themselves share: "run" and "check". */
#pragma once

#include <eunomia/engine.h>

#include "ctl.h"

/* Rows of the options that engine_parse() reads. */
#define ENGINE_OPTIONS                                                                             \
	{ "name", 'n',	  OPTION_STRING,    OPTION_OFFSET(name),                                   \
	  0,	  "NAME", COMPLETE_NOTHING, "name of the slot (default: the package's name)" },    \
	    { "set",                                                                               \
	      's',                                                                                 \
	      OPTION_WORDS,                                                                        \
	      OPTION_OFFSET(settings),                                                             \
	      0,                                                                                   \
	      "KEY=VALUE",                                                                         \
	      COMPLETE_NOTHING,                                                                    \
	      "set a global variable of the tracker; may be repeated" },                           \
	    { "type",                                                                              \
	      't',                                                                                 \
	      OPTION_WORDS,                                                                        \
	      OPTION_OFFSET(types),                                                                \
	      0,                                                                                   \
	      "[MAP=]STRUCT",                                                                      \
	      COMPLETE_NOTHING,                                                                    \
	      "struct of the events; may be repeated" },                                           \
	{                                                                                          \
		"ring-bytes", 0, OPTION_SIZE, OPTION_OFFSET(ring_bytes), 0, "BYTES",               \
		    COMPLETE_NOTHING,                                                              \
		    "size of the ring buffer: a power of two, also as 256k or 1M"                  \
	}

/* As eun_slot_new() for the package that @spec names and the options of the command line. */
int engine_new_slot(const struct ctl *ctl, struct eun_engine *engine, const char *spec,
		    struct eun_slot **ret_slot, struct eun_error *err);
/* As eun_package_check(). @ret_name: the package's name; free() it. */
int engine_check(const struct ctl *ctl, struct eun_engine *engine, const char *spec,
		 char **ret_name, struct eun_error *err);
/* Reads the package that @spec names; eun_package_free(). */
int engine_read_package(const char *spec, struct eun_package **ret_package, struct eun_error *err);
