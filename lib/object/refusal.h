/* SPDX-License-Identifier: Apache-2.0 */
/* What the kernel means when it refuses a program: cause and next step for its own words. */
#pragma once

#include "object/privilege.h"

#include <eunomia/error.h>

#include <stdbool.h>

#define EUN__LOCKED_DOWN                                                                             \
	"the kernel is locked down (lockdown=confidentiality): it lets no program read its memory, " \
	"and none be attached to its functions or tracepoints"
#define EUN__UNLOCK                                                                                \
	"use lockdown=integrity, or none, on the kernel's command line; with Secure Boot the "     \
	"distribution may set it"

/**
 * eun__refusal_explain_load() - words for a load that failed
 * @r:         -errno of the load
 * @complaint: the verifier's last line; "" if it said nothing
 * @words:     libbpf's first warning; ""
 *
 * Return: whether the refusal is a known one: then @err is set.
 */
bool eun__refusal_explain_load(int r, const char *complaint, const char *words,
			       struct eun_error *err);
/* The next step after attaching failed with @r. */
void eun__refusal_hint_attach(int r, enum eun__step step, struct eun_error *err);
/* strerror() that also knows the errno that the kernel keeps to itself. Static. */
const char *eun__refusal_strerror(int r);
