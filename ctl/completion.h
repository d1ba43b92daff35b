/* SPDX-License-Identifier: Apache-2.0 */
/* Completion scripts of shells, made of the tables of verbs and options. */
#pragma once

#include "base/buf.h"

/* Return: 0; -EINVAL if @shell is none of "bash", "zsh" and "fish". */
int completion_append(struct eub_buf *buf, const char *shell);
