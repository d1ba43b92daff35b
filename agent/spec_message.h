/* SPDX-License-Identifier: Apache-2.0 */
/* StartRequest -> struct spec: what a start or a swap is asked to run. */
#pragma once

#include "config.h"
#include "spec.h"

#include <eunomia/error.h>

struct Eunomia__V1__StartRequest;

enum spec_package_rule {
	SPEC_PACKAGE_NEEDED,
	SPEC_PACKAGE_OPTIONAL,
};

/**
 * spec_from_message() - copy all that the spec needs
 * @spec: empty; to be released also after a failure
 *
 * Of a package and the name of an installed tracker at most one may be given.
 *
 * Return: 0; -EINVAL; -ENOENT (no such tracker); -E2BIG; -ENOMEM.
 */
int spec_from_message(struct spec *spec, const struct Eunomia__V1__StartRequest *message,
		      const struct config *config, enum spec_package_rule rule,
		      struct eun_error *err);
