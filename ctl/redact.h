/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Takes out of text what may be a secret, before it is given to others. What is taken out leaves a
 * mark, "[redacted]". docs/troubleshooting.md lists the rules.
 */
#pragma once

#include "base/buf.h"

/* Appends any text, without passwords and queries of URLs, values of keys that sound secret,
 * "Bearer" tokens and private keys. Quoted strings stay quoted, so JSON stays JSON. */
void redact_text(struct eub_buf *out, const char *text, size_t n);
/* Appends what a user chose as a value: numbers and truth values as they are, of all else only how
 * long it is. */
void redact_value(struct eub_buf *out, const char *value, size_t n);
/* As redact_value() for an argument of a command line: options keep their names. */
void redact_argument(struct eub_buf *out, const char *argument, size_t n);
/* Appends lines of KEY=VALUE: redact_text(), and what Set=, Args= and Environment= hold. */
void redact_config(struct eub_buf *out, const char *text, size_t n);
/* Appends a command line of the kernel: values of those parameters only that matter to us. */
void redact_cmdline(struct eub_buf *out, const char *text, size_t n);
