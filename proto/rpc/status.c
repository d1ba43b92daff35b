/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The translation of failures between C and the wire, in both directions; no other place does it.
 * One table gives each reason its gRPC status, one gives each status its name, the reason to assume
 * when a peer sent no details, and the errno. What a status cannot say travels as an ErrorDetail
 * inside google.rpc.Status, in the trailer grpc-status-details-bin.
 */
#include "rpc/status.h"

#include "base/str.h"
#include "eunomia/v1/eunomia.pb-c.h"
#include "google/rpc/status.pb-c.h"
#include "rpc/decode.h"
#include "rpc/limits.h"

#include <assert.h>

#define DETAIL_TYPE_URL	      "type.googleapis.com/eunomia.v1.ErrorDetail"
/* Tags and lengths around the texts of an encoded Status, bytes, rounded up. */
#define DETAIL_OVERHEAD_BYTES 128

static const struct status_row {
	const char *name;
	enum eun_reason reason;
	int code;
} statuses[] = {
	[RPC_OK] = { "OK", EUN_REASON_NONE, 0 },
	[RPC_CANCELLED] = { "CANCELLED", EUN_REASON_INTERNAL, -ECANCELED },
	[RPC_UNKNOWN] = { "UNKNOWN", EUN_REASON_INTERNAL, -EIO },
	[RPC_INVALID_ARGUMENT] = { "INVALID_ARGUMENT", EUN_REASON_INVALID_ARGUMENT, -EINVAL },
	[RPC_DEADLINE_EXCEEDED] = { "DEADLINE_EXCEEDED", EUN_REASON_TIMEOUT, -ETIMEDOUT },
	[RPC_NOT_FOUND] = { "NOT_FOUND", EUN_REASON_NOT_FOUND, -ENOENT },
	[RPC_ALREADY_EXISTS] = { "ALREADY_EXISTS", EUN_REASON_NAME_TAKEN, -EEXIST },
	[RPC_PERMISSION_DENIED] = { "PERMISSION_DENIED", EUN_REASON_PERMISSION, -EACCES },
	[RPC_RESOURCE_EXHAUSTED] = { "RESOURCE_EXHAUSTED", EUN_REASON_TOO_LARGE, -E2BIG },
	[RPC_FAILED_PRECONDITION] = { "FAILED_PRECONDITION", EUN_REASON_WRONG_STATE, -EINVAL },
	[RPC_ABORTED] = { "ABORTED", EUN_REASON_BUSY, -EBUSY },
	[RPC_OUT_OF_RANGE] = { "OUT_OF_RANGE", EUN_REASON_INVALID_ARGUMENT, -ERANGE },
	[RPC_UNIMPLEMENTED] = { "UNIMPLEMENTED", EUN_REASON_UNSUPPORTED, -EOPNOTSUPP },
	[RPC_INTERNAL] = { "INTERNAL", EUN_REASON_INTERNAL, -EIO },
	[RPC_UNAVAILABLE] = { "UNAVAILABLE", EUN_REASON_UNREACHABLE, -ECONNRESET },
	[RPC_DATA_LOSS] = { "DATA_LOSS", EUN_REASON_IO, -EIO },
	[RPC_UNAUTHENTICATED] = { "UNAUTHENTICATED", EUN_REASON_PERMISSION, -EACCES },
};
static_assert(EUB_ARRAY_SIZE(statuses) == _RPC_STATUS_MAX, "one row per status");

static const enum rpc_status reason_statuses[] = {
	[EUN_REASON_NONE] = RPC_UNKNOWN, /* a failure that gave no reason */
	[EUN_REASON_INTERNAL] = RPC_INTERNAL,
	[EUN_REASON_INVALID_ARGUMENT] = RPC_INVALID_ARGUMENT,
	[EUN_REASON_BAD_PACKAGE] = RPC_INVALID_ARGUMENT,
	[EUN_REASON_TOO_LARGE] = RPC_RESOURCE_EXHAUSTED,
	[EUN_REASON_WRONG_ARCH] = RPC_FAILED_PRECONDITION,
	[EUN_REASON_NO_KERNEL_BTF] = RPC_FAILED_PRECONDITION,
	[EUN_REASON_VERIFIER] = RPC_FAILED_PRECONDITION,
	[EUN_REASON_NO_ATTACH_POINT] = RPC_FAILED_PRECONDITION,
	[EUN_REASON_ATTACH_FAILED] = RPC_FAILED_PRECONDITION,
	[EUN_REASON_UNSUPPORTED] = RPC_UNIMPLEMENTED,
	[EUN_REASON_NAME_TAKEN] = RPC_ALREADY_EXISTS,
	[EUN_REASON_NOT_FOUND] = RPC_NOT_FOUND,
	[EUN_REASON_WRONG_STATE] = RPC_FAILED_PRECONDITION,
	[EUN_REASON_BUSY] = RPC_ABORTED,
	[EUN_REASON_PERMISSION] = RPC_PERMISSION_DENIED,
	[EUN_REASON_NO_MEMORY] = RPC_RESOURCE_EXHAUSTED,
	[EUN_REASON_IO] = RPC_INTERNAL,
	[EUN_REASON_UNREACHABLE] = RPC_UNAVAILABLE,
	[EUN_REASON_TIMEOUT] = RPC_DEADLINE_EXCEEDED,
	[EUN_REASON_NO_TARGET] = RPC_FAILED_PRECONDITION,
};
static_assert(EUB_ARRAY_SIZE(reason_statuses) == _EUN_REASON_MAX, "one status per reason");

static const struct status_row *find_row(enum rpc_status status)
{
	return &statuses[(unsigned int)status < _RPC_STATUS_MAX ? status : RPC_UNKNOWN];
}

const char *rpc_status_to_string(enum rpc_status status)
{
	return find_row(status)->name;
}

enum rpc_status rpc_status_from_reason(enum eun_reason reason)
{
	return (unsigned int)reason < _EUN_REASON_MAX ? reason_statuses[reason] : RPC_INTERNAL;
}

enum eun_reason rpc_status_to_reason(enum rpc_status status)
{
	return find_row(status)->reason;
}

int rpc_status_to_errno(enum rpc_status status)
{
	return find_row(status)->code;
}

/* The end of @log, from the start of a line, in at most @max_bytes. */
static const char *log_tail(const char *log, size_t max_bytes)
{
	size_t n = log ? strlen(log) : 0;
	const char *line;

	if (n <= max_bytes)
		return log ? log : "";
	line = strchr(log + n - max_bytes, '\n');
	return line ? line + 1 : log + n;
}

/* protobuf-c's strings are not const, but encoding does not write to them. */
static char *field(const char *s)
{
	return (char *)(uintptr_t)s;
}

/* @s with "?" for each byte that is not UTF-8, which other decoders would refuse; NULL: no memory.
 */
static char *to_utf8(const char *s)
{
	struct eub_buf buf = EUB_BUF_INIT;

	for (size_t left = strlen(s); left > 0;) {
		size_t length = eub_utf8_length(s, left);

		eub_buf_append(&buf, length > 0 ? s : "?", EUB_MAX(length, (size_t)1));
		s += EUB_MAX(length, (size_t)1);
		left -= EUB_MAX(length, (size_t)1);
	}
	return eub_buf_take_string(&buf);
}

static int encode_detail(const struct eun_error *err, struct eub_buf *out)
{
	Eunomia__V1__ErrorDetail detail;
	size_t fixed =
	    DETAIL_OVERHEAD_BYTES + strlen(err->message) + strlen(err->hint) + strlen(err->subject);
	_cleanup_(eub_freep) char *subject = to_utf8(err->subject);
	_cleanup_(eub_freep) char *log = to_utf8(log_tail(err->log, RPC_MAX_DETAILS_BYTES - fixed));

	if (!subject || !log)
		return -ENOMEM;
	eunomia__v1__error_detail__init(&detail);
	detail.reason = field(eun_reason_to_string(err->reason));
	detail.subject = subject;
	detail.hint = field(err->hint);
	detail.log = log;
	if (eub_buf_reserve(out, eunomia__v1__error_detail__get_packed_size(&detail)) < 0)
		return -ENOMEM;
	out->len += eunomia__v1__error_detail__pack(&detail, (uint8_t *)out->data + out->len);
	return 0;
}
static_assert(DETAIL_OVERHEAD_BYTES + 2 * EUN_ERROR_MESSAGE_MAX + EUN_ERROR_SUBJECT_MAX <
		  RPC_MAX_DETAILS_BYTES,
	      "room for the log");

void rpc_error_encode_details(const struct eun_error *err, struct eub_buf *out)
{
	struct eub_buf detail = EUB_BUF_INIT;
	Google__Protobuf__Any any;
	Google__Protobuf__Any *details[] = { &any };
	Google__Rpc__Status status;

	if (encode_detail(err, &detail) == 0) {
		google__protobuf__any__init(&any);
		google__rpc__status__init(&status);
		any.type_url = field(DETAIL_TYPE_URL);
		any.value.data = (uint8_t *)detail.data;
		any.value.len = detail.len;
		status.code = (int32_t)rpc_status_from_reason(err->reason);
		status.message = field(err->message);
		status.n_details = EUB_ARRAY_SIZE(details);
		status.details = details;
		if (eub_buf_reserve(out, google__rpc__status__get_packed_size(&status)) == 0)
			out->len +=
			    google__rpc__status__pack(&status, (uint8_t *)out->data + out->len);
	} else {
		out->has_failed = true;
	}
	eub_buf_done(&detail);
}

static void take_detail(const Google__Rpc__Status *status, const Google__Protobuf__Any *any,
			struct eun_error *err)
{
	ProtobufCMessage *message =
	    rpc_decode(&eunomia__v1__error_detail__descriptor, any->value.data, any->value.len);
	const Eunomia__V1__ErrorDetail *detail = (const Eunomia__V1__ErrorDetail *)message;

	if (!detail)
		return;
	(void)eun_error_set(err, rpc_status_to_errno((enum rpc_status)status->code),
			    eun_reason_from_string(detail->reason), "%s", status->message);
	if (detail->subject[0])
		eun_error_set_subject(err, detail->subject);
	if (detail->hint[0])
		eun_error_set_hint(err, "%s", detail->hint);
	if (detail->log[0])
		eun_error_set_log(err, detail->log, RPC_MAX_DETAILS_BYTES);
	(void)rpc_message_free(message);
}

void rpc_error_decode_details(const void *data, size_t n, struct eun_error *err)
{
	ProtobufCMessage *message = rpc_decode(&google__rpc__status__descriptor, data, n);
	const Google__Rpc__Status *status = (const Google__Rpc__Status *)message;

	if (!status)
		return;
	/* A code of 0 would leave the error unset: no failure is reported with OK. */
	for (size_t i = 0; status->code > 0 && i < status->n_details; i++)
		if (eub_streq(status->details[i]->type_url, DETAIL_TYPE_URL))
			take_detail(status, status->details[i], err);
	(void)rpc_message_free(message);
}
