/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See name.h. Every name that leaves an object passes here, so that the rest of the library, and
 * whoever prints what it says, has to do with bounded text only.
 */
#include "package/name.h"

#include "base/macro.h"
#include "base/str.h"
#include "btf/type_name.h"
#include "package/internal.h"
#include "package/limits.h"

bool eun__is_name(const char *s, size_t room)
{
	size_t n = strnlen(s, EUB_MIN(room, (size_t)EUN__NAME_MAX + 1));
	size_t i = 0;

	if (n == room || n > EUN__NAME_MAX)
		return false;
	while (i < n) {
		size_t length = eub_utf8_length(s + i, n - i);

		if (length == 0 || (unsigned char)s[i] < ' ' || s[i] == 0x7f)
			return false;
		i += length;
	}
	return true;
}

const char *eun__type_name_copy(struct eun_package *package, const struct btf *btf,
				uint32_t type_id)
{
	struct eub_buf buf = EUB_BUF_INIT;
	const char *name = NULL;

	eun__type_name_append(&buf, btf, type_id);
	if (!buf.has_failed)
		name = eun__package_copy(package, buf.data, buf.len);
	eub_buf_done(&buf);
	return name;
}
