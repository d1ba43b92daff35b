/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Why something failed, for people and for programs: a -errno, a stable reason, and a text that
 * says cause and evidence. The same reasons choose gRPC status codes and exit codes
 * (docs/protocol.md).
 */
#ifndef EUNOMIA_ERROR_H
#define EUNOMIA_ERROR_H

#include <stdarg.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define EUN_PUBLIC	 __attribute__((visibility("default")))
#define EUN_PRINTF(f, a) __attribute__((format(printf, f, a)))
#else
#define EUN_PUBLIC
#define EUN_PRINTF(f, a)
#endif

/* Stable: values are only added. Names as text: eun_reason_to_string(). */
enum eun_reason {
	EUN_REASON_NONE = 0,
	EUN_REASON_INTERNAL,	     /* a failure with no better name */
	EUN_REASON_INVALID_ARGUMENT, /* the request itself is wrong */
	EUN_REASON_BAD_PACKAGE,	     /* bytes that are no valid package; subject is the field */
	EUN_REASON_TOO_LARGE,	     /* over a limit of size or number */
	EUN_REASON_WRONG_ARCH,	     /* a package for another machine */
	EUN_REASON_NO_KERNEL_BTF,    /* the tracker needs kernel types that are not to be had */
	EUN_REASON_VERIFIER,	     /* the kernel refused a program; log holds its words */
	EUN_REASON_NO_ATTACH_POINT,  /* the hook does not exist on this kernel */
	EUN_REASON_ATTACH_FAILED,    /* the hook exists, attaching failed */
	EUN_REASON_UNSUPPORTED,	     /* this kernel or this build cannot do it */
	EUN_REASON_NAME_TAKEN,	     /* a slot of that name exists */
	EUN_REASON_NOT_FOUND,	     /* no slot, tracker, file or variable of that name */
	EUN_REASON_WRONG_STATE,	     /* not possible in the slot's present state */
	EUN_REASON_BUSY,	     /* another operation on the same slot is under way */
	EUN_REASON_PERMISSION,	     /* the caller may not, or the process lacks a capability */
	EUN_REASON_NO_MEMORY,
	EUN_REASON_IO,		/* reading or writing a file failed (full disk, ...) */
	EUN_REASON_UNREACHABLE, /* no agent at the socket, or the connection broke */
	EUN_REASON_TIMEOUT,
	EUN_REASON_NO_TARGET, /* the interface or cgroup to attach to is not there; it may come */
	_EUN_REASON_MAX,
};

#define EUN_ERROR_MESSAGE_MAX 1024
#define EUN_ERROR_SUBJECT_MAX 256

/*
 * Filled by the first failure; callers on the way up only prefix context. A caller provides one
 * initialised with EUN_ERROR_INIT and releases it with eun_error_done(). Everywhere a
 * struct eun_error * is taken, NULL is allowed.
 */
struct eun_error {
	int code; /* -errno; 0 while nothing failed */
	enum eun_reason reason;
	char message[EUN_ERROR_MESSAGE_MAX]; /* cause and evidence, one line, UTF-8, terminated */
	char hint[EUN_ERROR_MESSAGE_MAX];    /* what to do next, one line; "" if nothing is known */
	char subject[EUN_ERROR_SUBJECT_MAX]; /* program, attach point, field or name; or "" */
	char *log; /* end of the kernel's verifier log, lines, terminated; owned; or NULL */
};

#define EUN_ERROR_INIT                                                                             \
	{                                                                                          \
		0                                                                                  \
	}

/**
 * eun_error_set() - record a failure
 * @err:    where to; NULL is allowed; kept as it is if it holds a failure already
 * @code:   negative errno
 * @reason: stable reason
 * @format: printf format of the message; one line, no full stop
 *
 * Return: @code, so that "return eun_error_set(...)" works.
 */
EUN_PUBLIC int eun_error_set(struct eun_error *err, int code, enum eun_reason reason,
			     const char *format, ...) EUN_PRINTF(4, 5);
/* Puts "CONTEXT: " before the message. */
EUN_PUBLIC void eun_error_prefix(struct eun_error *err, const char *format, ...) EUN_PRINTF(2, 3);
/* Names the program, attach point, field or slot that failed. */
EUN_PUBLIC void eun_error_set_subject(struct eun_error *err, const char *subject);
/* Says what to do next. */
EUN_PUBLIC void eun_error_set_hint(struct eun_error *err, const char *format, ...) EUN_PRINTF(2, 3);
/* Copies the last @max_bytes of @log, from the start of a line. */
EUN_PUBLIC void eun_error_set_log(struct eun_error *err, const char *log, unsigned int max_bytes);
/* Releases what @err owns; it can be used again. */
EUN_PUBLIC void eun_error_done(struct eun_error *err);

/* "bad-package" and the like; "unknown" for values out of range. */
EUN_PUBLIC const char *eun_reason_to_string(enum eun_reason reason);
/* EUN_REASON_INTERNAL for names that are not known. */
EUN_PUBLIC enum eun_reason eun_reason_from_string(const char *name);

#ifdef __cplusplus
}
#endif
#endif
