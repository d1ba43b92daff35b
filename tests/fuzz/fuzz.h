/* SPDX-License-Identifier: Apache-2.0 */
/* The entry of every fuzz target, which libFuzzer or replay.c calls. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Return: 0. What is wrong shows as a crash or a sanitizer's report. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
