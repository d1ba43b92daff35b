/* SPDX-License-Identifier: Apache-2.0 */
/* Private to lib/event: reads the C type strings of packages' own tables. */
#pragma once

#include "event/plan.h"

#include <stdint.h>

struct eun__c_type {
	enum eun__step_kind kind; /* of the element; EUN__STEP_BYTES: not known */
	bool is_signed;
	bool is_char;	     /* named char, not a typedef of it: arrays are strings */
	uint32_t size_bytes; /* of the element; 0: not known */
	uint32_t lengths[EVENT_MAX_DEPTH];
	uint32_t n_lengths; /* dimensions of an array; 0: none */
};

/**
 * eun__c_type_parse() - read "unsigned long long", "char [16]", "struct event *"
 *
 * Words may stand in any order that C allows; qualifiers are skipped. A name that is not known is
 * no error.
 *
 * Return: 0; -EINVAL for array lengths that are no numbers; -E2BIG for too many of them.
 */
int eun__c_type_parse(const char *text, struct eun__c_type *ret_type);
