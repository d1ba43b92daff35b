/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Type names for people: eun_member.type, "list the columns". One pass along the chain of types,
 * collecting stars and array lengths; no attempt at function pointers, whose target is "void".
 */
#include "event/type_name.h"

#include "base/cleanup.h"
#include "event/limits.h"

#include <bpf/btf.h>

const char *eun__btf_name(const struct btf *btf, uint32_t offset)
{
	const char *name = btf__name_by_offset(btf, offset);

	return name ? name : "";
}

static const char *keyword_of(const struct btf_type *type)
{
	switch (btf_kind(type)) {
	case BTF_KIND_STRUCT:
		return "struct ";
	case BTF_KIND_UNION:
		return "union ";
	case BTF_KIND_ENUM:
	case BTF_KIND_ENUM64:
		return "enum ";
	case BTF_KIND_FWD:
		return btf_kflag(type) ? "union " : "struct ";
	default:
		return "";
	}
}

static bool is_transparent(const struct btf_type *type)
{
	return btf_is_mod(type) || btf_is_decl_tag(type);
}

static void append_base_name(struct eub_buf *buf, const struct btf *btf,
			     const struct btf_type *type)
{
	const char *name = type ? eun__btf_name(btf, type->name_off) : "";

	if (!type || btf_is_void(type) || btf_is_func_proto(type)) {
		eub_buf_append_str(buf, "void");
		return;
	}
	eub_buf_append_str(buf, keyword_of(type));
	eub_buf_append_str(buf, name[0] ? name : "{...}");
}

void eun__append_type_name(struct eub_buf *buf, const struct btf *btf, uint32_t type_id)
{
	const struct btf_type *type = btf__type_by_id(btf, type_id);
	struct eub_buf lengths = EUB_BUF_INIT;
	unsigned int n_stars = 0;

	for (unsigned int i = 0; type && i < EVENT_MAX_CHAIN; i++) {
		uint32_t next = type->type;

		if (btf_is_array(type)) {
			next = btf_array(type)->type;
			eub_buf_printf(&lengths, "[%u]", btf_array(type)->nelems);
		} else if (btf_is_ptr(type)) {
			n_stars++;
		} else if (!is_transparent(type)) {
			break;
		}
		type = btf__type_by_id(btf, next);
	}
	append_base_name(buf, btf, type);
	if (n_stars > 0)
		eub_buf_append_char(buf, ' ');
	eub_buf_fill(buf, '*', n_stars);
	eub_buf_append(buf, lengths.data, lengths.len);
	buf->has_failed = buf->has_failed || lengths.has_failed;
	eub_buf_done(&lengths);
}
