/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every ring buffer and perf event array of the object is read, unless a package with several
 * exports says otherwise. For the type of a map's records a row of resolvers is asked in turn, from
 * what the user said, over what the package says, to what the object's BTF suggests; the first
 * answer counts. Upstream took the last map and the first struct in silence; here a remark says
 * what was taken whenever there was a choice.
 */
#include "engine/export.h"

#include "base/error.h"
#include "base/str.h"
#include "engine/limits.h"
#include "event/schema.h"
#include "package/event_type.h"
#include "package/map_def.h"
#include "package/package.h"

#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>

struct choice {
	const struct bpf_object *object;
	const struct btf *btf; /* the object's; NULL if it has none */
	const struct eun_package *package;
	const struct eun_slot_options *options;
	struct eun__notes *notes;
	const struct bpf_map *map; /* the one being resolved */
	bool is_last;		   /* no further event map follows */
};

/* Return: 1 and a schema; 0: does not know; -errno. */
typedef int (*resolve_fn)(const struct choice *choice, struct eun_schema **ret_schema,
			  struct eun_error *err);

static bool is_event_map(const struct bpf_map *map)
{
	return bpf_map__type(map) == BPF_MAP_TYPE_RINGBUF ||
	       bpf_map__type(map) == BPF_MAP_TYPE_PERF_EVENT_ARRAY;
}

static const struct eun__package_map *find_package_map(const struct choice *choice)
{
	for (size_t i = 0; i < choice->package->n_maps; i++)
		if (eub_streq(choice->package->maps[i].pub.name, bpf_map__name(choice->map)))
			return &choice->package->maps[i];
	return NULL;
}

static int from_btf_id(const struct btf *btf, uint32_t type_id, struct eun_schema **ret_schema,
		       struct eun_error *err)
{
	int r = eun__schema_from_btf(btf, type_id, ret_schema, err);

	return r < 0 ? r : 1;
}

/* The struct that a user asked for by name. */
static int from_name(const struct choice *choice, const char *name, struct eun_schema **ret_schema,
		     struct eun_error *err)
{
	int id = choice->btf ? btf__find_by_name_kind(choice->btf, name, BTF_KIND_STRUCT) : -ENOENT;

	if (id < 0 && choice->btf)
		id = btf__find_by_name_kind(choice->btf, name, BTF_KIND_TYPEDEF);
	if (id < 0) {
		eun_error_set_subject(err, name);
		eun_error_set_hint(err, "eunomiactl inspect lists the types of a package; a struct "
					"that nothing refers to is not in the object's BTF");
		return eun_error_set(err, -ENOENT, EUN_REASON_NOT_FOUND,
				     "the object's BTF has no struct '%s'", name);
	}
	return from_btf_id(choice->btf, (uint32_t)id, ret_schema, err);
}

/* --type MAP=STRUCT, and --type STRUCT for every map that is not named. */
static int from_options(const struct choice *choice, struct eun_schema **ret_schema,
			struct eun_error *err)
{
	const char *name = bpf_map__name(choice->map);
	const char *for_all = NULL;

	for (size_t i = 0; i < choice->options->n_types; i++) {
		const char *type = choice->options->types[i];
		const char *equals = strchr(type, '=');

		if (!equals)
			for_all = type;
		else if (strlen(name) == (size_t)(equals - type) &&
			 strncmp(name, type, (size_t)(equals - type)) == 0)
			return from_name(choice, equals + 1, ret_schema, err);
	}
	return for_all ? from_name(choice, for_all, ret_schema, err) : 0;
}

/* Generations 1 and 2 lay each map's record out in a table. */
static int from_package_layout(const struct choice *choice, struct eun_schema **ret_schema,
			       struct eun_error *err)
{
	const struct eun__package_map *map = find_package_map(choice);
	const struct eun__package_type *layout = map ? map->layout : NULL;
	struct eun__field_spec *fields;
	int r;

	if (!layout)
		return 0;
	fields = calloc(layout->n_fields + 1, sizeof(*fields));
	if (!fields)
		return eub_error_no_memory(err);
	for (size_t i = 0; i < layout->n_fields; i++)
		fields[i] = (struct eun__field_spec){
			.name = layout->fields[i].name,
			.type = layout->fields[i].type,
			.offset_bits = layout->fields[i].offset_bits,
			.size_bits = layout->fields[i].size_bits,
		};
	r = eun__schema_from_fields(layout->name, layout->size_bytes, fields, layout->n_fields,
				    ret_schema, err);
	free(fields);
	return r < 0 ? r : 1;
}

/* Generation 3 with several exports names a BTF type per map. */
static int from_export_config(const struct choice *choice, struct eun_schema **ret_schema,
			      struct eun_error *err)
{
	const struct eun__package_map *map = find_package_map(choice);

	if (!map || map->export_type_id == 0 || !choice->btf)
		return 0;
	return from_btf_id(choice->btf, map->export_type_id, ret_schema, err);
}

/* __type(value, struct X) on the map itself. */
static int from_map_value(const struct choice *choice, struct eun_schema **ret_schema,
			  struct eun_error *err)
{
	struct eun__map_def def;
	int32_t id;

	if (!choice->btf || !eun__map_find(choice->btf, eun__map_section(choice->btf),
					   bpf_map__name(choice->map), &def))
		return 0;
	id = btf__resolve_type(choice->btf, def.value_id);
	if (id <= 0 || !btf_is_struct(btf__type_by_id(choice->btf, (uint32_t)id)))
		return 0;
	return from_btf_id(choice->btf, (uint32_t)id, ret_schema, err);
}

/* The declared type in @btf: by its id if the name there agrees, else by name. */
static int from_declared(const struct btf *btf, const struct eun__package_type *type,
			 struct eun_schema **ret_schema, struct eun_error *err)
{
	const struct btf_type *named = btf__type_by_id(btf, type->type_id);
	int id = (int)type->type_id;

	if (!named || id == 0 || !btf_is_struct(named) ||
	    !eub_streq(btf__name_by_offset(btf, named->name_off), type->name))
		id = btf__find_by_name_kind(btf, type->name, BTF_KIND_STRUCT);
	return id > 0 ? from_btf_id(btf, (uint32_t)id, ret_schema, err) : 0;
}

/* Early generation 3 brings a BTF of its own for its types. */
static int from_package_btf(const struct choice *choice, const struct eun__package_type *type,
			    struct eun_schema **ret_schema, struct eun_error *err)
{
	struct btf *btf =
	    btf__new(choice->package->types_btf, (uint32_t)choice->package->types_btf_size);
	int r;

	if (!btf)
		return 0;
	r = from_declared(btf, type, ret_schema, err);
	btf__free(btf);
	return r;
}

/* export_types: upstream gives the first type to the last event map. */
static int from_package_types(const struct choice *choice, struct eun_schema **ret_schema,
			      struct eun_error *err)
{
	const struct eun__package_type *type = choice->package->types;
	int r = 0;

	if (choice->package->n_types == 0)
		return 0;
	if (!choice->is_last) {
		eun__notes_add(choice->notes,
			       "several event maps: the package's type '%s' is taken for the last "
			       "one, not for '%s' (choose with --type MAP=STRUCT)",
			       type->name, bpf_map__name(choice->map));
		return 0;
	}
	if (choice->package->types_btf)
		r = from_package_btf(choice, type, ret_schema, err);
	if (r == 0 && choice->btf)
		r = from_declared(choice->btf, type, ret_schema, err);
	if (r == 1 && choice->package->n_types > 1)
		eun__notes_add(choice->notes,
			       "the package exports %zu types: took '%s' for the events of '%s' "
			       "(choose with --type)",
			       choice->package->n_types, type->name, bpf_map__name(choice->map));
	if (r == 0)
		eun__notes_add(choice->notes, "the package's type '%s' is not in its object",
			       type->name);
	return r;
}

/* Generation 0 has no types at all; its loader knew one record. */
static int from_hotupdate(const struct choice *choice, struct eun_schema **ret_schema,
			  struct eun_error *err)
{
	int r;

	if (choice->package->format != EUN_PACKAGE_GEN0 ||
	    !eub_streq(bpf_map__name(choice->map), "rb"))
		return 0;
	r = eun__schema_hotupdate(ret_schema, err);
	return r < 0 ? r : 1;
}

/* What the object's BTF suggests: a global pointer to a struct, or the only struct there is. */
static int from_object_btf(const struct choice *choice, struct eun_schema **ret_schema,
			   struct eun_error *err)
{
	char note[256] = "";
	uint32_t id = 0;
	size_t size;
	const void *image = eun_package_get_object(choice->package, &size);
	int r;

	if (!choice->btf)
		return 0;
	r = eun__event_type_find_in_object(image, size, choice->btf, bpf_map__name(choice->map),
					   &id, note, sizeof(note));
	if (*note)
		eun__notes_add(choice->notes, "%s", note);
	return r <= 0 ? 0 : from_btf_id(choice->btf, id, ret_schema, err);
}

static int from_nothing(const struct choice *choice, struct eun_schema **ret_schema,
			struct eun_error *err)
{
	int r = eun__schema_untyped("", ret_schema, err);

	eun__notes_add(choice->notes,
		       "the type of the events of '%s' is not known: they print as hex (choose one "
		       "with --type)",
		       bpf_map__name(choice->map));
	return r < 0 ? r : 1;
}

static const resolve_fn resolvers[] = {
	from_options,	    from_package_layout, from_export_config, from_map_value,
	from_package_types, from_hotupdate,	 from_object_btf,    from_nothing,
};

static int resolve(const struct choice *choice, struct eun_schema **ret_schema,
		   struct eun_error *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < EUB_ARRAY_SIZE(resolvers); i++)
		r = resolvers[i](choice, ret_schema, err);
	if (r < 0)
		eun_error_prefix(err, "events of map '%s'", bpf_map__name(choice->map));
	return r;
}

static bool is_wanted(const struct choice *choice, const struct bpf_map *map)
{
	struct choice of_map = *choice;
	const struct eun__package_map *declared;

	if (!is_event_map(map))
		return false;
	if (!choice->package->has_multiple_exports)
		return true;
	of_map.map = map;
	declared = find_package_map(&of_map);
	return declared && declared->is_exported;
}

/* Every MAP of --type MAP=STRUCT must be an event map, or the user meant something else. */
static int check_options(const struct choice *choice, struct eun_error *err)
{
	for (size_t i = 0; i < choice->options->n_types; i++) {
		const char *type = choice->options->types[i];
		_cleanup_(eub_freep) char *name = strndup(type, strcspn(type, "="));
		const struct bpf_map *map;

		if (!name)
			return eub_error_no_memory(err);
		if (!strchr(type, '='))
			continue;
		map = bpf_object__find_map_by_name(choice->object, name);
		if (!map || !is_event_map(map))
			return eun_error_set(err, -ENOENT, EUN_REASON_NOT_FOUND,
					     "'%s' is no ring buffer or perf event array of the "
					     "tracker",
					     name);
	}
	return 0;
}

static int add_export(struct eun__exports *exports, const struct choice *choice,
		      struct eun_error *err)
{
	struct eun__export *items;
	struct eun_schema *schema = NULL;
	int r;

	if (exports->n_items == EUN__EXPORTS_MAX)
		return eun_error_set(err, -E2BIG, EUN_REASON_TOO_LARGE,
				     "the tracker has more than %d event maps", EUN__EXPORTS_MAX);
	r = resolve(choice, &schema, err);
	if (r < 0)
		return r;
	items = reallocarray(exports->items, exports->n_items + 1, sizeof(*items));
	if (!items) {
		eun__schema_free(schema);
		return eub_error_no_memory(err);
	}
	exports->items = items;
	items[exports->n_items++] = (struct eun__export){ .map = choice->map, .schema = schema };
	return 0;
}

int eun__exports_choose(const struct bpf_object *object, const struct eun_package *package,
			const struct eun_slot_options *options, struct eun__notes *notes,
			struct eun__exports *ret_exports, struct eun_error *err)
{
	struct choice choice = { .object = object,
				 .btf = bpf_object__btf(object),
				 .package = package,
				 .options = options,
				 .notes = notes };
	struct eun__exports exports = { 0 };
	const struct bpf_map *last = NULL;
	const struct bpf_map *map;
	int r = check_options(&choice, err);

	bpf_object__for_each_map(map, object)
	{
		if (is_wanted(&choice, map))
			last = map;
	}
	bpf_object__for_each_map(map, object)
	{
		if (r < 0 || !is_wanted(&choice, map))
			continue;
		choice.map = map;
		choice.is_last = map == last;
		r = add_export(&exports, &choice, err);
	}
	if (r < 0) {
		eun__exports_done(&exports);
		return r;
	}
	*ret_exports = exports;
	return 0;
}

void eun__exports_done(struct eun__exports *exports)
{
	for (size_t i = 0; i < exports->n_items; i++)
		eun__schema_free(exports->items[i].schema);
	free(exports->items);
	*exports = (struct eun__exports){ 0 };
}
