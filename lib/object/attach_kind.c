/* SPDX-License-Identifier: Apache-2.0 */
/* See attach_kind.def, which is the whole knowledge; this file looks things up in it. */
#include "object/attach_kind.h"

#include "base/str.h"

#include <bpf/libbpf.h>
#include <stddef.h>

static const struct eun__attach_kind kinds[] = {
#define EUN_KIND(section_, name_, gate_, verdict_, attach_, point_)                                \
	{ .section = (section_),                                                                   \
	  .name = (name_),                                                                         \
	  .gate = EUN__GATE_##gate_,                                                               \
	  .verdict = (verdict_),                                                                   \
	  .attach = EUN__ATTACH_##attach_,                                                         \
	  .point = EUN__POINT_##point_ },
#include "object/attach_kind.def"
#undef EUN_KIND
};

static bool is_match(const struct eun__attach_kind *kind, const char *section)
{
	char last = kind->section[strlen(kind->section) - 1];

	if (last == '/' || last == '_')
		return eub_has_prefix(section, kind->section);
	return eub_streq(section, kind->section);
}

const struct eun__attach_kind *eun__attach_kind_find(const char *section)
{
	for (size_t i = 0; i < EUB_ARRAY_SIZE(kinds); i++)
		if (is_match(&kinds[i], section))
			return &kinds[i];
	return NULL;
}

/* The kernel gives storage to the program that is attached: to a gate, which has none. */
static bool has_cgroup_storage(const struct bpf_object *object)
{
	struct bpf_map *map;

	bpf_object__for_each_map(map, object)
	{
		enum bpf_map_type type = bpf_map__type(map);

		if (type == BPF_MAP_TYPE_CGROUP_STORAGE ||
		    type == BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE)
			return true;
	}
	return false;
}

const char *eun__attach_kind_no_gate_reason(const struct eun__attach_kind *kind,
					    const struct bpf_object *object)
{
	if (kind->point == EUN__POINT_CGROUP && has_cgroup_storage(object))
		return "the kernel does not tail-call programs with cgroup storage";
	if (kind->gate != EUN__GATE_NONE)
		return "";
	if (eub_has_suffix(kind->name, ".s"))
		return "the kernel does not tail-call sleepable programs";
	if (eub_streq(kind->name, "usdt"))
		return "USDT attaches by maps inside the tracker's own object";
	return "the kernel does not tail-call programs of this type";
}

/* "tcx/" and "netkit/" came with libbpf 1.3; Debian 12 has 1.1. */
void eun__attach_kind_complete(struct bpf_program *program)
{
	const char *section = bpf_program__section_name(program);

	if (bpf_program__type(program) == BPF_PROG_TYPE_UNSPEC &&
	    (eub_has_prefix(section, "tcx/") || eub_has_prefix(section, "netkit/")))
		(void)bpf_program__set_type(program,
					    BPF_PROG_TYPE_SCHED_CLS); /* not loaded: cannot fail */
}
