/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See type_name.h. A C type reads from the inside out, BTF from the outside in: pointers and array
 * bounds are gathered on the way to the base type and written after it. The depth is bounded, as a
 * chain of pointers may lead back to itself.
 */
#include "btf/type_name.h"

#include "base/buf.h"

#include <bpf/btf.h>
#include <stdbool.h>
#include <string.h>

#define DEPTH_MAX 32

const char *eun__btf_name(const struct btf *btf, uint32_t offset)
{
	const char *name = btf__name_by_offset(btf, offset);

	return name ? name : "";
}

static const char *keyword_of(const struct btf_type *type)
{
	switch (btf_kind(type)) {
	case BTF_KIND_STRUCT:
		return "struct";
	case BTF_KIND_UNION:
		return "union";
	case BTF_KIND_FWD:
		return btf_kflag(type) ? "union" : "struct";
	case BTF_KIND_ENUM:
	case BTF_KIND_ENUM64:
		return "enum";
	default:
		return NULL;
	}
}

static void append_base(struct eub_buf *buf, const struct btf *btf, const struct btf_type *type)
{
	const char *keyword = type ? keyword_of(type) : NULL;
	const char *name = type ? eun__btf_name(btf, type->name_off) : "";
	bool has_name = name[0];

	if (type && btf_is_int(type) && strcmp(name, "_Bool") == 0)
		name = "bool"; /* as the source says: that is a macro of <stdbool.h> */
	if (keyword)
		eub_buf_append_str(buf, keyword);
	if (keyword && has_name)
		eub_buf_append_char(buf, ' ');
	if (has_name)
		eub_buf_append_str(buf, name);
	else if (!keyword)
		eub_buf_append_str(buf, "void");
}

void eun__type_name_append(struct eub_buf *buf, const struct btf *btf, uint32_t type_id)
{
	const struct btf_type *type = NULL;
	uint32_t bounds[DEPTH_MAX];
	size_t n_bounds = 0;
	size_t n_stars = 0;

	/* An array of pointers has its bounds before the stars, which C writes the same way round;
	 * a pointer to an array needs brackets and is written without them, as "int *". */
	for (size_t i = 0; i < DEPTH_MAX && type_id > 0; i++) {
		type = btf__type_by_id(btf, type_id);
		if (type && btf_is_array(type)) {
			if (n_stars == 0)
				bounds[n_bounds++] = btf_array(type)->nelems;
			type_id = btf_array(type)->type;
		} else if (type && (btf_is_mod(type) || btf_is_ptr(type))) {
			n_stars += btf_is_ptr(type);
			type_id = type->type;
		} else {
			break;
		}
		type = NULL;
	}
	append_base(buf, btf, type && btf_is_func_proto(type) ? NULL : type);
	if (n_stars > 0)
		eub_buf_append_char(buf, ' ');
	eub_buf_fill(buf, '*', n_stars);
	for (size_t i = 0; i < n_bounds; i++)
		eub_buf_printf(buf, "[%u]", bounds[i]);
}
