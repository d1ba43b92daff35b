/* SPDX-License-Identifier: Apache-2.0 */
/* struct eun_error: see <eunomia/error.h>. The first failure is kept; later ones change nothing. */
#include "base/error.h"

#include "base/str.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>

/* A longer context, of a path say, would leave no room for the message. */
#define CONTEXT_MAX 401

static const char *const reason_names[] = {
	[EUN_REASON_NONE] = "none",
	[EUN_REASON_INTERNAL] = "internal",
	[EUN_REASON_INVALID_ARGUMENT] = "invalid-argument",
	[EUN_REASON_BAD_PACKAGE] = "bad-package",
	[EUN_REASON_TOO_LARGE] = "too-large",
	[EUN_REASON_WRONG_ARCH] = "wrong-arch",
	[EUN_REASON_NO_KERNEL_BTF] = "no-kernel-btf",
	[EUN_REASON_VERIFIER] = "verifier",
	[EUN_REASON_NO_ATTACH_POINT] = "no-attach-point",
	[EUN_REASON_ATTACH_FAILED] = "attach-failed",
	[EUN_REASON_UNSUPPORTED] = "unsupported",
	[EUN_REASON_NAME_TAKEN] = "name-taken",
	[EUN_REASON_NOT_FOUND] = "not-found",
	[EUN_REASON_WRONG_STATE] = "wrong-state",
	[EUN_REASON_BUSY] = "busy",
	[EUN_REASON_PERMISSION] = "permission",
	[EUN_REASON_NO_MEMORY] = "no-memory",
	[EUN_REASON_IO] = "io",
	[EUN_REASON_UNREACHABLE] = "unreachable",
	[EUN_REASON_TIMEOUT] = "timeout",
	[EUN_REASON_NO_TARGET] = "no-target",
};
static_assert(EUB_ARRAY_SIZE(reason_names) == _EUN_REASON_MAX, "one name per reason");

/*
 * Formats into @dst of @size bytes and cuts at a character's border. Control characters from
 * outside are made harmless here, so that no message can forge lines of a log.
 */
EUB_PRINTF(3, 0)
static void format_line(char *dst, size_t size, const char *format, va_list args)
{
	struct eub_buf raw = EUB_BUF_INIT;
	struct eub_buf safe = EUB_BUF_INIT;
	size_t n = 0;

	eub_buf_vprintf(&raw, format, args);
	eub_append_printable(&safe, raw.data, raw.len);
	while (n < safe.len) {
		size_t length = eub_utf8_length(safe.data + n, safe.len - n);

		if (length == 0 || n + length >= size)
			break;
		n += length;
	}
	if (n > 0)
		memcpy(dst, safe.data, n);
	dst[n] = '\0';
	eub_buf_done(&raw);
	eub_buf_done(&safe);
}

EUB_PRINTF(3, 4)
static void set_line(char *dst, size_t size, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	format_line(dst, size, format, args);
	va_end(args);
}

int eun_error_set(struct eun_error *err, int code, enum eun_reason reason, const char *format, ...)
{
	va_list args;

	if (!err || err->code != 0)
		return code;
	err->code = code;
	err->reason = reason;
	va_start(args, format);
	format_line(err->message, sizeof(err->message), format, args);
	va_end(args);
	return code;
}

int eub_error_no_memory(struct eun_error *err)
{
	return eun_error_set(err, -ENOMEM, EUN_REASON_NO_MEMORY, "out of memory");
}

void eun_error_prefix(struct eun_error *err, const char *format, ...)
{
	char context[CONTEXT_MAX];
	va_list args;

	if (!err || err->code == 0)
		return;
	va_start(args, format);
	format_line(context, sizeof(context), format, args);
	va_end(args);
	set_line(err->message, sizeof(err->message), "%s: %s", context, err->message);
}

void eun_error_set_subject(struct eun_error *err, const char *subject)
{
	if (err && !err->subject[0])
		(void)snprintf(err->subject, sizeof(err->subject), "%s", subject);
}

void eun_error_set_hint(struct eun_error *err, const char *format, ...)
{
	va_list args;

	if (!err)
		return;
	va_start(args, format);
	format_line(err->hint, sizeof(err->hint), format, args);
	va_end(args);
}

void eun_error_set_log(struct eun_error *err, const char *log, unsigned int max_bytes)
{
	size_t n = strlen(log);

	if (!err || err->log)
		return;
	if (n > max_bytes) {
		const char *line = strchr(log + n - max_bytes, '\n');

		log = line ? line + 1 : log + n - max_bytes;
	}
	err->log = strdup(log);
}

void eun_error_done(struct eun_error *err)
{
	if (!err)
		return;
	free(err->log);
	*err = (struct eun_error)EUN_ERROR_INIT;
}

const char *eun_reason_to_string(enum eun_reason reason)
{
	if ((unsigned int)reason >= _EUN_REASON_MAX)
		return "unknown";
	return reason_names[reason];
}

enum eun_reason eun_reason_from_string(const char *name)
{
	for (unsigned int i = 0; i < _EUN_REASON_MAX; i++)
		if (eub_streq(reason_names[i], name))
			return (enum eun_reason)i;
	return EUN_REASON_INTERNAL;
}
