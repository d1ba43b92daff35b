/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The agent's own log. Under systemd, lines become journal entries with a MESSAGE_ID and fields;
 * elsewhere, when asked, or when the queue takes nothing, they are lines on standard error.
 *
 * The loop must not wait for a reader of its log. Entries go through the queue that events use too;
 * what becomes of them shows later, so the count of lines left out is one since the start: a line
 * that is lost itself takes no count along. Standard error is shared with other processes and stays
 * blocking, so it is asked with poll(2) first: a pipe that reports POLLOUT has room for PIPE_BUF
 * bytes, more than a line has.
 */
#include "log.h"

#include "agent_limits.h"
#include "journal.h"

#include "base/str.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

_Static_assert(LIMIT_LOG_LINE_BYTES + 64 <= PIPE_BUF, "a line is written whole or not at all");

static const char *const level_names[] = {
	[LOG_LEVEL_ERR] = "err",   [LOG_LEVEL_WARNING] = "warning", [LOG_LEVEL_NOTICE] = "notice",
	[LOG_LEVEL_INFO] = "info", [LOG_LEVEL_DEBUG] = "debug",
};

int log_level_from_string(const char *name, enum log_level *ret_level)
{
	for (size_t i = LOG_LEVEL_ERR; i < EUB_ARRAY_SIZE(level_names); i++) {
		if (eub_streq(level_names[i], name)) {
			*ret_level = (enum log_level)i;
			return 0;
		}
	}
	return -EINVAL;
}

const char *log_level_to_string(enum log_level level)
{
	return level_names[level];
}

void log_init(struct log *log, enum log_target target, enum log_level level,
	      struct journal_queue *queue)
{
	*log = (struct log){ .level = level };
	if (queue && target == LOG_TARGET_AUTO &&
	    journal_is_stream(STDERR_FILENO, getenv("JOURNAL_STREAM")) &&
	    journal_account_new(&log->account) == 0)
		log->queue = queue;
}

/* Lines that nobody took since the start. */
static uint64_t count_left_out(const struct log *log)
{
	return log->n_unwritten + (log->account ? atomic_load(&log->account->n_dropped) : 0);
}

void log_done(struct log *log)
{
	log->n_unwritten = count_left_out(log);
	log->account = journal_account_unref(log->account);
	log->queue = NULL;
}

static int write_to_stderr(enum log_level level, const struct eub_buf *text)
{
	struct pollfd pollfd = { .fd = STDERR_FILENO, .events = POLLOUT };
	char memory[LIMIT_LOG_LINE_BYTES + 64];
	struct eub_buf line = EUB_BUF_FIXED(memory, sizeof(memory));

	eub_buf_printf(&line, "eunomiad: %s: ", level_names[level]);
	eub_buf_append(&line, text->data, text->len);
	eub_buf_append_char(&line, '\n');
	if (poll(&pollfd, 1, 0) == 0)
		return -EAGAIN;
	return write(STDERR_FILENO, line.data, line.len) < 0 ? -errno : 0;
}

static int write_to_journal(const struct log *log, enum log_level level, const char *id,
			    const struct log_field *fields, size_t n_fields,
			    const struct eub_buf *text)
{
	char memory[2 * LIMIT_LOG_LINE_BYTES];
	struct eub_buf entry = EUB_BUF_FIXED(memory, sizeof(memory));
	const char priority = (char)('0' + (int)level);

	journal_append(&entry, "MESSAGE", text->data, text->len);
	journal_append(&entry, "PRIORITY", &priority, 1);
	journal_append_str(&entry, "SYSLOG_IDENTIFIER", "eunomiad");
	if (id)
		journal_append_str(&entry, "MESSAGE_ID", id);
	for (size_t i = 0; i < n_fields; i++) {
		size_t before = entry.len;

		if (!fields[i].value)
			continue;
		journal_append_str(&entry, fields[i].name, fields[i].value);
		if (entry.has_failed) { /* no room: the entry goes without this field */
			entry.len = before;
			entry.has_failed = false;
		}
	}
	return journal_queue_push(log->queue, log->account, entry.data, entry.len);
}

/* Formats into @line, cut to LIMIT_LOG_LINE_BYTES, with what could harm a terminal escaped. */
static void EUB_PRINTF(3, 0)
    format_line(struct eub_buf *line, uint64_t n_left_out, const char *format, va_list args)
{
	static const char cut_mark[] = "...";
	char raw[LIMIT_LOG_LINE_BYTES / 2];
	int n = vsnprintf(raw, sizeof(raw), format, args);

	if (n_left_out > 0)
		eub_buf_printf(line, "(%llu lines left out until now) ",
			       (unsigned long long)n_left_out);
	eub_append_printable(line, raw, strnlen(raw, sizeof(raw)));
	if (line->len > line->cap)
		line->len = line->cap - sizeof(cut_mark);
	else if (n < (int)sizeof(raw))
		return;
	line->has_failed = false;
	eub_buf_append(line, cut_mark, sizeof(cut_mark) - 1);
}

void log_write(struct log *log, enum log_level level, const char *id,
	       const struct log_field *fields, size_t n_fields, const char *format, ...)
{
	char memory[LIMIT_LOG_LINE_BYTES];
	struct eub_buf line = EUB_BUF_FIXED(memory, sizeof(memory));
	uint64_t n_left_out = count_left_out(log);
	va_list args;

	if (level > log->level)
		return;
	va_start(args, format);
	format_line(&line, n_left_out == log->n_said ? 0 : n_left_out, format, args);
	va_end(args);
	if (log->queue) {
		if (write_to_journal(log, level, id, fields, n_fields, &line) == 0) {
			log->n_said = n_left_out;
			return;
		}
		atomic_fetch_sub(&log->account->n_dropped, 1); /* not left out, see below */
	}
	if (write_to_stderr(level, &line) < 0)
		log->n_unwritten++;
	else
		log->n_said = n_left_out;
}
