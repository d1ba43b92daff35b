/* SPDX-License-Identifier: Apache-2.0 */
/* Private to lib/event: writes one value of a record. */
#pragma once

#include "base/buf.h"
#include "event/plan.h"

#include <stddef.h>
#include <stdint.h>

enum eun__style {
	EUN__STYLE_JSON,  /* what is no number is quoted and escaped */
	EUN__STYLE_TEXT,  /* no quotes, hostile bytes escaped */
	EUN__STYLE_PLAIN, /* the bytes themselves */
	_EUN__STYLE_MAX,
};

struct eun__value {
	const struct eun_schema *schema;
	const struct eun__step *step; /* neither opens nor closes anything */
	const uint8_t *data;	      /* its first byte in the record */
	size_t n;		      /* bytes from there to the record's end, >= step->n_need */
	enum eun__style style;
};

void eun__value_append(const struct eun__value *value, struct eub_buf *buf);
