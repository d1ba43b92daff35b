/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See map_def.h. __uint(name, n) declares "int (*name)[n]" and __type(name, T) declares "T *name",
 * so both are members that are pointers: to an array whose length is the number, or to the type.
 */
#include "package/map_def.h"

#include "base/buf.h"
#include "base/str.h"

#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <ctype.h>

#define TYPE_PREFIX "BPF_MAP_TYPE_"

const struct btf_type *eun__map_section(const struct btf *btf)
{
	int id = btf__find_by_name_kind(btf, ".maps", BTF_KIND_DATASEC);

	return id > 0 ? btf__type_by_id(btf, (uint32_t)id) : NULL;
}

const char *eun__map_name(const struct btf *btf, const struct btf_type *section, uint32_t i)
{
	const struct btf_type *var = btf__type_by_id(btf, btf_var_secinfos(section)[i].type);

	return btf__name_by_offset(btf, var->name_off);
}

/* What a member's pointer leads to, or 0. */
static uint32_t pointed_id(const struct btf *btf, uint32_t member_type_id)
{
	const struct btf_type *type = btf__type_by_id(btf, member_type_id);

	return type && btf_is_ptr(type) ? type->type : 0;
}

static uint32_t pointed_length(const struct btf *btf, uint32_t member_type_id)
{
	const struct btf_type *type = btf__type_by_id(btf, pointed_id(btf, member_type_id));

	return type && btf_is_array(type) ? btf_array(type)->nelems : 0;
}

struct eun__map_def eun__map_def(const struct btf *btf, const struct btf_type *section, uint32_t i)
{
	const struct btf_type *var = btf__type_by_id(btf, btf_var_secinfos(section)[i].type);
	int id = btf__resolve_type(btf, var->type);
	const struct btf_type *def = id > 0 ? btf__type_by_id(btf, (uint32_t)id) : NULL;
	struct eun__map_def result = { 0 };

	if (!def || !btf_is_struct(def))
		return result;
	for (uint32_t m = 0; m < btf_vlen(def); m++) {
		const struct btf_member *member = &btf_members(def)[m];
		const char *name = btf__name_by_offset(btf, member->name_off);

		if (eub_streq(name, "type"))
			result.type = pointed_length(btf, member->type);
		else if (eub_streq(name, "key"))
			result.key_id = pointed_id(btf, member->type);
		else if (eub_streq(name, "value"))
			result.value_id = pointed_id(btf, member->type);
	}
	return result;
}

bool eun__map_find(const struct btf *btf, const struct btf_type *section, const char *name,
		   struct eun__map_def *ret_def)
{
	for (uint32_t i = 0; section && i < btf_vlen(section); i++) {
		if (!eub_streq(eun__map_name(btf, section, i), name))
			continue;
		*ret_def = eun__map_def(btf, section, i);
		return true;
	}
	return false;
}

void eun__map_type_name(uint32_t type, char *text, size_t size)
{
	const char *name = libbpf_bpf_map_type_str((enum bpf_map_type)type);
	struct eub_buf buf = EUB_BUF_FIXED(text, size - 1);

	text[0] = '\0';
	if (!name)
		return;
	eub_buf_append_str(&buf, TYPE_PREFIX);
	for (; *name; name++)
		eub_buf_append_char(&buf, (char)toupper((unsigned char)*name));
	text[EUB_MIN(buf.len, size - 1)] = '\0';
}
