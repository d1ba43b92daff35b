/* SPDX-License-Identifier: Apache-2.0 */
/* A slot as a message of the wire. */
#pragma once

#include "eunomia/v1/eunomia.pb-c.h"

struct slot_entry;

/**
 * service_slot_message_new() - the full state of a slot
 * @entry: of any phase but starting; borrowed
 *
 * A few system calls, for the counters.
 *
 * Return: the message, for eunomia__v1__slot__free_unpacked(.., NULL); NULL: out of memory.
 */
Eunomia__V1__Slot *service_slot_message_new(const struct slot_entry *entry);
