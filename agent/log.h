/* SPDX-License-Identifier: Apache-2.0 */
/* The agent's own log: to the journal with fields, or to standard error as lines. Loop thread. */
#pragma once

#include "journal_queue.h"
#include "log_ids.h"

#include "base/macro.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Values are those of syslog(3) and PRIORITY=. */
enum log_level {
	LOG_LEVEL_ERR = 3,
	LOG_LEVEL_WARNING = 4,
	LOG_LEVEL_NOTICE = 5,
	LOG_LEVEL_INFO = 6,
	LOG_LEVEL_DEBUG = 7,
};

enum log_target {
	LOG_TARGET_AUTO,   /* the journal if standard error goes there, else standard error */
	LOG_TARGET_STDERR, /* standard error */
};

struct log {
	enum log_level level;	     /* lines above it are not written */
	struct journal_queue *queue; /* borrowed; NULL: to standard error */
	struct journal_account
	    *account;	      /* lines that the journal did not get; NULL without queue */
	uint64_t n_unwritten; /* lines that standard error did not get */
	uint64_t n_said;      /* of both, when a line last told */
};

/* A journal field; left out if @value is NULL. */
struct log_field {
	const char *name;
	const char *value;
};

/* @queue: borrowed, for the journal; NULL: to standard error in any case. */
void log_init(struct log *log, enum log_target target, enum log_level level,
	      struct journal_queue *queue);
/* Parts from the queue: lines from now on are on standard error when log_write() returns. */
void log_done(struct log *log);

/* "err", "warning", "notice", "info", "debug". Return: 0; -EINVAL. */
int log_level_from_string(const char *name, enum log_level *ret_level);
const char *log_level_to_string(enum log_level level);

/**
 * log_write() - write one line
 * @id:     of log_ids.h, or NULL
 * @fields: @n_fields journal fields, or NULL
 *
 * Never blocks: a line that nobody takes is counted, and the next one tells how many these are by
 * now. Bytes that could harm a terminal are escaped.
 */
void log_write(struct log *log, enum log_level level, const char *id,
	       const struct log_field *fields, size_t n_fields, const char *format, ...)
    EUB_PRINTF(6, 7);

#define log_err(log, ...)     log_write(log, LOG_LEVEL_ERR, NULL, NULL, 0, __VA_ARGS__)
#define log_warning(log, ...) log_write(log, LOG_LEVEL_WARNING, NULL, NULL, 0, __VA_ARGS__)
#define log_notice(log, ...)  log_write(log, LOG_LEVEL_NOTICE, NULL, NULL, 0, __VA_ARGS__)
#define log_info(log, ...)    log_write(log, LOG_LEVEL_INFO, NULL, NULL, 0, __VA_ARGS__)
#define log_debug(log, ...)   log_write(log, LOG_LEVEL_DEBUG, NULL, NULL, 0, __VA_ARGS__)
/* The two arguments fields and n_fields of log_write(). */
#define LOG_FIELDS(...)                                                                            \
	((const struct log_field[]){ __VA_ARGS__ }),                                               \
	    EUB_ARRAY_SIZE(((const struct log_field[]){ __VA_ARGS__ }))
