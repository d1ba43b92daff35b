/* SPDX-License-Identifier: Apache-2.0 */
/* What the command line says of a tracker to be loaded, as the agent wants it: start and swap. */
#pragma once

#include <eunomia/slot.h>

#include "ctl.h"
#include "source.h"

#include "eunomia/v1/eunomia.pb-c.h"

struct start_request {
	Eunomia__V1__StartRequest message; /* borrows all that follows, and the command line */
	Eunomia__V1__Budget budget;
	Eunomia__V1__Setting *settings;
	Eunomia__V1__Setting **setting_pointers;
	struct eun_setting *parsed_settings;
	struct source source;
	char *name;
};

/**
 * start_request_init() - read the package that @spec names and the options of the command line
 * @request: must not be moved afterwards; start_request_done(), also after a failure
 * @spec:    NULL: no package
 * @name:    of the slot; NULL: what --name says, or else the package's file if it has no name
 *
 * Return: 0; as settings_parse() and source_load(); -ENOMEM.
 */
int start_request_init(struct start_request *request, const struct ctl *ctl, const char *spec,
		       const char *name, struct eun_error *err);
void start_request_done(struct start_request *request);
