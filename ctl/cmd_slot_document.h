/* SPDX-License-Identifier: Apache-2.0 */
/* A slot as an object for scripts. */
#pragma once

#include "document.h"

#include "eunomia/v1/eunomia.pb-c.h"

/* Writes an Eunomia__V1__Slot as an object. */
void slot_write(struct document *doc, const void *object);
/* Writes the members of that object into the one that was begun last. */
void slot_write_members(struct document *doc, const Eunomia__V1__Slot *slot);
/* All that a sink did not deliver: the sum over its reasons. */
uint64_t slot_get_sink_lost(const Eunomia__V1__SinkStats *sink);
