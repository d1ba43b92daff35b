/* SPDX-License-Identifier: Apache-2.0 */
/* Functions of programs and libraries, which uprobes attach to. */
#pragma once

#include "base/near.h"

#include <stdbool.h>

/**
 * eun__user_symbol_find() - does an ELF file define a function?
 * @path: absolute path of a program or library
 * @near: gets the names of its other functions offered
 *
 * Return: 1; 0 if it has symbols but not this one; -ENOEXEC if it is no ELF file or has none;
 * -errno of open(2).
 */
int eun__user_symbol_find(const char *path, const char *function, struct eub_near *near);
