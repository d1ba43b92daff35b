/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opening has two steps, because the kernel types that an object needs are known only from the
 * object: libbpf parses the ELF once to tell what the relocations ask (our own reader of .BTF.ext),
 * then opens it with a reduced BTF as its "custom" kernel BTF. Objects without CO-RE relocations
 * skip that; those that need more than the by-value closure use the whole BTF, as libbpf does
 * alone.
 */
#include "object/object.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "base/str.h"
#include "object/attach_kind.h"
#include "object/attach_point.h"
#include "object/libbpf_log.h"
#include "object/limits.h"
#include "object/pins.h"
#include "object/privilege.h"
#include "object/refusal.h"
#include "object/settings.h"
#include "object/target.h"
#include "package/elf.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>

struct eun__object {
	struct bpf_object *bpf;
	bool has_counter;
	int types_fd;	    /* libbpf reads the kernel's types when it loads; -EBADF: of its own */
	char *verifier_log; /* from opening to loading only */
	int *adopted_fds;   /* by the programs' order; -EBADF: was not loaded. NULL: not adopted */
	size_t n_adopted;
};

/* The contents of section @name; NULL if the object has none. */
static const void *find_section(const struct eun__elf *elf, const char *name, size_t *ret_size)
{
	struct eun__elf_section section;

	if (!eun__elf_find_section(elf, name, &section))
		return NULL;
	*ret_size = section.header.sh_size;
	return section.data;
}

/*
 * A descriptor of the kernel types for this object; -EBADF where the whole BTF is to be used or
 * none is needed.
 */
static int open_kernel_types(const struct eun_package *package, struct eun__kernel_btf *kernel,
			     int *ret_fd, struct eun_error *err)
{
	size_t size;
	const void *image = eun_package_get_object(package, &size);
	size_t types_size = 0;
	size_t ext_size = 0;
	struct eun__core_roots roots = { 0 };
	struct eun__elf elf;
	const void *types;
	const void *ext;
	struct btf *btf;
	int r = eun__elf_init(&elf, image, size, err);

	if (r < 0)
		return r;
	types = find_section(&elf, BTF_ELF_SEC, &types_size);
	ext = find_section(&elf, BTF_EXT_ELF_SEC, &ext_size);
	if (!types || !ext)
		return 0;
	btf = btf__new(types, (uint32_t)types_size);
	if (!btf)
		return eun_error_set(err, -EINVAL, EUN_REASON_BAD_PACKAGE,
				     "section .BTF of the object is damaged");
	r = eun__core_roots_read(btf, ext, ext_size, &roots, err);
	btf__free(btf);
	if (r == 0 && roots.n_items > 0 && !roots.needs_everything) {
		r = eun__kernel_btf_reduce(kernel, &roots, ret_fd, err);
		if (r == -E2BIG) {
			eun_error_done(err);
			r = 0;
		}
	}
	eun__core_roots_done(&roots);
	return r;
}

/* An object that cannot be made to count is loaded as it is: it only tells less. */
static int open_object(struct eun__object *object, const struct eun_package *package,
		       const struct eun__ring_counter *counter, const char *btf_path,
		       struct eun_error *err)
{
	_cleanup_(eub_buf_done) struct eub_buf counted = EUB_BUF_INIT;
	LIBBPF_OPTS(bpf_object_open_opts, options, .object_name = eun_package_get_name(package),
		    .btf_custom_path = btf_path);
	size_t size;
	const void *image = eun_package_get_object(package, &size);
	struct bpf_program *program;
	int r;

	object->has_counter =
	    counter && eun__ring_count_add(image, size, counter, &counted, NULL) > 0;
	if (object->has_counter) {
		image = counted.data;
		size = counted.len;
	}
	eun__libbpf_log_reset();
	object->bpf = bpf_object__open_mem(image, size, &options);
	if (!object->bpf) {
		r = -errno;
		return eun_error_set(err, r, EUN_REASON_BAD_PACKAGE,
				     "libbpf cannot open the object: %s; %s", strerror(-r),
				     eun__libbpf_log_first());
	}
	bpf_object__for_each_program(program, object->bpf) eun__attach_kind_complete(program);
	return 0;
}

/*
 * Event maps have sizes of their own in the kernel: none for a ring buffer, descriptors for a perf
 * event array. Trackers name the struct of their records as the map's value all the same, which is
 * where its type is found.
 */
static void fix_value_sizes(struct eun__object *object)
{
	struct bpf_map *map;

	bpf_object__for_each_map(map, object->bpf)
	{
		bool is_ring = bpf_map__type(map) == BPF_MAP_TYPE_RINGBUF;
		uint32_t size = is_ring ? 0 : sizeof(uint32_t);

		if (!is_ring && bpf_map__type(map) != BPF_MAP_TYPE_PERF_EVENT_ARRAY)
			continue;
		/* Not loaded yet: cannot fail. */
		(void)bpf_map__set_key_size(map, size);
		(void)bpf_map__set_value_size(map, size);
	}
}

static int set_ring_sizes(struct eun__object *object, const struct eun_slot_options *options,
			  struct eun_error *err)
{
	uint32_t bytes = options->ring_bytes;
	struct bpf_map *map;

	if (bytes > 0 && ((bytes & (bytes - 1)) != 0 || bytes < 4096))
		return eun_error_set(err, -EINVAL, EUN_REASON_INVALID_ARGUMENT,
				     "ring size %u is not a power of two of at least 4096", bytes);
	bpf_object__for_each_map(map, object->bpf)
	{
		if (bpf_map__type(map) != BPF_MAP_TYPE_RINGBUF)
			continue;
		if (bytes > 0)
			(void)bpf_map__set_max_entries(map, bytes); /* not loaded: cannot fail */
		if (options->max_ring_bytes > 0 &&
		    bpf_map__max_entries(map) > options->max_ring_bytes)
			return eun_error_set(err, -E2BIG, EUN_REASON_TOO_LARGE,
					     "ring buffer '%s' has %u bytes, the limit is %u",
					     bpf_map__name(map), bpf_map__max_entries(map),
					     options->max_ring_bytes);
	}
	return 0;
}

/* Chooses the optional programs and gives every program the buffer for the verifier's words. */
static int prepare_programs(struct eun__object *object, struct eun__kernel_btf *kernel,
			    struct eun_error *err)
{
	struct bpf_program *program;
	size_t n = 0;

	bpf_object__for_each_program(program, object->bpf)
	{
		const struct eun__attach_kind *kind =
		    eun__attach_kind_find(bpf_program__section_name(program));

		if (++n > EUN__PROGRAMS_MAX)
			return eun_error_set(err, -E2BIG, EUN_REASON_TOO_LARGE,
					     "the object has more than %d programs",
					     EUN__PROGRAMS_MAX);
		if (!bpf_program__autoload(program) && kind &&
		    eun__attach_point_check(kind, bpf_program__section_name(program), kernel,
					    NULL) == 0)
			(void)bpf_program__set_autoload(program,
							true); /* not loaded: cannot fail */
		(void)bpf_program__set_log_buf(program, object->verifier_log,
					       EUN__VERIFIER_LOG_BYTES);
	}
	if (n == 0)
		return eun_error_set(err, -EINVAL, EUN_REASON_BAD_PACKAGE,
				     "the object has no BPF programs");
	return 0;
}

/* The last line of the log that is the verifier's complaint and not its statistics. */
static void copy_complaint(const char *log, char *line, size_t size)
{
	const char *end = log + strlen(log);

	line[0] = '\0';
	while (end > log) {
		const char *start = end;

		while (start > log && start[-1] != '\n')
			start--;
		if (end > start && !eub_has_prefix(start, "processed ") &&
		    !eub_has_prefix(start, "verification time") &&
		    !eub_has_prefix(start, "stack depth") && !eub_has_prefix(start, "-- ")) {
			(void)snprintf(line, size, "%.*s", (int)(end - start), start);
			return;
		}
		end = start > log ? start - 1 : log;
	}
}

/*
 * libbpf says "prog 'NAME': ..." in its warnings of a failed load; the object itself does not
 * remember which program it was.
 */
static void set_failed_program(struct eun_error *err, const char *words)
{
	const char *start = strstr(words, "prog '");
	char name[128];

	if (start && sscanf(start, "prog '%127[^']'", name) == 1)
		eun_error_set_subject(err, name);
}

static int load_failed(const struct eun__object *object, int r, struct eun__kernel_btf *kernel,
		       struct eun_error *err)
{
	const char *words = eun__libbpf_log_first();
	char complaint[512];

	copy_complaint(object->verifier_log, complaint, sizeof(complaint));
	set_failed_program(err, words);
	if (complaint[0])
		eun_error_set_log(err, object->verifier_log, EUN__VERIFIER_TAIL_BYTES);
	if (eun__refusal_explain_load(r, complaint, words, err))
		return r;
	if (complaint[0]) {
		(void)eun_error_set(
		    err, r, EUN_REASON_VERIFIER, "the kernel's verifier refused %s%s%s: %s",
		    err && err->subject[0] ? "program '" : "the tracker", err ? err->subject : "",
		    err && err->subject[0] ? "'" : "", complaint);
	} else if (r == -EPERM) {
		(void)eun_error_set(err, r, EUN_REASON_PERMISSION,
				    "the kernel does not let this process load the tracker: %s; %s",
				    strerror(-r), words);
		eun__privilege_hint(EUN__STEP_LOAD, err);
	} else if (access(eun__kernel_btf_get_path(kernel), R_OK) < 0) {
		(void)eun_error_set(
		    err, r, EUN_REASON_NO_KERNEL_BTF,
		    "the tracker needs the kernel's types, but '%s' cannot be read; "
		    "%s",
		    eun__kernel_btf_get_path(kernel), words);
		eun_error_set_hint(err, "the kernel must be built with CONFIG_DEBUG_INFO_BTF=y");
	} else {
		(void)eun_error_set(err, r, EUN_REASON_INTERNAL,
				    "the tracker cannot be loaded: %s; %s", strerror(-r), words);
	}
	return r;
}

/* A missing BTF target fails the load with a bare ESRCH: look each one up for the better words. */
static int explain_missing_target(const struct eun__object *object, struct eun__kernel_btf *kernel,
				  struct eun_error *err)
{
	struct bpf_program *program;
	int r = 0;

	bpf_object__for_each_program(program, object->bpf)
	{
		const char *section = bpf_program__section_name(program);
		const struct eun__attach_kind *kind = eun__attach_kind_find(section);

		if (kind && kind->gate == EUN__GATE_BTF && bpf_program__autoload(program) && r == 0)
			r = eun__attach_point_check(kind, section, kernel, err);
	}
	return r;
}

int eun__object_load(struct eun__object *object, struct eun__kernel_btf *btf, struct eun_error *err)
{
	int missing = 0;
	int r;

	eun__libbpf_log_reset();
	r = bpf_object__load(object->bpf);
	if (r == -ESRCH)
		missing = explain_missing_target(object, btf, err);
	if (missing < 0)
		r = missing;
	else if (r < 0)
		r = load_failed(object, r, btf, err);
	eub_closep(&object->types_fd);
	object->types_fd = -EBADF;
	free(object->verifier_log);
	object->verifier_log = NULL;
	return r;
}

static int build(struct eun__object *object, const struct eun_package *package,
		 const struct eun_slot_options *options, const struct eun__ring_counter *counter,
		 struct eun__kernel_btf *kernel, struct eun_error *err)
{
	char path[32] = "";
	int r;

	object->verifier_log = malloc(EUN__VERIFIER_LOG_BYTES);
	if (!object->verifier_log)
		return eub_error_no_memory(err);
	object->verifier_log[0] = '\0';
	r = open_kernel_types(package, kernel, &object->types_fd, err);
	if (r < 0)
		return r;
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", object->types_fd);
	r = open_object(object, package, counter, object->types_fd >= 0 ? path : NULL, err);
	if (r < 0)
		return r;
	fix_value_sizes(object);
	r = eun__targets_check(options, object->bpf, err);
	if (r == 0)
		r = set_ring_sizes(object, options, err);
	if (r == 0)
		r = eun__settings_apply(object->bpf, package, options, err);
	return r < 0 ? r : prepare_programs(object, kernel, err);
}

int eun__object_prepare(const struct eun_package *package, const struct eun_slot_options *options,
			const struct eun__ring_counter *counter, struct eun__kernel_btf *btf,
			struct eun__object **ret_object, struct eun_error *err)
{
	struct eun__object *object = calloc(1, sizeof(*object));
	int r;

	if (!object)
		return eub_error_no_memory(err);
	object->types_fd = -EBADF;
	r = build(object, package, options, counter, btf, err);
	if (r < 0) {
		eun__object_free(object);
		return r;
	}
	*ret_object = object;
	return 0;
}

int eun__object_pin(const struct eun__object *object, const char *dir, struct eun_error *err)
{
	struct bpf_program *program;
	char path[EUN__PIN_PATH_MAX];
	struct bpf_map *map;
	size_t i = 0;
	int r = 0;

	bpf_object__for_each_map(map, object->bpf)
	{
		if (r == 0)
			r = eun__pin_path_numbered(path, dir, "map", i++);
		if (r == 0 && bpf_map__autocreate(map))
			r = eun__pin(bpf_map__fd(map), path, err);
	}
	i = 0;
	bpf_object__for_each_program(program, object->bpf)
	{
		if (r == 0)
			r = eun__pin_path_numbered(path, dir, "prog", i++);
		if (r == 0 && bpf_program__autoload(program))
			r = eun__pin(bpf_program__fd(program), path, err);
	}
	return r;
}

static int adopt_maps(struct eun__object *object, const char *dir, struct eun_error *err)
{
	char path[EUN__PIN_PATH_MAX];
	struct bpf_map *map;
	size_t i = 0;

	bpf_object__for_each_map(map, object->bpf)
	{
		_cleanup_(eub_closep) int fd = -EBADF;
		int r = eun__pin_path_numbered(path, dir, "map", i++);

		if (r < 0)
			return r;
		if (!bpf_map__autocreate(map))
			continue;
		fd = bpf_obj_get(path);
		r = fd < 0 ? fd : bpf_map__reuse_fd(map, fd);
		if (r < 0)
			return eun_error_set(err, r, EUN_REASON_NOT_FOUND,
					     "the map pinned at '%s' cannot be opened: %s", path,
					     strerror(-r));
	}
	return 0;
}

/* An optional program that was not loaded has no pin; that one is missing shows at its hook. */
static int adopt_programs(struct eun__object *object, const char *dir, struct eun_error *err)
{
	struct bpf_program *program;
	char path[EUN__PIN_PATH_MAX];
	size_t n = 0;

	bpf_object__for_each_program(program, object->bpf) n++;
	object->adopted_fds = calloc(n + 1, sizeof(*object->adopted_fds));
	if (!object->adopted_fds)
		return eub_error_no_memory(err);
	for (; object->n_adopted < n; object->n_adopted++) {
		int r = eun__pin_path_numbered(path, dir, "prog", object->n_adopted);

		if (r < 0)
			return r;
		object->adopted_fds[object->n_adopted] = bpf_obj_get(path);
	}
	return 0;
}

int eun__object_adopt(const struct eun_package *package, const char *dir,
		      struct eun__object **ret_object, struct eun_error *err)
{
	struct eun__object *object = calloc(1, sizeof(*object));
	int r;

	if (!object)
		return eub_error_no_memory(err);
	object->types_fd = -EBADF;
	r = open_object(object, package, NULL, NULL, err);
	if (r == 0)
		r = adopt_maps(object, dir, err);
	if (r == 0)
		r = adopt_programs(object, dir, err);
	if (r < 0) {
		eun__object_free(object);
		return r;
	}
	*ret_object = object;
	return 0;
}

struct eun__object *eun__object_free(struct eun__object *object)
{
	if (!object)
		return NULL;
	for (size_t i = 0; i < object->n_adopted; i++)
		eub_closep(&object->adopted_fds[i]);
	eub_closep(&object->types_fd);
	free(object->adopted_fds);
	bpf_object__close(object->bpf);
	free(object->verifier_log);
	free(object);
	return NULL;
}

struct bpf_object *eun__object_get_bpf(const struct eun__object *object)
{
	return object->bpf;
}

static bool is_loaded(const struct eun__object *object, const struct bpf_program *program)
{
	return object->adopted_fds ? eun__object_get_program_fd(object, program) >= 0
				   : bpf_program__autoload(program);
}

struct bpf_program *eun__object_next_program(const struct eun__object *object,
					     struct bpf_program *previous)
{
	struct bpf_program *program = bpf_object__next_program(object->bpf, previous);

	while (program && !is_loaded(object, program))
		program = bpf_object__next_program(object->bpf, program);
	return program;
}

int eun__object_get_program_fd(const struct eun__object *object, const struct bpf_program *program)
{
	struct bpf_program *other;
	size_t i = 0;

	if (!object->adopted_fds)
		return bpf_program__fd(program);
	bpf_object__for_each_program(other, object->bpf)
	{
		if (other == program)
			return object->adopted_fds[i];
		i++;
	}
	return -EBADF;
}

bool eun__object_has_counter(const struct eun__object *object)
{
	return object->has_counter;
}

static bool uses_map(int program_fd, uint32_t map_id)
{
	uint32_t ids[EUN__PROGRAM_MAPS_MAX];
	struct bpf_prog_info info = { .nr_map_ids = EUB_ARRAY_SIZE(ids),
				      .map_ids = (uintptr_t)ids };
	uint32_t size = sizeof(info);

	if (bpf_obj_get_info_by_fd(program_fd, &info, &size) < 0)
		return false;
	for (size_t i = 0; i < EUB_MIN(info.nr_map_ids, EUB_ARRAY_SIZE(ids)); i++)
		if (ids[i] == map_id)
			return true;
	return false;
}

bool eun__object_uses_map(const struct eun__object *object, int map_fd)
{
	struct bpf_program *program = NULL;
	struct bpf_map_info info = { 0 };
	uint32_t size = sizeof(info);

	if (bpf_obj_get_info_by_fd(map_fd, &info, &size) < 0)
		return false;
	while ((program = eun__object_next_program(object, program)))
		if (uses_map(eun__object_get_program_fd(object, program), info.id))
			return true;
	return false;
}
