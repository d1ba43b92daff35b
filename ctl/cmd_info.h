/* SPDX-License-Identifier: Apache-2.0 */
/* What the agent says of itself, for the verbs that print it. */
#pragma once

#include "record.h"

/* Prints an Eunomia__V1__InfoReply. */
extern const struct record_kind info_kind;
