/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See ext.h. The section comes from a package: every length is compared with what is left
 * before it is followed, and words are copied out because nothing aligns them.
 */
#include "btf/ext.h"

#include "base/macro.h"

#include <assert.h>
#include <errno.h>
#include <linux/bpf.h>
#include <linux/btf.h>
#include <stddef.h>
#include <string.h>

/* Where the header has a part's offset and length, in bytes (struct btf_ext_header of libbpf). */
static const size_t part_fields[] = {
	[EUN__BTF_EXT_FUNC_INFO] = 8,
	[EUN__BTF_EXT_CORE_RELO] = 24,
};
static_assert(EUB_ARRAY_SIZE(part_fields) == _EUN__BTF_EXT_PART_MAX, "one row per part");

/* Shortest records: struct bpf_func_info_min of libbpf, struct bpf_core_relo of <linux/bpf.h>. */
static const size_t record_size_min[] = {
	[EUN__BTF_EXT_FUNC_INFO] = 8,
	[EUN__BTF_EXT_CORE_RELO] = sizeof(struct bpf_core_relo),
};
static_assert(EUB_ARRAY_SIZE(record_size_min) == _EUN__BTF_EXT_PART_MAX, "one row per part");

#define HEADER_LENGTH_AT 4 /* of the field that tells the header's own length */
#define TYPE_ID_AT	 4 /* in either part's records */

struct cursor {
	const unsigned char *p;
	size_t left;
};

static int take_u32(struct cursor *cursor, uint32_t *ret_value)
{
	if (cursor->left < sizeof(*ret_value))
		return -EINVAL;
	memcpy(ret_value, cursor->p, sizeof(*ret_value));
	cursor->p += sizeof(*ret_value);
	cursor->left -= sizeof(*ret_value);
	return 0;
}

/* Sets @ret_part to the part's bytes; empty if the header is too old to have it. */
static int find_part(struct cursor all, enum eun__btf_ext_part part, struct cursor *ret_part)
{
	struct cursor field = all;
	uint32_t header_length;
	uint32_t offset = 0;
	uint32_t length = 0;
	uint16_t magic;

	if (all.left < part_fields[EUN__BTF_EXT_FUNC_INFO])
		return -EINVAL;
	memcpy(&magic, all.p, sizeof(magic));
	memcpy(&header_length, all.p + HEADER_LENGTH_AT, sizeof(header_length));
	if (magic != BTF_MAGIC || header_length > all.left)
		return -EINVAL;
	*ret_part = (struct cursor){ 0 };
	if (header_length < part_fields[part] + 2 * sizeof(uint32_t))
		return 0;
	field.p += part_fields[part];
	field.left -= part_fields[part];
	if (take_u32(&field, &offset) < 0 || take_u32(&field, &length) < 0)
		return -EINVAL;
	all.p += header_length;
	all.left -= header_length;
	if (offset > all.left || length > all.left - offset)
		return -EINVAL;
	*ret_part = (struct cursor){ .p = all.p + offset, .left = length };
	return 0;
}

static int walk_section(struct cursor *part, enum eun__btf_ext_part kind, uint32_t record_size,
			eun__btf_ext_fn visit, void *userdata)
{
	uint32_t section;
	uint32_t n;

	if (take_u32(part, &section) < 0 || take_u32(part, &n) < 0 ||
	    (uint64_t)n * record_size > part->left)
		return -EINVAL;
	for (uint32_t i = 0; i < n; i++) {
		struct eun__btf_ext_record record = { .section = section };

		memcpy(&record.type_id, part->p + TYPE_ID_AT, sizeof(record.type_id));
		if (kind == EUN__BTF_EXT_CORE_RELO)
			memcpy(&record.kind, part->p + offsetof(struct bpf_core_relo, kind),
			       sizeof(record.kind));
		visit(&record, userdata);
		part->p += record_size;
		part->left -= record_size;
	}
	return 0;
}

int eun__btf_ext_walk(const void *data, size_t size, enum eun__btf_ext_part part,
		      eun__btf_ext_fn visit, void *userdata)
{
	struct cursor cursor;
	uint32_t record_size;
	int r = find_part((struct cursor){ .p = data, .left = size }, part, &cursor);

	if (r < 0 || cursor.left == 0)
		return r;
	if (take_u32(&cursor, &record_size) < 0 || record_size < record_size_min[part])
		return -EINVAL;
	while (cursor.left > 0 && r == 0)
		r = walk_section(&cursor, part, record_size, visit, userdata);
	return r;
}
