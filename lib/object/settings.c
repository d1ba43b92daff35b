/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finds a variable through the object's BTF (DATASEC entries, whose offsets libbpf has fixed up at
 * open) and writes its value into the map's initial contents. The value is parsed by the variable's
 * own type, so that "--set" needs no help from the package.
 */
#include "object/settings.h"

#include "base/near.h"
#include "base/str.h"

#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>

#define PACKAGE_NAME_HIDDEN "__eunomia_dummy"

/* A variable in the initial contents of its map. */
struct place {
	const struct btf *btf;
	const struct btf_type *type; /* modifiers and typedefs removed */
	char *memory;
	size_t size;
};

static const struct btf_type *skip_modifiers(const struct btf *btf, uint32_t id)
{
	const struct btf_type *type = btf__type_by_id(btf, id);

	for (int depth = 0; type && depth < 32; depth++) {
		if (!btf_is_mod(type) && !btf_is_typedef(type))
			return type;
		type = btf__type_by_id(btf, type->type);
	}
	return NULL;
}

/* The contents of the map that holds the data section @name: ".rodata" is the map "x.rodata", where
 * x is what there is room for of the tracker's name, which may hold dots too. */
static char *section_memory(struct bpf_object *object, const char *name, size_t *ret_size)
{
	struct bpf_map *map;

	bpf_object__for_each_map(map, object)
	{
		if (bpf_map__is_internal(map) && eub_has_suffix(bpf_map__name(map), name)) {
			const void *memory = bpf_map__initial_value(map, ret_size);

			/* libbpf means it to be written before the load. */
			return (char *)(uintptr_t)memory;
		}
	}
	return NULL;
}

static bool find_in_section(struct bpf_object *object, const struct btf_type *section,
			    const char *name, struct place *ret_place)
{
	const struct btf *btf = bpf_object__btf(object);
	const struct btf_var_secinfo *info = btf_var_secinfos(section);
	size_t memory_size = 0;

	for (int i = 0; i < btf_vlen(section); i++) {
		const struct btf_type *var = btf__type_by_id(btf, info[i].type);
		char *memory;

		if (!var || !btf_is_var(var) ||
		    !eub_streq(btf__name_by_offset(btf, var->name_off), name))
			continue;
		memory = section_memory(object, btf__name_by_offset(btf, section->name_off),
					&memory_size);
		ret_place->btf = btf;
		ret_place->type = skip_modifiers(btf, var->type);
		ret_place->size = info[i].size;
		if (!memory || !ret_place->type || info[i].offset > memory_size ||
		    info[i].size > memory_size - info[i].offset)
			return false;
		ret_place->memory = memory + info[i].offset;
		return true;
	}
	return false;
}

static bool find_variable(struct bpf_object *object, const char *name, struct place *ret_place)
{
	const struct btf *btf = bpf_object__btf(object);
	uint32_t n_types = btf ? btf__type_cnt(btf) : 0;

	for (uint32_t id = 1; id < n_types; id++) {
		const struct btf_type *type = btf__type_by_id(btf, id);

		if (btf_is_datasec(type) && find_in_section(object, type, name, ret_place))
			return true;
	}
	return false;
}

static int bad_value(struct eun_error *err, const char *name, const char *value, const char *wanted)
{
	eun_error_set_subject(err, name);
	return eun_error_set(err, -EINVAL, EUN_REASON_INVALID_ARGUMENT,
			     "variable '%s' cannot be set to '%s': %s", name, value, wanted);
}

static int write_bool(const struct place *place, const char *value)
{
	static const char *const words[][2] = {
		{ "false", "true" }, { "0", "1" }, { "no", "yes" }, { "off", "on" }
	};

	for (size_t i = 0; i < EUB_ARRAY_SIZE(words); i++)
		for (int truth = 0; truth < 2; truth++)
			if (eub_streq(value, words[i][truth])) {
				memset(place->memory, 0, place->size);
				place->memory[0] = (char)truth;
				return 0;
			}
	return -EINVAL;
}

/* Little-endian, as every object that passes the package's checks. */
static int write_integer(const struct place *place, const char *value, bool is_signed)
{
	unsigned int bits = (unsigned int)(place->size * 8);
	uint64_t unsigned_value;
	int64_t signed_value;
	int r;

	if (place->size == 0 || place->size > 8)
		return -EINVAL;
	if (*value == '-' || is_signed) {
		int64_t limit = bits == 64 ? INT64_MAX : (INT64_C(1) << (bits - 1)) - 1;

		r = eub_parse_i64(value, &signed_value);
		if (r < 0)
			return r;
		if (!is_signed || signed_value > limit || signed_value < -limit - 1)
			return -ERANGE;
		unsigned_value = (uint64_t)signed_value;
	} else {
		r = eub_parse_u64(value, &unsigned_value);
		if (r < 0)
			return r;
		if (bits < 64 && unsigned_value >> bits)
			return -ERANGE;
	}
	memcpy(place->memory, &unsigned_value, place->size);
	return 0;
}

static int write_enum(const struct place *place, const char *value)
{
	const struct btf_enum *entry = btf_enum(place->type);

	if (btf_is_enum(place->type))
		for (int i = 0; i < btf_vlen(place->type); i++)
			if (eub_streq(btf__name_by_offset(place->btf, entry[i].name_off), value)) {
				memcpy(place->memory, &entry[i].val,
				       EUB_MIN(place->size, sizeof(entry[i].val)));
				return 0;
			}
	return write_integer(place, value, btf_kflag(place->type));
}

static int write_float(const struct place *place, const char *value)
{
	char *end;
	double number = strtod(value, &end);
	float narrow = (float)number;

	if (end == value || *end)
		return -EINVAL;
	if (place->size == sizeof(number))
		memcpy(place->memory, &number, sizeof(number));
	else if (place->size == sizeof(narrow))
		memcpy(place->memory, &narrow, sizeof(narrow));
	else
		return -EINVAL;
	return 0;
}

static int write_string(const struct place *place, const char *value)
{
	const struct btf_array *array = btf_array(place->type);
	const struct btf_type *element = skip_modifiers(place->btf, array->type);

	if (!element || !btf_is_int(element) || element->size != 1)
		return -EINVAL;
	if (strlen(value) >= place->size)
		return -ERANGE;
	memset(place->memory, 0, place->size);
	memcpy(place->memory, value, strlen(value));
	return 0;
}

static int write_value(const struct place *place, const char *value)
{
	const struct btf_type *type = place->type;

	switch (btf_kind(type)) {
	case BTF_KIND_INT:
		if (btf_int_encoding(type) & BTF_INT_BOOL)
			return write_bool(place, value);
		return write_integer(place, value, btf_int_encoding(type) & BTF_INT_SIGNED);
	case BTF_KIND_ENUM:
	case BTF_KIND_ENUM64:
		return write_enum(place, value);
	case BTF_KIND_FLOAT:
		return write_float(place, value);
	case BTF_KIND_ARRAY:
		return write_string(place, value);
	default:
		return -EOPNOTSUPP;
	}
}

static int set_variable(struct bpf_object *object, const char *name, const char *value,
			struct eun_error *err)
{
	struct place place = { 0 };
	int r;

	if (!find_variable(object, name, &place))
		return eun_error_set(err, -ENOENT, EUN_REASON_NOT_FOUND,
				     "the tracker has no variable '%s'", name);
	r = write_value(&place, value);
	if (r == -ERANGE)
		return bad_value(err, name, value, "it does not fit the variable's type");
	if (r == -EOPNOTSUPP)
		return bad_value(err, name, value, "variables of its type cannot be set");
	if (r < 0)
		return bad_value(err, name, value, "it is no value of the variable's type");
	return 0;
}

static const struct eun_package_variable *find_by_name(const struct eun_package *package,
						       const char *name)
{
	const struct eun_package_variable *variable;

	for (size_t i = 0; (variable = eun_package_get_variable(package, i)); i++)
		if (eub_streq(variable->name, name) || eub_streq(variable->long_option, name))
			return variable;
	return NULL;
}

static int no_such_variable(const struct eun_package *package, const char *name,
			    struct eun_error *err)
{
	struct eub_near near = EUB_NEAR_INIT(name);
	const struct eun_package_variable *variable;

	for (size_t i = 0; (variable = eun_package_get_variable(package, i)); i++)
		eub_near_offer(&near, variable->name);
	eun_error_set_subject(err, name);
	(void)eun_error_set(err, -ENOENT, EUN_REASON_NOT_FOUND, "the tracker has no variable '%s'",
			    name);
	eun_error_set_hint(err, "eunomiactl inspect lists the variables of a package");
	eub_near_hint(&near, err);
	return -ENOENT;
}

static int apply_setting(struct bpf_object *object, const struct eun_package *package,
			 const char *name, const char *value, struct eun_error *err)
{
	const struct eun_package_variable *variable = find_by_name(package, name);
	struct place place;

	if (variable)
		return set_variable(object, variable->name, value, err);
	if (eub_has_prefix(name, PACKAGE_NAME_HIDDEN) || !find_variable(object, name, &place))
		return no_such_variable(package, name, err);
	return set_variable(object, name, value, err);
}

/* Only generation 3 declares defaults apart from the object's own initial values. */
static int apply_defaults(struct bpf_object *object, const struct eun_package *package,
			  struct eun_error *err)
{
	const struct eun_package_variable *variable;

	if (eun_package_get_format(package) != EUN_PACKAGE_GEN3)
		return 0;
	for (size_t i = 0; (variable = eun_package_get_variable(package, i)); i++) {
		int r;

		if (!*variable->default_value)
			continue;
		r = set_variable(object, variable->name, variable->default_value, err);
		if (r < 0) {
			eun_error_prefix(err, "default of the package");
			if (err)
				err->reason = EUN_REASON_BAD_PACKAGE; /* not the caller's doing */
			return r;
		}
	}
	return 0;
}

/* One argument: its option name, and its value where it is written as --name=value. */
struct argument {
	const struct eun_package_variable *variable;
	const char *value; /* NULL: not given with it */
	bool is_negated;   /* --disable-NAME */
};

static bool is_bool(const struct eun_package_variable *variable)
{
	return eub_streq(variable->type, "bool") || eub_streq(variable->type, "_Bool") ||
	       eub_has_suffix(variable->type, " bool");
}

static bool match_long(const struct eun_package_variable *variable, const char *text, size_t n,
		       struct argument *ret)
{
	static const char *const prefixes[] = { "", "enable-", "disable-" };

	for (size_t i = 0; i < EUB_ARRAY_SIZE(prefixes); i++) {
		size_t skip = strlen(prefixes[i]);
		const char *option =
		    *variable->long_option ? variable->long_option : variable->name;

		if (i > 0 && !is_bool(variable))
			break;
		if (n < skip || strncmp(text, prefixes[i], skip) != 0 ||
		    strlen(option) != n - skip || strncmp(text + skip, option, n - skip) != 0)
			continue;
		ret->variable = variable;
		ret->is_negated = i == 2;
		return true;
	}
	return false;
}

static bool parse_argument(const struct eun_package *package, const char *arg, struct argument *ret)
{
	const struct eun_package_variable *variable;
	const char *equals = strchr(arg, '=');

	*ret = (struct argument){ 0 };
	for (size_t i = 0; (variable = eun_package_get_variable(package, i)); i++) {
		if (eub_has_prefix(arg, "--")) {
			size_t n = equals ? (size_t)(equals - arg) : strlen(arg);

			if (match_long(variable, arg + 2, n - 2, ret)) {
				ret->value = equals ? equals + 1 : NULL;
				return true;
			}
		} else if (arg[0] == '-' && *variable->short_option &&
			   arg[1] == variable->short_option[0]) {
			ret->variable = variable;
			ret->value = arg[2] ? arg + 2 : NULL;
			return true;
		}
	}
	return false;
}

static int apply_arguments(struct bpf_object *object, const struct eun_package *package,
			   const struct eun_slot_options *options, struct eun_error *err)
{
	for (size_t i = 0; i < options->n_args; i++) {
		struct argument argument;
		int r;

		if (!parse_argument(package, options->args[i], &argument)) {
			eun_error_set_hint(err,
					   "eunomiactl inspect lists the options of a package");
			return eun_error_set(err, -EINVAL, EUN_REASON_INVALID_ARGUMENT,
					     "the tracker has no option '%s'", options->args[i]);
		}
		if (is_bool(argument.variable) && !argument.value)
			argument.value = argument.is_negated ? "false" : "true";
		if (!argument.value && i + 1 < options->n_args)
			argument.value = options->args[++i];
		if (!argument.value)
			return eun_error_set(err, -EINVAL, EUN_REASON_INVALID_ARGUMENT,
					     "the tracker's option '%s' needs a value",
					     options->args[i]);
		r = set_variable(object, argument.variable->name, argument.value, err);
		if (r < 0)
			return r;
	}
	return 0;
}

int eun__settings_apply(struct bpf_object *object, const struct eun_package *package,
			const struct eun_slot_options *options, struct eun_error *err)
{
	int r = apply_defaults(object, package, err);

	for (size_t i = 0; r == 0 && i < options->n_settings; i++)
		r = apply_setting(object, package, options->settings[i].key,
				  options->settings[i].value, err);
	return r < 0 ? r : apply_arguments(object, package, options, err);
}
