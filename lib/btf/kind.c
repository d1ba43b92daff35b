/* SPDX-License-Identifier: Apache-2.0 */
/* One row per BTF_KIND_*; a new kind of the kernel's is one row here. */
#include "btf/kind.h"

#include "base/macro.h"

static const struct eun__btf_kind kinds[] = {
	[BTF_KIND_UNKN] = { 0 },
	[BTF_KIND_INT] = { .is_known = true, .fixed_size = sizeof(uint32_t) },
	[BTF_KIND_PTR] = { .is_known = true, .has_type = true },
	[BTF_KIND_ARRAY] = { .is_known = true, .fixed_size = sizeof(struct btf_array) },
	[BTF_KIND_STRUCT] = { .is_known = true,
			      .element_size = sizeof(struct btf_member),
			      .has_members = true },
	[BTF_KIND_UNION] = { .is_known = true,
			     .element_size = sizeof(struct btf_member),
			     .has_members = true },
	[BTF_KIND_ENUM] = { .is_known = true, .element_size = sizeof(struct btf_enum) },
	[BTF_KIND_FWD] = { .is_known = true },
	[BTF_KIND_TYPEDEF] = { .is_known = true, .has_type = true, .is_wrapper = true },
	[BTF_KIND_VOLATILE] = { .is_known = true, .has_type = true, .is_wrapper = true },
	[BTF_KIND_CONST] = { .is_known = true, .has_type = true, .is_wrapper = true },
	[BTF_KIND_RESTRICT] = { .is_known = true, .has_type = true, .is_wrapper = true },
	[BTF_KIND_FUNC] = { .is_known = true, .has_type = true },
	[BTF_KIND_FUNC_PROTO] = { .is_known = true,
				  .element_size = sizeof(struct btf_param),
				  .has_type = true,
				  .has_members = true },
	[BTF_KIND_VAR] = { .is_known = true,
			   .fixed_size = sizeof(struct btf_var),
			   .has_type = true },
	[BTF_KIND_DATASEC] = { .is_known = true, .element_size = sizeof(struct btf_var_secinfo) },
	[BTF_KIND_FLOAT] = { .is_known = true },
	[BTF_KIND_DECL_TAG] = { .is_known = true,
				.fixed_size = sizeof(struct btf_decl_tag),
				.has_type = true },
	[BTF_KIND_TYPE_TAG] = { .is_known = true, .has_type = true, .is_wrapper = true },
	[BTF_KIND_ENUM64] = { .is_known = true, .element_size = sizeof(struct btf_enum64) },
};

const struct eun__btf_kind *eun__btf_kind_find(uint32_t kind)
{
	return &kinds[kind < EUB_ARRAY_SIZE(kinds) ? kind : BTF_KIND_UNKN];
}

size_t eun__btf_record_size(const struct btf_type *type)
{
	const struct eun__btf_kind *kind = eun__btf_kind_find(BTF_INFO_KIND(type->info));
	size_t vlen = BTF_INFO_VLEN(type->info);

	return kind->is_known ? sizeof(*type) + kind->fixed_size + vlen * kind->element_size : 0;
}
