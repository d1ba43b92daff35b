/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A spec is the border at which what a client, an administrator or the disk says becomes strings of
 * our own: lists are bounded in number and in bytes here, whichever way they came.
 *
 * Its lists are plain string arrays, so that they can be stored and compared alike; the engine
 * wants settings as pairs, for which a view is made at the time of the call.
 */
#include "spec.h"

#include "agent_limits.h"

#include "base/error.h"
#include "base/fd.h"
#include "base/macro.h"
#include "base/str.h"

#include <eunomia/package.h>
#include <eunomia/slot.h>

#include <assert.h>
#include <errno.h>
#include <string.h>

/* FNV-1a, 64 bits (RFC 9923). */
#define FNV_OFFSET UINT64_C(0xcbf29ce484222325)
#define FNV_PRIME  UINT64_C(0x00000100000001b3)

#define N_LISTS 5

/* The lists in the order in which they are compared and hashed. */
static void get_lists(const struct spec *spec, const struct spec_list *ret_lists[static N_LISTS])
{
	ret_lists[0] = &spec->keys;
	ret_lists[1] = &spec->values;
	ret_lists[2] = &spec->args;
	ret_lists[3] = &spec->types;
	ret_lists[4] = &spec->attach;
}

static void list_done(struct spec_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		free(list->items[i]);
	free(list->items);
}

void spec_done(struct spec *spec)
{
	eub_buf_done(&spec->package);
	free(spec->package_path);
	free(spec->package_name);
	list_done(&spec->keys);
	list_done(&spec->values);
	list_done(&spec->args);
	list_done(&spec->types);
	list_done(&spec->attach);
	*spec = SPEC_INIT;
}

static int append(struct spec *spec, struct spec_list *list, const char *text)
{
	char **grown = reallocarray(list->items, list->n + 1, sizeof(list->items[0]));

	if (!grown)
		return -ENOMEM;
	list->items = grown;
	list->items[list->n] = strdup(text);
	if (!list->items[list->n])
		return -ENOMEM;
	list->n++;
	spec->text_bytes += strlen(text) + 1;
	return 0;
}

int spec_add(struct spec *spec, struct spec_list *list, const char *text, struct eun_error *err)
{
	if (list->n >= LIMIT_START_LIST)
		return eun_error_set(err, -E2BIG, EUN_REASON_TOO_LARGE,
				     "more than %d settings, arguments, types or attach points",
				     LIMIT_START_LIST);
	if (strlen(text) >= LIMIT_START_TEXT_BYTES - spec->text_bytes)
		return eun_error_set(err, -E2BIG, EUN_REASON_TOO_LARGE,
				     "settings, arguments, types and attach points are longer than "
				     "%u bytes together",
				     LIMIT_START_TEXT_BYTES);
	return append(spec, list, text) < 0 ? eub_error_no_memory(err) : 0;
}

/* A new value is appended first and then takes the old one's place, so that limits hold. */
static int replace_value(struct spec *spec, size_t i, const char *value, struct eun_error *err)
{
	struct spec_list *values = &spec->values;
	size_t before;
	char *copy;

	assert(i < values->n && values->items); /* as many values as keys */
	before = strlen(values->items[i]) + 1;
	spec->text_bytes -= before;
	if (strlen(value) >= LIMIT_START_TEXT_BYTES - spec->text_bytes) {
		spec->text_bytes += before;
		return eun_error_set(err, -E2BIG, EUN_REASON_TOO_LARGE,
				     "the settings are longer than %u bytes together",
				     LIMIT_START_TEXT_BYTES);
	}
	copy = strdup(value);
	if (!copy) {
		spec->text_bytes += before;
		return eub_error_no_memory(err);
	}
	free(values->items[i]);
	values->items[i] = copy;
	spec->text_bytes += strlen(value) + 1;
	return 0;
}

int spec_set(struct spec *spec, const char *key, const char *value, struct eun_error *err)
{
	int r;

	for (size_t i = 0; i < spec->keys.n; i++)
		if (eub_streq(spec->keys.items[i], key))
			return replace_value(spec, i, value, err);
	r = spec_add(spec, &spec->keys, key, err);
	if (r < 0)
		return r;
	r = spec_add(spec, &spec->values, value, err);
	if (r < 0) { /* as many keys as values */
		assert(spec->keys.items);
		spec->keys.n--;
		spec->text_bytes -= strlen(key) + 1;
		free(spec->keys.items[spec->keys.n]);
	}
	return r;
}

int spec_set_text(struct spec *spec, const char *text, struct eun_error *err)
{
	const char *equals = strchr(text, '=');
	_cleanup_(eub_freep) char *key = NULL;

	if (!equals || equals == text)
		return eun_error_set(err, -EINVAL, EUN_REASON_INVALID_ARGUMENT,
				     "'%.64s' is no setting: NAME=VALUE", text);
	key = strndup(text, (size_t)(equals - text));
	if (!key)
		return eub_error_no_memory(err);
	return spec_set(spec, key, equals + 1, err);
}

static int copy_list(struct spec *spec, struct spec_list *to, const struct spec_list *from)
{
	for (size_t i = 0; i < from->n; i++)
		if (append(spec, to, from->items[i]) < 0)
			return -ENOMEM;
	return 0;
}

int spec_copy_options(struct spec *spec, const struct spec *from)
{
	spec->ring_bytes = from->ring_bytes;
	if (from->package_name) {
		spec->package_name = strdup(from->package_name);
		if (!spec->package_name)
			return -ENOMEM;
	}
	if (copy_list(spec, &spec->keys, &from->keys) < 0 ||
	    copy_list(spec, &spec->values, &from->values) < 0 ||
	    copy_list(spec, &spec->args, &from->args) < 0 ||
	    copy_list(spec, &spec->types, &from->types) < 0 ||
	    copy_list(spec, &spec->attach, &from->attach) < 0)
		return -ENOMEM;
	return 0;
}

/* All but package and settings: the lists that @spec has, else those of @base. */
static int choose_lists(struct spec *to, const struct spec *spec, const struct spec *base)
{
	int r = copy_list(to, &to->args, spec->args.n > 0 ? &spec->args : &base->args);

	if (r == 0)
		r = copy_list(to, &to->types, spec->types.n > 0 ? &spec->types : &base->types);
	if (r == 0)
		r = copy_list(to, &to->attach, spec->attach.n > 0 ? &spec->attach : &base->attach);
	return r;
}

static int add_settings(struct spec *to, const struct spec *from, struct eun_error *err)
{
	int r = 0;

	for (size_t i = 0; i < from->keys.n && r == 0; i++)
		r = spec_set(to, from->keys.items[i], from->values.items[i], err);
	return r;
}

int spec_complete(struct spec *spec, const struct spec *base, struct eun_error *err)
{
	const char *name = spec->package_name ? spec->package_name : base->package_name;
	struct spec whole = SPEC_INIT;
	int r = choose_lists(&whole, spec, base);

	if (r < 0)
		(void)eub_error_no_memory(err);
	if (r == 0)
		r = add_settings(&whole, base, err);
	if (r == 0)
		r = add_settings(&whole, spec, err);
	whole.ring_bytes = spec->ring_bytes ? spec->ring_bytes : base->ring_bytes;
	whole.package_name = r == 0 && name ? strdup(name) : NULL;
	if (r == 0 && name && !whole.package_name)
		r = eub_error_no_memory(err);
	if (r < 0) {
		spec_done(&whole);
		return r;
	}
	whole.package = spec->package; /* moved */
	spec->package = EUB_BUF_INIT;
	whole.package_path = EUB_TAKE_PTR(spec->package_path);
	spec_done(spec);
	*spec = whole;
	return 0;
}

static bool is_same_list(const struct spec_list *a, const struct spec_list *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (!eub_streq(a->items[i], b->items[i]))
			return false;
	return true;
}

bool spec_is_equal(const struct spec *a, const struct spec *b)
{
	const struct spec_list *lists_a[N_LISTS], *lists_b[N_LISTS];

	get_lists(a, lists_a);
	get_lists(b, lists_b);
	for (size_t i = 0; i < N_LISTS; i++)
		if (!is_same_list(lists_a[i], lists_b[i]))
			return false;
	return a->ring_bytes == b->ring_bytes && a->package.len == b->package.len &&
	       (a->package.len == 0 ||
		memcmp(a->package.data, b->package.data, a->package.len) == 0);
}

static uint64_t mix(uint64_t hash, const void *data, size_t n)
{
	const unsigned char *bytes = data;

	for (size_t i = 0; i < n; i++)
		hash = (hash ^ bytes[i]) * FNV_PRIME;
	return hash;
}

/* Numbers little-endian, so that a stored fingerprint is the same on every machine. */
static uint64_t mix_number(uint64_t hash, uint64_t number)
{
	unsigned char bytes[8];

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (unsigned char)(number >> 8 * i);
	return mix(hash, bytes, sizeof(bytes));
}

uint64_t spec_fingerprint(const struct spec *spec)
{
	const struct spec_list *lists[N_LISTS];
	uint64_t hash = mix_number(FNV_OFFSET, spec->ring_bytes);

	get_lists(spec, lists);
	for (size_t i = 0; i < N_LISTS; i++) {
		hash = mix_number(hash, lists[i]->n);
		for (size_t j = 0; j < lists[i]->n; j++)
			hash = mix(hash, lists[i]->items[j], strlen(lists[i]->items[j]) + 1);
	}
	return mix(hash, spec->package.data, spec->package.len);
}

int spec_read_package(struct spec *spec, struct eun_error *err)
{
	_cleanup_(eub_freep) char *path = EUB_TAKE_PTR(spec->package_path);
	int r;

	if (!path)
		return 0;
	r = eub_read_file(path, LIMIT_TRACKER_FILE_BYTES, &spec->package);
	if (r < 0)
		return eun_error_set(err, r, EUN_REASON_IO, "cannot read '%s': %s", path,
				     strerror(-r));
	return 0;
}

int spec_parse_package(struct spec *spec, struct eun_package **ret_package, struct eun_error *err)
{
	int r = spec_read_package(spec, err);

	if (r < 0)
		return r;
	return eun_package_parse(spec->package.data, spec->package.len, spec->package_name,
				 ret_package, err);
}

struct spec_view {
	struct eun_slot_options options;
	struct eun_setting settings[]; /* options.n_settings */
};

int spec_view_new(const struct spec *spec, const char *name, const char *pin_dir,
		  struct spec_view **ret_view)
{
	struct spec_view *view = malloc(sizeof(*view) + spec->keys.n * sizeof(view->settings[0]));

	if (!view)
		return -ENOMEM;
	for (size_t i = 0; i < spec->keys.n; i++)
		view->settings[i] = (struct eun_setting){ .key = spec->keys.items[i],
							  .value = spec->values.items[i] };
	view->options = (struct eun_slot_options){
		.size = sizeof(view->options),
		.name = name,
		.settings = view->settings,
		.n_settings = spec->keys.n,
		.args = (const char *const *)spec->args.items,
		.n_args = spec->args.n,
		.types = (const char *const *)spec->types.items,
		.n_types = spec->types.n,
		.ring_bytes = spec->ring_bytes,
		.attach = (const char *const *)spec->attach.items,
		.n_attach = spec->attach.n,
		.pin_dir = pin_dir,
	};
	*ret_view = view;
	return 0;
}

struct spec_view *spec_view_free(struct spec_view *view)
{
	free(view);
	return NULL;
}

const struct eun_slot_options *spec_view_get(const struct spec_view *view)
{
	return &view->options;
}
