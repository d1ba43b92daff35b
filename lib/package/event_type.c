/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See event_type.h. For each type of the BTF a byte says why it can be no event: it belongs to the
 * kernel (the context of a program, a type that CO-RE relocations name or whose name says so, and
 * whatever these lead to), it is a map's definition, key or value, or it only lies within another
 * struct. Marks spread along a work list, not by recursion, so depth costs no stack.
 */
#include "package/event_type.h"

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/str.h"
#include "btf/ext.h"
#include "btf/type_name.h"
#include "package/elf.h"
#include "package/map_def.h"

#include <bpf/btf.h>

enum mark {
	MARK_KERNEL = 1 << 0,
	MARK_MAP = 1 << 1,    /* definition, key or value, and what lies within */
	MARK_INSIDE = 1 << 2, /* lies within another struct */
};

struct finder {
	const struct btf *btf;
	uint32_t n;	/* type ids are 0..n-1 */
	uint8_t *marks; /* by type id */
	uint32_t *work; /* ids whose mark has still to spread; each enters once per mark */
	uint32_t n_work;
};

/* A trailing '*' stands for anything. Contexts: enum bpf_prog_type of <linux/bpf.h>. */
static const char *const kernel_names[] = {
	"trace_event_raw_*",
	"trace_entry",
	"pt_regs",
	"user_pt_regs",
	"user_regs_struct",
	"__sk_buff",
	"sk_buff",
	"xdp_md",
	"bpf_*_md",
	"bpf_sock",
	"bpf_sock_*",
	"bpf_sk_lookup",
	"bpf_sockopt",
	"bpf_sysctl",
	"bpf_cgroup_*",
	"bpf_perf_event_*",
	"bpf_raw_tracepoint_args",
	"bpf_iter_*",
	"bpf_spin_lock",
	"bpf_timer",
	"bpf_dynptr",
	"bpf_list_*",
	"bpf_rb_*",
	"sk_msg_md",
	"sk_reuseport_md",
	"task_struct",
	"linux_binprm",
	"sock",
	"file",
	"bpf_user_pt_regs_t",
};

static bool matches(const char *pattern, const char *name)
{
	const char *star = strchr(pattern, '*');
	size_t n = star ? (size_t)(star - pattern) : 0;

	if (!star)
		return eub_streq(pattern, name);
	return strncmp(pattern, name, n) == 0 && strlen(name) >= n &&
	       eub_has_suffix(name + n, star + 1);
}

static bool is_kernel_name(const char *name)
{
	for (size_t i = 0; i < EUB_ARRAY_SIZE(kernel_names); i++)
		if (matches(kernel_names[i], name))
			return true;
	return false;
}

static const char *name_of(const struct btf *btf, uint32_t id)
{
	const struct btf_type *type = btf__type_by_id(btf, id);

	return type ? eun__btf_name(btf, type->name_off) : "";
}

static void push(struct finder *finder, uint32_t id, enum mark mark)
{
	if (id == 0 || id >= finder->n || finder->marks[id] & mark)
		return;
	finder->marks[id] |= (uint8_t)mark;
	finder->work[finder->n_work++] = id;
}

/* Marks what type @id is made of; with @mark MARK_KERNEL also what it points to. */
static void push_parts(struct finder *finder, uint32_t id, enum mark mark)
{
	const struct btf_type *type = btf__type_by_id(finder->btf, id);

	if (btf_is_mod(type) || btf_is_typedef(type) || btf_is_var(type) ||
	    (btf_is_ptr(type) && mark == MARK_KERNEL))
		push(finder, type->type, mark);
	if (btf_is_array(type))
		push(finder, btf_array(type)->type, mark);
	if (btf_is_func_proto(type)) {
		push(finder, type->type, mark);
		for (uint32_t i = 0; i < btf_vlen(type); i++)
			push(finder, btf_params(type)[i].type, mark);
	}
	if (btf_is_composite(type))
		for (uint32_t i = 0; i < btf_vlen(type); i++)
			push(finder, btf_members(type)[i].type, mark);
}

static void spread(struct finder *finder, uint32_t id, enum mark mark)
{
	push(finder, id, mark);
	while (finder->n_work > 0)
		push_parts(finder, finder->work[--finder->n_work], mark);
}

/* Marks what a program's first parameter points to. */
static void mark_context(struct finder *finder, uint32_t func_id)
{
	const struct btf_type *func = btf__type_by_id(finder->btf, func_id);
	const struct btf_type *proto;

	if (!func || !btf_is_func(func))
		return;
	proto = btf__type_by_id(finder->btf, func->type);
	if (btf_vlen(proto) == 1)
		spread(finder, btf_params(proto)[0].type, MARK_KERNEL);
}

static void on_core_relo(const struct eun__btf_ext_record *record, void *userdata)
{
	spread(userdata, record->type_id, MARK_KERNEL);
}

static void on_func_info(const struct eun__btf_ext_record *record, void *userdata)
{
	struct finder *finder = userdata;

	if (!eub_streq(eun__btf_name(finder->btf, record->section), ".text"))
		mark_context(finder, record->type_id);
}

/* Damage in .BTF.ext ends the walk; what it said so far still holds. */
static bool mark_by_ext(struct finder *finder, const void *object, size_t size)
{
	struct eun__elf_section section;
	struct eun__elf elf;

	if (!object || eun__elf_init(&elf, object, size, NULL) < 0 ||
	    !eun__elf_find_section(&elf, BTF_EXT_ELF_SEC, &section) || !section.data)
		return false;
	(void)eun__btf_ext_walk(section.data, section.header.sh_size, EUN__BTF_EXT_CORE_RELO,
				on_core_relo, finder);
	(void)eun__btf_ext_walk(section.data, section.header.sh_size, EUN__BTF_EXT_FUNC_INFO,
				on_func_info, finder);
	return true;
}

static void mark_kernel(struct finder *finder, const void *object, size_t size)
{
	bool has_ext = mark_by_ext(finder, object, size);

	for (uint32_t id = 1; id < finder->n; id++) {
		const struct btf_type *type = btf__type_by_id(finder->btf, id);

		if (btf_is_composite(type) && is_kernel_name(name_of(finder->btf, id)))
			spread(finder, id, MARK_KERNEL);
		else if (!has_ext && btf_is_func(type) && btf_vlen(type) == BTF_FUNC_GLOBAL)
			mark_context(finder, id);
	}
}

static void mark_maps(struct finder *finder)
{
	const struct btf_type *maps = eun__map_section(finder->btf);

	for (uint32_t i = 0; maps && i < btf_vlen(maps); i++) {
		struct eun__map_def def = eun__map_def(finder->btf, maps, i);

		spread(finder, btf_var_secinfos(maps)[i].type, MARK_MAP);
		spread(finder, def.key_id, MARK_MAP);
		spread(finder, def.value_id, MARK_MAP);
	}
}

static void mark_inside(struct finder *finder)
{
	for (uint32_t id = 1; id < finder->n; id++) {
		const struct btf_type *type = btf__type_by_id(finder->btf, id);

		if (!btf_is_composite(type) || finder->marks[id])
			continue;
		push_parts(finder, id, MARK_INSIDE);
		while (finder->n_work > 0)
			push_parts(finder, finder->work[--finder->n_work], MARK_INSIDE);
	}
}

/* The struct that @id is, behind typedefs and qualifiers; 0 if it is none. */
static uint32_t struct_id(const struct btf *btf, uint32_t id)
{
	int resolved = id > 0 ? btf__resolve_type(btf, id) : -ENOENT;
	const struct btf_type *type =
	    resolved > 0 ? btf__type_by_id(btf, (uint32_t)resolved) : NULL;

	return type && btf_is_composite(type) ? (uint32_t)resolved : 0;
}

static uint32_t find_by_value(const struct btf *btf, const char *map_name)
{
	struct eun__map_def def;
	uint32_t found;

	if (!eun__map_find(btf, eun__map_section(btf), map_name, &def))
		return 0;
	found = struct_id(btf, def.value_id);
	/* A struct without a name goes by that of its typedef. */
	return found && !name_of(btf, found)[0] ? def.value_id : found;
}

/* The struct that @type points to if it is a variable of the object; else 0. */
static uint32_t pointed_struct(const struct finder *finder, const struct btf_type *type)
{
	int resolved;
	uint32_t id;

	if (!btf_is_var(type) || btf_var(type)->linkage == BTF_VAR_GLOBAL_EXTERN)
		return 0;
	resolved = btf__resolve_type(finder->btf, type->type);
	type = resolved > 0 ? btf__type_by_id(finder->btf, (uint32_t)resolved) : NULL;
	if (!type || !btf_is_ptr(type))
		return 0;
	id = struct_id(finder->btf, type->type);
	return id && !(finder->marks[id] & MARK_KERNEL) && name_of(finder->btf, id)[0] ? id : 0;
}

static void note_choice(struct eub_buf *note, const struct btf *btf, uint32_t taken, uint32_t other)
{
	if (note->len == 0)
		eub_buf_printf(note, "several global pointers lead to structs; took '%s', not",
			       name_of(btf, taken));
	eub_buf_printf(note, " '%s'", name_of(btf, other));
}

/* The lowest id, as upstream takes it. */
static uint32_t find_by_pointer(const struct finder *finder, struct eub_buf *note)
{
	uint32_t found = 0;

	for (uint32_t id = 1; id < finder->n; id++) {
		const struct btf_type *type = btf__type_by_id(finder->btf, id);
		uint32_t candidate = pointed_struct(finder, type);

		if (candidate && (!found || candidate < found))
			found = candidate;
	}
	for (uint32_t id = 1; id < finder->n && found; id++) {
		const struct btf_type *type = btf__type_by_id(finder->btf, id);
		uint32_t candidate = pointed_struct(finder, type);

		if (candidate && candidate != found)
			note_choice(note, finder->btf, found, candidate);
	}
	return found;
}

static uint32_t find_only(struct finder *finder, struct eub_buf *note)
{
	uint32_t found = 0;
	uint32_t n_found = 0;

	mark_maps(finder);
	mark_inside(finder);
	for (uint32_t id = 1; id < finder->n; id++) {
		const struct btf_type *type = btf__type_by_id(finder->btf, id);

		if (!btf_is_struct(type) || finder->marks[id] || !name_of(finder->btf, id)[0])
			continue;
		if (n_found++ == 1)
			eub_buf_printf(note, "several structs may be the event: '%s'",
				       name_of(finder->btf, found));
		if (n_found > 1)
			eub_buf_printf(note, " '%s'", name_of(finder->btf, id));
		found = id;
	}
	if (n_found > 1)
		eub_buf_append_str(note, "; choose with --type");
	return n_found == 1 ? found : 0;
}

int eun__event_type_find_in_object(const void *object, size_t size, const struct btf *btf,
				   const char *map_name, uint32_t *ret_type_id, char *note,
				   size_t note_size)
{
	struct finder finder = { .btf = btf, .n = btf__type_cnt(btf) };
	_cleanup_(eub_freep) uint8_t *marks = NULL;
	_cleanup_(eub_freep) uint32_t *work = NULL;
	/* A remark too long for its place loses its end. */
	struct eub_buf text = EUB_BUF_FIXED(note, note_size - 1);
	uint32_t found = find_by_value(btf, map_name);

	memset(note, 0, note_size);
	if (found) {
		*ret_type_id = found;
		return 1;
	}
	marks = calloc(finder.n, sizeof(*marks));
	work = calloc(finder.n, sizeof(*work));
	if (!marks || !work)
		return -ENOMEM;
	finder.marks = marks;
	finder.work = work;
	mark_kernel(&finder, object, size);
	found = find_by_pointer(&finder, &text);
	if (!found)
		found = find_only(&finder, &text);
	if (!found)
		return 0;
	*ret_type_id = found;
	return 1;
}

int eun__event_type_find(const struct btf *btf, const char *map_name, uint32_t *ret_type_id,
			 char *note, size_t note_size)
{
	return eun__event_type_find_in_object(NULL, 0, btf, map_name, ret_type_id, note, note_size);
}
