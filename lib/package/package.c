/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A package from bytes: told apart by content, parsed by its generation's file, its object checked,
 * and completed from the object where the manifest is silent. A struct eun_package owns the object
 * and one chain of memory blocks that holds every string and array in it, so a half-built package
 * is freed like a whole one. After eun_package_parse() nothing in it changes any more.
 */
#include "package/internal.h"

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/str.h"
#include "package/limits.h"

#include <assert.h>

#define FALLBACK_NAME "tracker"

static const char *const format_names[] = {
	[EUN_PACKAGE_GEN0] = "gen0", [EUN_PACKAGE_GEN1] = "gen1",     [EUN_PACKAGE_GEN2] = "gen2",
	[EUN_PACKAGE_GEN3] = "gen3", [EUN_PACKAGE_OBJECT] = "object",
};
static_assert(EUB_ARRAY_SIZE(format_names) == _EUN_PACKAGE_FORMAT_MAX, "one name per format");

/* In the order of asking: what is more particular comes first. */
static const struct eun__generation *const generations[] = {
	&eun__generation_3,
	&eun__generation_0,
	&eun__generation_2,
	&eun__generation_1,
};
static_assert(EUB_ARRAY_SIZE(generations) == EUN_PACKAGE_OBJECT, "one row per generation");

struct eun__package_block {
	struct eun__package_block *next;
	max_align_t memory[];
};

EUB_DEFINE_CLEANUP(struct eun_package *, eun_package_free);

void *eun__package_alloc(struct eun_package *package, size_t n, size_t size)
{
	struct eun__package_block *block;
	size_t bytes;

	if (eub_mul_overflow(n, size, &bytes) || eub_add_overflow(bytes, sizeof(*block), &bytes))
		return NULL;
	block = calloc(1, bytes);
	if (!block)
		return NULL;
	block->next = package->blocks;
	package->blocks = block;
	return block->memory;
}

const char *eun__package_copy(struct eun_package *package, const char *s, size_t n)
{
	char *copy = eun__package_alloc(package, n + 1, 1);

	if (copy)
		memcpy(copy, s, n);
	return copy;
}

struct eun_package *eun_package_free(struct eun_package *package)
{
	if (!package)
		return NULL;
	while (package->blocks) {
		struct eun__package_block *next = package->blocks->next;

		free(package->blocks);
		package->blocks = next;
	}
	free(package->object);
	free(package->types_btf);
	free(package);
	return NULL;
}

static int set_fallback_name(struct eun_package *package, const char *name, struct eun_error *err)
{
	if (package->name[0])
		return 0;
	if (!name || !name[0])
		name = FALLBACK_NAME;
	package->name = eun__package_copy(package, name, strnlen(name, EUN__STRING_MAX));
	return package->name ? 0 : eub_error_no_memory(err);
}

/* Checks the object, then lets @generation (NULL for a plain object) and the object itself speak.
 */
static int finish(struct eun_package *package, const struct eun__generation *generation,
		  const struct eun__json *root, const char *name, struct eun_error *err)
{
	struct eun__object object;
	int r = eun__object_open(&object, package->object, package->object_size, err);

	if (r < 0)
		return r;
	if (generation)
		r = generation->parse(package, root, &object, err);
	if (r == 0)
		r = eun__package_complete(package, &object, err);
	if (r == 0)
		r = set_fallback_name(package, name, err);
	eun__object_close(&object);
	return r;
}

static const struct eun__generation *find_generation(const json_t *root)
{
	for (size_t i = 0; i < EUB_ARRAY_SIZE(generations); i++)
		if (generations[i]->matches(root))
			return generations[i];
	return NULL;
}

static int parse_json(const void *data, size_t size, const char *name, struct eun_package *package,
		      struct eun_error *err)
{
	_cleanup_(json_decrefp) json_t *document = NULL;
	const struct eun__generation *generation;
	struct eun__json root = { 0 };
	int r = eun__json_parse(data, size, &document, err);

	if (r < 0)
		return r;
	root.value = document;
	generation = find_generation(document);
	if (!generation) {
		eun__json_error(&root, -EINVAL, EUN_REASON_BAD_PACKAGE, err,
				"this JSON is no package: it has neither 'bpf_object' nor 'data'");
		eun_error_set_hint(err, "eunomiactl build FILE.bpf.c writes a package");
		return -EINVAL;
	}
	package->format = generation->format;
	r = generation->unpack(package, &root, err);
	return r < 0 ? r : finish(package, generation, &root, name, err);
}

static int parse_object(const void *data, size_t size, const char *name,
			struct eun_package *package, struct eun_error *err)
{
	if (size > EUN__OBJECT_SIZE_MAX)
		return eun_error_set(err, -E2BIG, EUN_REASON_TOO_LARGE,
				     "an object of %zu bytes is over the limit of %d", size,
				     EUN__OBJECT_SIZE_MAX);
	assert(size > 0); /* it has the magic */
	package->format = EUN_PACKAGE_OBJECT;
	package->object = malloc(size);
	if (!package->object)
		return eub_error_no_memory(err);
	memcpy(package->object, data, size);
	package->object_size = size;
	return finish(package, NULL, NULL, name, err);
}

int eun_package_parse(const void *data, size_t size, const char *name,
		      struct eun_package **ret_package, struct eun_error *err)
{
	_cleanup_(eun_package_freep) struct eun_package *package = NULL;
	int r;

	if ((!data && size > 0) || !ret_package)
		return eun_error_set(err, -EINVAL, EUN_REASON_INVALID_ARGUMENT,
				     "eun_package_parse() needs data and a place for the result");
	if (size > EUN__PACKAGE_SIZE_MAX)
		return eun_error_set(err, -E2BIG, EUN_REASON_TOO_LARGE,
				     "a package of %zu bytes is over the limit of %d", size,
				     EUN__PACKAGE_SIZE_MAX);
	package = calloc(1, sizeof(*package));
	if (!package)
		return eub_error_no_memory(err);
	package->name = "";
	package->version = "";
	package->description = "";
	switch (eun__sniff(data, size, err)) {
	case EUN__CONTENT_JSON:
		r = parse_json(data, size, name, package, err);
		break;
	case EUN__CONTENT_ELF:
		r = parse_object(data, size, name, package, err);
		break;
	case EUN__CONTENT_REFUSED:
	default:
		return -EINVAL;
	}
	if (r < 0)
		return r;
	*ret_package = EUB_TAKE_PTR(package);
	return 0;
}

/* The file name up to its first dot, as ecc names things: "open.bpf.o" is "open". */
static char *stem_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *base = slash ? slash + 1 : path;

	return strndup(base, strcspn(base, "."));
}

static int read_failed(const char *path, int code, struct eun_error *err)
{
	enum eun_reason reason = EUN_REASON_IO;

	if (code == -EFBIG)
		return eun_error_set(err, -E2BIG, EUN_REASON_TOO_LARGE,
				     "'%.200s' is over the limit of %d bytes", path,
				     EUN__PACKAGE_SIZE_MAX);
	if (code == -ENOMEM)
		return eub_error_no_memory(err);
	if (code == -ENOENT)
		reason = EUN_REASON_NOT_FOUND;
	else if (code == -EACCES)
		reason = EUN_REASON_PERMISSION;
	eun_error_set(err, code, reason, "cannot read '%.200s': %s", path, strerror(-code));
	eun_error_set_subject(err, path);
	return code;
}

int eun_package_read(const char *path, struct eun_package **ret_package, struct eun_error *err)
{
	_cleanup_(eub_freep) char *name = NULL;
	struct eub_buf buf = EUB_BUF_INIT;
	bool is_stdin;
	int r;

	if (!path || !ret_package)
		return eun_error_set(err, -EINVAL, EUN_REASON_INVALID_ARGUMENT,
				     "eun_package_read() needs a path and a place for the result");
	is_stdin = eub_streq(path, "-");
	r = is_stdin ? eub_read_fd(STDIN_FILENO, EUN__PACKAGE_SIZE_MAX, &buf)
		     : eub_read_file(path, EUN__PACKAGE_SIZE_MAX, &buf);
	if (r == 0 && !is_stdin) {
		name = stem_of(path);
		r = name ? 0 : -ENOMEM;
	}
	if (r < 0)
		r = read_failed(is_stdin ? "standard input" : path, r, err);
	else
		r = eun_package_parse(buf.data, buf.len, name, ret_package, err);
	eub_buf_done(&buf);
	return r;
}

enum eun_package_format eun_package_get_format(const struct eun_package *package)
{
	return package->format;
}

const char *eun_package_format_to_string(enum eun_package_format format)
{
	if ((unsigned int)format >= _EUN_PACKAGE_FORMAT_MAX)
		return "unknown";
	return format_names[format];
}

const char *eun_package_get_name(const struct eun_package *package)
{
	return package->name;
}

const char *eun_package_get_version(const struct eun_package *package)
{
	return package->version;
}

const char *eun_package_get_description(const struct eun_package *package)
{
	return package->description;
}

const void *eun_package_get_object(const struct eun_package *package, size_t *ret_size)
{
	*ret_size = package->object_size;
	return package->object;
}

const struct eun_package_variable *eun_package_get_variable(const struct eun_package *package,
							    size_t i)
{
	return i < package->n_variables ? &package->variables[i] : NULL;
}

const struct eun_package_program *eun_package_get_program(const struct eun_package *package,
							  size_t i)
{
	return i < package->n_programs ? &package->programs[i] : NULL;
}

const struct eun_package_map *eun_package_get_map(const struct eun_package *package, size_t i)
{
	return i < package->n_maps ? &package->maps[i].pub : NULL;
}

/* Generations 1 and 2 declare the type of each map, generation 3 a list. */
static const struct eun__package_type *find_event_type(const struct eun_package *package, size_t i)
{
	if (i < package->n_types)
		return &package->types[i];
	i -= package->n_types;
	for (size_t m = 0; m < package->n_maps; m++)
		if (package->maps[m].layout && i-- == 0)
			return package->maps[m].layout;
	return NULL;
}

bool eun_package_get_event_type(const struct eun_package *package, size_t i,
				struct eun_package_event_type *ret_type)
{
	const struct eun__package_type *type = find_event_type(package, i);

	if (!type)
		return false;
	*ret_type = (struct eun_package_event_type){
		.name = type->name,
		.size = type->size_bytes,
	};
	return true;
}
