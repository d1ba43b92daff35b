/* SPDX-License-Identifier: Apache-2.0 */
/* An event type as a message of the wire. */
#pragma once

#include <eunomia/event.h>

#include "eunomia/v1/eunomia.pb-c.h"

#include <stdint.h>

/**
 * watch_schema_message_new() - describe an event type
 * @slot: name
 * @id:   as EventBatch.schema_id
 *
 * Return: the message, for eunomia__v1__schema__free_unpacked(.., NULL); NULL: out of memory.
 */
Eunomia__V1__Schema *watch_schema_message_new(const char *slot, uint32_t generation, uint32_t id,
					      const struct eun_schema *schema);
