/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loading and adopting follow the same steps, from the object up: object, event types, sources,
 * hooks. What of it is shared with generations that are loaded already is found through the slot.
 *
 * A generation is complete when the slot's page names it (generation_at): that is written after
 * everything is pinned and every gate has its entry, so a successor never adopts half of one.
 */
#include "engine/generation.h"

#include "base/clock.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "base/kernel.h"
#include "base/str.h"
#include "engine/internal.h"
#include "engine/slot.h"
#include "object/attach_kind.h"
#include "object/need.h"
#include "object/pins.h"
#include "package/package.h"

#include <assert.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>

static const struct eun_slot_options default_options = { .size = sizeof(default_options) };

static void note_hook(struct eun__generation *generation, const struct eun_slot_hook *info)
{
	const struct eun__attach_kind *kind = eun__attach_kind_find(info->section);
	char remark[EUN__REMARK_MAX] = "";

	if (kind)
		eun__need_get_remark(kind, EUB_LSM_PATH, remark);
	if (remark[0])
		eun__notes_add(&generation->notes, "program '%s' (%s): %s", info->program,
			       info->section, remark);
	if (info->mode == EUN_ATTACH_NONE)
		eun__notes_add(&generation->notes, "program '%s' (%s) is not attached: %s",
			       info->program, info->section, info->mode_reason);
	else if (info->mode == EUN_ATTACH_DIRECT)
		eun__notes_add(&generation->notes,
			       "program '%s' (%s) is attached without a gate: %s", info->program,
			       info->section, info->mode_reason);
}

static int nothing_attachable(const struct eun__generation *generation, struct eun_error *err)
{
	const struct eun_slot_hook *first =
	    generation->n_hooks > 0 ? eun__hook_get_info(generation->hooks[0]) : NULL;

	eun_error_set_hint(err, "eunomiactl inspect lists programs and their sections");
	if (!first)
		return eun_error_set(err, -EOPNOTSUPP, EUN_REASON_UNSUPPORTED,
				     "the tracker has no program that is loaded here");
	eun_error_set_subject(err, first->program);
	return eun_error_set(err, -EOPNOTSUPP, EUN_REASON_UNSUPPORTED,
			     "no program of the tracker can be attached; '%s' (%s): %s",
			     first->program, first->section, first->mode_reason);
}

typedef int (*make_hook_fn)(const struct eun__hook_context *context, struct bpf_program *program,
			    struct eun__hook **ret_hook, struct eun_error *err);

/* Makes a hook for each program; a tracker that hangs nowhere would never say a word. */
static int make_hooks(struct eun__generation *generation, const struct eun__generation_plan *plan,
		      make_hook_fn make_hook, struct eun_error *err)
{
	struct eun__hook_context context = {
		.sw = plan->slot->gate_switch,
		.object = generation->object,
		.options = plan->options,
		.btf = plan->slot->engine->kernel_btf,
		.index = plan->index,
		.generation = plan->number,
		.pin_dir = plan->slot->pin_dir,
		.find_gate = eun__slot_find_gate,
		.userdata = plan->slot,
	};
	struct bpf_program *program = NULL;
	size_t n_attachable = 0;

	while ((program = eun__object_next_program(generation->object, program))) {
		struct eun__hook **hooks =
		    reallocarray(generation->hooks, generation->n_hooks + 1, sizeof(*hooks));
		int r;

		if (!hooks)
			return eub_error_no_memory(err);
		generation->hooks = hooks;
		context.previous = hooks;
		context.n_previous = generation->n_hooks;
		r = make_hook(&context, program, &hooks[generation->n_hooks], err);
		if (r < 0)
			return r;
		note_hook(generation, eun__hook_get_info(hooks[generation->n_hooks]));
		n_attachable +=
		    eun__hook_get_info(hooks[generation->n_hooks++])->mode != EUN_ATTACH_NONE;
	}
	return n_attachable == 0 ? nothing_attachable(generation, err) : 0;
}

/* Shares the source of a ring that goes on. */
static int open_source(struct eun__generation *generation, const struct eun__export *export,
		       struct eun_error *err)
{
	struct eun__source **next = &generation->sources[generation->n_sources];
	struct eun__source *shared;
	uint32_t ring;
	int r = eun__source_get_ring_id(bpf_map__fd(export->map), &ring);

	if (r < 0)
		return eun_error_set(err, r, EUN_REASON_INTERNAL,
				     "cannot ask the kernel about map '%s': %s",
				     bpf_map__name(export->map), strerror(-r));
	shared = eun__slot_find_source(generation->slot, ring);
	if (shared)
		*next = eun__source_ref(shared);
	else
		r = eun__source_new(generation->slot, export, generation->info.number, next, err);
	if (r == 0)
		generation->n_sources++;
	return r;
}

static int open_sources(struct eun__generation *generation, struct eun_error *err)
{
	int r = 0;

	generation->sources = calloc(generation->exports.n_items + 1, sizeof(struct eun__source *));
	if (!generation->sources)
		return eub_error_no_memory(err);
	for (size_t i = 0; i < generation->exports.n_items && r == 0; i++)
		r = open_source(generation, &generation->exports.items[i], err);
	return r;
}

/* Who counts what finds no room, and what the maps take. */
static void look_at_maps(struct eun__generation *generation)
{
	int page_fd = eun__switch_get_map_fd(generation->slot->gate_switch);

	generation->is_perf_counted = eun__object_uses_map(generation->object, page_fd);
	generation->is_loss_counted = generation->lost_map_fd >= 0 || generation->is_perf_counted;
	generation->n_maps =
	    eun__map_memory_measure(eun__object_get_bpf(generation->object), &generation->maps);
}

static int find_lost_map(struct eun__generation *generation, struct eun_error *err)
{
	int fd =
	    bpf_object__find_map_fd_by_name(eun__object_get_bpf(generation->object), EUN__LOST_MAP);
	int r;

	if (fd < 0)
		return 0;
	r = eun__source_get_ring_id(fd, &generation->lost_map_id);
	if (r < 0)
		return eun_error_set(err, r, EUN_REASON_INTERNAL,
				     "cannot ask the kernel about map '" EUN__LOST_MAP "': %s",
				     strerror(-r));
	generation->lost_map_fd = fd;
	return 0;
}

static bool are_equal_layouts(const struct eun_schema *a, const struct eun_schema *b)
{
	if (!eub_streq(eun_schema_get_name(a), eun_schema_get_name(b)) ||
	    eun_schema_get_size(a) != eun_schema_get_size(b) ||
	    eun_schema_get_n_members(a) != eun_schema_get_n_members(b))
		return false;
	for (size_t i = 0; i < eun_schema_get_n_members(a); i++) {
		const struct eun_member *ma = eun_schema_get_member(a, i);
		const struct eun_member *mb = eun_schema_get_member(b, i);

		if (!eub_streq(ma->name, mb->name) || !eub_streq(ma->type, mb->type) ||
		    ma->offset_bits != mb->offset_bits || ma->size_bits != mb->size_bits)
			return false;
	}
	return true;
}

static const struct eun_schema *find_schema(const struct eun__exports *exports, const char *map)
{
	for (size_t i = 0; i < exports->n_items; i++)
		if (eub_streq(bpf_map__name(exports->items[i].map), map))
			return exports->items[i].schema;
	return NULL;
}

struct ring_question {
	const struct eun__exports *exports;
	const struct eun__exports *previous;
};

/* Records of a shared ring must read the same to both. */
static const char *why_not_ring(const struct bpf_map *map, void *userdata)
{
	const struct ring_question *question = userdata;
	const struct eun_schema *schema = find_schema(question->exports, bpf_map__name(map));
	const struct eun_schema *old = find_schema(question->previous, bpf_map__name(map));

	if (!schema && !old)
		return NULL;
	if (!schema || !old)
		return "only one generation writes events to it";
	return are_equal_layouts(schema, old) ? NULL : "the type of its events differs";
}

static int take_maps(struct eun__generation *generation, const struct eun__generation_plan *plan,
		     struct eun__map_reuse *ret_reuse, struct eun_error *err)
{
	struct ring_question question = { .exports = &generation->exports };
	struct eun__map_reuse reuse = { 0 };
	int r;

	if (!plan->previous)
		return 0;
	question.previous = &plan->previous->exports;
	r = eun__maps_reuse(generation->object, plan->previous->object, plan->maps, why_not_ring,
			    &question, &reuse, err);
	if (r < 0)
		return r;
	if (ret_reuse)
		*ret_reuse = reuse;
	else
		eun__map_reuse_done(&reuse);
	return 0;
}

static int set_pin_dir(struct eun__generation *generation)
{
	const char *slot_dir = generation->slot->pin_dir;
	char path[EUN__PIN_PATH_MAX];

	if (!slot_dir)
		return 0;
	if (eun__pin_path_numbered(path, slot_dir, "gen", generation->info.number) < 0)
		return -ENAMETOOLONG;
	generation->pin_dir = strdup(path);
	return generation->pin_dir ? 0 : -ENOMEM;
}

static int generation_alloc(const struct eun__generation_plan *plan, struct eun_package *package,
			    struct eun__generation **ret_generation, struct eun_error *err)
{
	struct eun__generation *generation = calloc(1, sizeof(*generation));
	int r;

	if (!generation)
		return eub_error_no_memory(err);
	generation->slot = plan->slot;
	generation->index = plan->index;
	generation->package = package;
	generation->info = (struct eun_generation){ .number = plan->number, .package = package };
	generation->lost_map_fd = -EBADF;
	r = set_pin_dir(generation);
	if (r < 0) {
		free(generation);
		return eun_error_set(err, r, EUN_REASON_INTERNAL, "the folder of pins: %s",
				     strerror(-r));
	}
	*ret_generation = generation;
	return 0;
}

static int choose_exports(struct eun__generation *generation,
			  const struct eun__generation_plan *plan, struct eun_error *err)
{
	return eun__exports_choose(eun__object_get_bpf(generation->object), generation->package,
				   plan->options, &generation->notes, &generation->exports, err);
}

static int prepare(struct eun__generation *generation, const struct eun__generation_plan *plan,
		   const struct eun__ring_counter *counter, struct eun__map_reuse *ret_reuse,
		   struct eun_error *err)
{
	int r = eun__object_prepare(generation->package, plan->options, counter,
				    plan->slot->engine->kernel_btf, &generation->object, err);

	if (r == 0)
		r = choose_exports(generation, plan, err);
	return r < 0 ? r : take_maps(generation, plan, ret_reuse, err);
}

static void unprepare(struct eun__generation *generation, struct eun__map_reuse *reuse)
{
	if (reuse)
		eun__map_reuse_done(reuse);
	eun__notes_done(&generation->notes);
	eun__exports_done(&generation->exports);
	generation->object = eun__object_free(generation->object);
}

/* What the verifier refuses may be our counting: then the tracker runs as its author wrote it. */
static int load_object(struct eun__generation *generation, const struct eun__generation_plan *plan,
		       struct eun__map_reuse *ret_reuse, struct eun_error *err)
{
	struct eun__ring_counter counter = eun__switch_get_counter(plan->slot->gate_switch);
	struct eun__kernel_btf *btf = plan->slot->engine->kernel_btf;
	int r = prepare(generation, plan, &counter, ret_reuse, err);

	if (r < 0)
		return r;
	r = eun__object_load(generation->object, btf, err);
	if (r == 0 || !eun__object_has_counter(generation->object))
		return r;
	eun_error_done(err);
	unprepare(generation, ret_reuse);
	r = prepare(generation, plan, NULL, ret_reuse, err);
	if (r == 0)
		r = eun__object_load(generation->object, btf, err);
	if (r == 0)
		eun__notes_add(&generation->notes,
			       "events that find no room in the ring are not counted: the kernel "
			       "takes the tracker only without the counting");
	return r;
}

/* What follows once the maps and programs are there. */
static int complete(struct eun__generation *generation, const struct eun__generation_plan *plan,
		    make_hook_fn make_hook, struct eun_error *err)
{
	int r = open_sources(generation, err);

	if (r == 0)
		r = find_lost_map(generation, err);
	if (r == 0)
		look_at_maps(generation);
	return r < 0 ? r : make_hooks(generation, plan, make_hook, err);
}

static int load(struct eun__generation *generation, const struct eun__generation_plan *plan,
		struct eun__map_reuse *ret_reuse, struct eun_error *err)
{
	int r = load_object(generation, plan, ret_reuse, err);

	if (r == 0)
		r = complete(generation, plan, eun__hook_new, err);
	if (r == 0)
		generation->info.loaded_wall_ns = eub_clock_wall_ns();
	return r;
}

static int adopt(struct eun__generation *generation, const struct eun__generation_plan *plan,
		 struct eun__map_reuse *ret_reuse EUB_UNUSED, struct eun_error *err)
{
	int r =
	    eun__object_adopt(generation->package, generation->pin_dir, &generation->object, err);

	if (r == 0)
		r = choose_exports(generation, plan, err);
	return r < 0 ? r : complete(generation, plan, eun__hook_adopt, err);
}

/* What is made by @fill, and if that fails, undone by @end. */
struct generation_source {
	int (*fill)(struct eun__generation *generation, const struct eun__generation_plan *plan,
		    struct eun__map_reuse *ret_reuse, struct eun_error *err);
	struct eun__generation *(*end)(struct eun__generation *generation);
};

static int generation_make(const struct generation_source *from,
			   const struct eun__generation_plan *plan, struct eun_package *package,
			   struct eun__generation **ret_generation,
			   struct eun__map_reuse *ret_reuse, struct eun_error *err)
{
	struct eun__generation_plan own = *plan;
	struct eun__generation *generation = NULL;
	int r = generation_alloc(plan, package, &generation, err);

	if (r < 0)
		return r;
	assert(generation);
	if (!own.options)
		own.options = &default_options;
	r = from->fill(generation, &own, ret_reuse, err);
	if (r < 0) {
		generation->package = NULL; /* the caller keeps it on failure */
		from->end(generation);
		return r;
	}
	*ret_generation = generation;
	return 0;
}

int eun__generation_new(const struct eun__generation_plan *plan, struct eun_package *package,
			struct eun__generation **ret_generation, struct eun__map_reuse *ret_reuse,
			struct eun_error *err)
{
	static const struct generation_source loaded = { load, eun__generation_free };

	return generation_make(&loaded, plan, package, ret_generation, ret_reuse, err);
}

int eun__generation_adopt(const struct eun__generation_plan *plan, struct eun_package *package,
			  struct eun__generation **ret_generation, struct eun_error *err)
{
	static const struct generation_source pinned = { adopt, eun__generation_leave };

	return generation_make(&pinned, plan, package, ret_generation, NULL, err);
}

int eun__generation_attach(struct eun__generation *generation, struct eun_error *err)
{
	for (size_t i = 0; i < generation->n_hooks; i++) {
		int r = eun__hook_attach(generation->hooks[i], err);

		if (r < 0)
			return r;
	}
	return 0;
}

static int pin_failed(const struct eun__hook *hook, int r, struct eun_error *err)
{
	const char *section = eun__hook_get_info(hook)->section;

	/* Links by perf events: of tracepoints, kprobes, uprobes and clocks. */
	if (!eub_kernel_is_at_least(5, 15))
		return eun_error_set(err, r, EUN_REASON_UNSUPPORTED,
				     "pinning what hangs at '%s' needs Linux 5.15: %s", section,
				     strerror(-r));
	return eun_error_set(err, r, EUN_REASON_UNSUPPORTED,
			     "this kernel cannot pin what hangs at '%s': %s", section,
			     strerror(-r));
}

int eun__generation_pin(struct eun__generation *generation, struct eun_error *err)
{
	int r;

	if (!generation->pin_dir)
		return 0;
	r = eun__pin_dir_new(generation->pin_dir, err);
	if (r == 0)
		r = eun__object_pin(generation->object, generation->pin_dir, err);
	for (size_t i = 0; i < generation->n_hooks && r == 0; i++) {
		r = eun__hook_pin(generation->hooks[i], err);
		if (r < 0) /* kept as it is if the hook said more */
			(void)pin_failed(generation->hooks[i], r, err);
	}
	return r;
}

void eun__generation_publish(struct eun__generation *generation)
{
	struct eun__page *page = eun__switch_get_page(generation->slot->gate_switch);

	__atomic_store_n(&page->generation_at[generation->index], generation->info.number,
			 __ATOMIC_RELEASE);
}

int eun__generation_enable(struct eun__generation *generation, struct eun_error *err)
{
	for (size_t i = 0; i < generation->n_hooks; i++) {
		int r = eun__hook_enable(generation->hooks[i], err);

		if (r < 0) {
			while (i-- > 0)
				eun__hook_disable(generation->hooks[i]);
			return r;
		}
	}
	return 0;
}

void eun__generation_disable(struct eun__generation *generation)
{
	for (size_t i = 0; i < generation->n_hooks; i++)
		if (eun__hook_get_info(generation->hooks[i])->mode == EUN_ATTACH_DIRECT)
			eun__hook_disable(generation->hooks[i]);
}

typedef struct eun__hook *(*end_hook_fn)(struct eun__hook *hook);

static void generation_end(struct eun__generation *generation, end_hook_fn end_hook)
{
	for (size_t i = 0; i < generation->n_hooks; i++)
		end_hook(generation->hooks[i]);
	free(generation->hooks);
	for (size_t i = 0; i < generation->n_sources; i++)
		eun__source_unref(generation->sources[i]);
	free(generation->sources);
	eun__exports_done(&generation->exports);
	eun__object_free(generation->object);
	eun_package_free(generation->package);
	eun__notes_done(&generation->notes);
	free(generation->maps);
	free(generation->pin_dir);
	free(generation);
}

struct eun__generation *eun__generation_free(struct eun__generation *generation)
{
	struct eun__page *page;

	if (!generation)
		return NULL;
	page = eun__switch_get_page(generation->slot->gate_switch);
	/* Its index may name another one by now only if it never was complete. */
	if (page->generation_at[generation->index] == generation->info.number)
		__atomic_store_n(&page->generation_at[generation->index], 0, __ATOMIC_RELEASE);
	if (generation->pin_dir)
		(void)eun__pins_remove(generation->pin_dir); /* left-overs go with the slot's */
	generation_end(generation, eun__hook_free);
	return NULL;
}

struct eun__generation *eun__generation_leave(struct eun__generation *generation)
{
	if (generation)
		generation_end(generation, eun__hook_leave);
	return NULL;
}

const struct eun__hook *eun__generation_find_hook(const struct eun__generation *generation,
						  const char *key)
{
	for (size_t i = 0; i < generation->n_hooks; i++)
		if (eub_streq(eun__hook_get_key(generation->hooks[i]), key))
			return generation->hooks[i];
	return NULL;
}

uint64_t eun__generation_read_lost(const struct eun__generation *generation)
{
	int n_cpus = libbpf_num_possible_cpus();
	uint64_t sum = 0;
	uint64_t *values;
	uint32_t key = 0;

	if (generation->lost_map_fd < 0 || n_cpus <= 0)
		return 0;
	values = calloc((size_t)n_cpus, sizeof(*values));
	if (values && bpf_map_lookup_elem(generation->lost_map_fd, &key, values) == 0)
		for (int i = 0; i < n_cpus; i++)
			sum += values[i];
	free(values);
	return sum;
}
