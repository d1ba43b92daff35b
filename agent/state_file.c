/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A disk that fills up, a file cut short by a failing disk, or an editor must not be taken for a
 * slot's state. So each file begins with a head:
 *
 *   offset  bytes
 *        0      8  magic, tells the kind
 *        8      4  length of the payload, little-endian
 *       12      4  CRC-32 (as zlib's crc32()) of the payload, little-endian
 *       16         payload, to the end of the file
 *
 * A file is only ever replaced as a whole, so a half-written one cannot be seen under its name.
 */
#include "state_file.h"

#include "agent_limits.h"
#include "fault.h"

#include "base/error.h"
#include "base/fd.h"
#include "base/macro.h"

#include <assert.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <zlib.h>

#define MAGIC_BYTES 8
#define HEAD_BYTES  16

static const struct {
	const char magic[MAGIC_BYTES + 1];
	size_t max_bytes; /* of the payload */
} kinds[] = {
	[STATE_FILE_SLOT] = { "EUNSLOT\n", LIMIT_STATE_SLOT_BYTES },
	[STATE_FILE_PACKAGE] = { "EUNPACK\n", LIMIT_TRACKER_FILE_BYTES },
};
_Static_assert(EUB_ARRAY_SIZE(kinds) == _STATE_FILE_KIND_MAX, "one row per kind");

static const struct {
	int error;
	const char *hint;
} remedies[] = {
	{ ENOSPC, "free space on the file system of StateDir=, then try again" },
	{ EDQUOT, "raise the quota of the file system of StateDir=, then try again" },
	{ EROFS, "remount the file system of StateDir= writable, or set StateDir= to another" },
	{ EIO, "the disk fails: see 'journalctl -k', and set StateDir= to a folder on another" },
	{ EACCES, "StateDir= must belong to the user that eunomiad runs as" },
	{ EPERM, "StateDir= must belong to the user that eunomiad runs as" },
};

int state_file_fail(struct eun_error *err, int code, const char *verb, const char *path)
{
	(void)eun_error_set(err, code, EUN_REASON_IO, "cannot %s '%s': %s", verb, path,
			    strerror(-code));
	for (size_t i = 0; i < EUB_ARRAY_SIZE(remedies); i++)
		if (remedies[i].error == -code)
			eun_error_set_hint(err, "%s", remedies[i].hint);
	return code;
}

static uint32_t checksum(const char *data, size_t n)
{
	return (uint32_t)crc32_z(crc32_z(0, NULL, 0), (const Bytef *)data, n);
}

static void append_le32(struct eub_buf *buf, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		eub_buf_append_char(buf, (char)(value >> 8 * i));
}

static uint32_t get_le32(const char *bytes)
{
	uint32_t value = 0;

	for (int i = 3; i >= 0; i--)
		value = value << 8 | (unsigned char)bytes[i];
	return value;
}

int state_file_write(const char *path, enum state_file_kind kind, const struct eub_buf *payload,
		     enum state_durability durability, struct eun_error *err)
{
	const struct eub_replace_options options = { .mode = 0600,
						     .is_durable = durability == STATE_DURABLE,
						     .on_step = fault_point };
	_cleanup_(eub_buf_done) struct eub_buf file = EUB_BUF_INIT;
	int r;

	if (payload->len > kinds[kind].max_bytes)
		return eun_error_set(err, -E2BIG, EUN_REASON_TOO_LARGE,
				     "'%s' would have more than %zu bytes", path,
				     kinds[kind].max_bytes);
	eub_buf_append(&file, kinds[kind].magic, MAGIC_BYTES);
	append_le32(&file, (uint32_t)payload->len);
	append_le32(&file, checksum(payload->data, payload->len));
	eub_buf_append(&file, payload->data, payload->len);
	if (file.has_failed)
		return eub_error_no_memory(err);
	r = eub_replace_file(path, file.data, file.len, &options);
	return r < 0 ? state_file_fail(err, r, "write", path) : 0;
}

static int refuse(struct eun_error *err, const char *path, const char *why)
{
	return eun_error_set(err, -EBADMSG, EUN_REASON_IO, "'%s' is damaged: %s", path, why);
}

static int check_head(const struct eub_buf *file, const char *path, enum state_file_kind kind,
		      struct eun_error *err)
{
	if (file->len < HEAD_BYTES)
		return refuse(err, path, "it is shorter than its head");
	if (memcmp(file->data, kinds[kind].magic, MAGIC_BYTES) != 0)
		return refuse(err, path, "it does not begin as such a file does");
	if (get_le32(file->data + MAGIC_BYTES) != file->len - HEAD_BYTES)
		return refuse(err, path, "its length is not the one that it tells");
	if (get_le32(file->data + MAGIC_BYTES + 4) !=
	    checksum(file->data + HEAD_BYTES, file->len - HEAD_BYTES))
		return refuse(err, path, "its checksum is wrong");
	return 0;
}

int state_file_read(const char *path, enum state_file_kind kind, struct eub_buf *payload,
		    struct eun_error *err)
{
	_cleanup_(eub_buf_done) struct eub_buf file = EUB_BUF_INIT;
	int r = fault_point("state-read");

	if (r == 0)
		r = eub_read_file(path, kinds[kind].max_bytes + HEAD_BYTES, &file);
	if (r == -EFBIG)
		return refuse(err, path, "it is larger than any such file");
	if (r < 0)
		return state_file_fail(err, r, "read", path);
	r = check_head(&file, path, kind, err);
	if (r < 0)
		return r;
	assert(file.data); /* it has at least a head */
	eub_buf_append(payload, file.data + HEAD_BYTES, file.len - HEAD_BYTES);
	return payload->has_failed ? eub_error_no_memory(err) : 0;
}
