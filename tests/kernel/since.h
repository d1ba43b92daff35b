/* SPDX-License-Identifier: Apache-2.0 */
/* Which of the tests' programs the running kernel can know. */
#pragma once

#include <stdbool.h>

/* @program: with or without its suffix "_a", "_b". */
bool since_is_known(const char *program);
