/* SPDX-License-Identifier: Apache-2.0 */
/* The schema of every service that eunomiad offers: an encoded google.protobuf.FileDescriptorSet.
 */
#pragma once

#include <stddef.h>

extern const unsigned char descriptor_set[];
extern const size_t descriptor_set_size; /* bytes */
