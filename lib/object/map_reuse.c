/* SPDX-License-Identifier: Apache-2.0 */
#include "object/map_reuse.h"

#include "base/error.h"
#include "base/macro.h"
#include "btf/equal.h"
#include "package/map_def.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <stdlib.h>
#include <string.h>

/* A map of the new object, and the old object's of the same name. */
struct pair {
	const struct bpf_map *map;
	const struct btf *btf;
	const struct bpf_map *old;
	const struct btf *old_btf;
};

static bool is_data_section(const struct pair *pair)
{
	return bpf_map__is_internal(pair->map);
}

static bool is_program_array(const struct pair *pair)
{
	return bpf_map__type(pair->map) == BPF_MAP_TYPE_PROG_ARRAY;
}

static bool is_new(const struct pair *pair)
{
	return !pair->old;
}

static bool has_other_type(const struct pair *pair)
{
	return bpf_map__type(pair->map) != bpf_map__type(pair->old);
}

static bool has_other_key_size(const struct pair *pair)
{
	return bpf_map__key_size(pair->map) != bpf_map__key_size(pair->old);
}

static bool has_other_value_size(const struct pair *pair)
{
	return bpf_map__value_size(pair->map) != bpf_map__value_size(pair->old);
}

/* A perf event array of no stated size is made with an entry for each CPU. */
static bool has_other_max_entries(const struct pair *pair)
{
	return bpf_map__max_entries(pair->map) != bpf_map__max_entries(pair->old) &&
	       !(bpf_map__type(pair->map) == BPF_MAP_TYPE_PERF_EVENT_ARRAY &&
		 bpf_map__max_entries(pair->map) == 0);
}

static bool has_other_flags(const struct pair *pair)
{
	return bpf_map__map_flags(pair->map) != bpf_map__map_flags(pair->old);
}

/*
 * The types that a map's definition names. libbpf's own answer is of no use here: once a map is
 * taken over, it gives the ids of the BTF that the map was first made with.
 */
static struct eun__map_def get_definition(const struct btf *btf, const struct bpf_map *map)
{
	struct eun__map_def def = { 0 };

	if (btf)
		(void)eun__map_find(btf, eun__map_section(btf), bpf_map__name(map), &def);
	return def;
}

static bool has_other_key_type(const struct pair *pair)
{
	return !eun__btf_types_equal(pair->btf, get_definition(pair->btf, pair->map).key_id,
				     pair->old_btf,
				     get_definition(pair->old_btf, pair->old).key_id);
}

static bool has_other_value_type(const struct pair *pair)
{
	return !eun__btf_types_equal(pair->btf, get_definition(pair->btf, pair->map).value_id,
				     pair->old_btf,
				     get_definition(pair->old_btf, pair->old).value_id);
}

/* In this order; the first that is true is the reason. */
static const struct {
	bool (*is_against)(const struct pair *pair);
	const char *reason;
} rules[] = {
	{ is_data_section, "a data section belongs to its generation" },
	{ is_program_array, "a program array belongs to its generation" },
	{ is_new, "the old generation has no map of this name" },
	{ has_other_type, "the map's type differs" },
	{ has_other_key_size, "the size of a key differs" },
	{ has_other_value_size, "the size of a value differs" },
	{ has_other_max_entries, "the number of entries differs" },
	{ has_other_flags, "the map's flags differ" },
	{ has_other_key_type, "the type of the keys differs" },
	{ has_other_value_type, "the type of the values differs" },
};

static const char *find_reason(const struct pair *pair)
{
	for (size_t i = 0; i < EUB_ARRAY_SIZE(rules); i++)
		if (rules[i].is_against(pair))
			return rules[i].reason;
	return NULL;
}

static int decide(struct bpf_map *map, const struct pair *pair, const char *reason,
		  struct eun_swap_map *item, struct eun_error *err)
{
	int r;

	*item = (struct eun_swap_map){ .name = bpf_map__name(map), .reason = reason };
	if (reason)
		return 0;
	r = bpf_map__reuse_fd(map, bpf_map__fd(pair->old));
	if (r < 0)
		return eun_error_set(err, r, EUN_REASON_INTERNAL,
				     "map '%s' of the running generation cannot be taken over: %s",
				     bpf_map__name(map), strerror(-r));
	/* reuse_fd() may have given it another copy of the name. */
	*item =
	    (struct eun_swap_map){ .name = bpf_map__name(map), .is_reused = true, .reason = "" };
	return 0;
}

int eun__maps_reuse(struct eun__object *object, const struct eun__object *previous,
		    enum eun_map_policy policy,
		    const char *(*why_not)(const struct bpf_map *map, void *userdata),
		    void *userdata, struct eun__map_reuse *ret_reuse, struct eun_error *err)
{
	struct bpf_object *bpf = eun__object_get_bpf(object);
	struct bpf_object *old = eun__object_get_bpf(previous);
	struct eun__map_reuse reuse = { 0 };
	struct bpf_map *map;
	size_t n = 0;
	int r = 0;

	bpf_object__for_each_map(map, bpf) n++;
	reuse.items = calloc(n + 1, sizeof(*reuse.items));
	if (!reuse.items)
		return eub_error_no_memory(err);
	bpf_object__for_each_map(map, bpf)
	{
		struct pair pair = {
			.map = map,
			.btf = bpf_object__btf(bpf),
			.old = bpf_object__find_map_by_name(old, bpf_map__name(map)),
			.old_btf = bpf_object__btf(old),
		};
		const char *reason = policy == EUN_MAPS_FRESH ? "asked for" : find_reason(&pair);

		if (!reason && why_not)
			reason = why_not(map, userdata);
		if (r == 0)
			r = decide(map, &pair, reason, &reuse.items[reuse.n_items++], err);
	}
	if (r < 0) {
		eun__map_reuse_done(&reuse);
		return r;
	}
	*ret_reuse = reuse;
	return 0;
}

void eun__map_reuse_done(struct eun__map_reuse *reuse)
{
	free(reuse->items);
	*reuse = (struct eun__map_reuse){ 0 };
}
