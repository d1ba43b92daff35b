/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as a package. What is accepted is used as the engine uses it: its strings are read,
 * libbpf opens the object, event types are looked for in it, it is made to count its losses, and it
 * is packed again; the new package must be accepted in turn.
 */
#include "fuzz.h"

#include "object/ring_count.h"
#include "package/event_type.h"
#include "package/package.h"

#include <assert.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int print_nothing(enum libbpf_print_level level, const char *format, va_list args)
{
	(void)level;
	(void)format;
	(void)args;
	return 0;
}

static size_t read_strings(const struct eun_package *package)
{
	size_t n = strlen(package->name) + strlen(package->version) + strlen(package->description);

	for (size_t i = 0; i < package->n_variables; i++) {
		const struct eun_package_variable *variable = eun_package_get_variable(package, i);

		n += strlen(variable->name) + strlen(variable->type) + strlen(variable->section) +
		     strlen(variable->description) + strlen(variable->long_option) +
		     strlen(variable->short_option) + strlen(variable->default_value);
	}
	for (size_t i = 0; i < package->n_programs; i++)
		n += strlen(eun_package_get_program(package, i)->name) +
		     strlen(eun_package_get_program(package, i)->section);
	for (size_t i = 0; i < package->n_maps; i++)
		n += strlen(package->maps[i].pub.name) + strlen(package->maps[i].pub.type) +
		     strlen(package->maps[i].ident);
	for (size_t i = 0; i < package->n_types; i++)
		n += strlen(package->types[i].name);
	return n;
}

static void open_object(const struct eun_package *package)
{
	size_t size;
	const void *data = eun_package_get_object(package, &size);
	struct bpf_object *object = bpf_object__open_mem(data, size, NULL);
	const struct bpf_map *map;

	if (!object)
		return;
	bpf_object__for_each_map(map, object)
	{
		const struct btf *btf = bpf_object__btf(object);
		uint32_t type_id;
		char note[128];

		if (btf && eun__event_type_find_in_object(data, size, btf, bpf_map__name(map),
							  &type_id, note, sizeof(note)) > 0)
			assert(btf__type_by_id(btf, type_id));
	}
	bpf_object__close(object);
}

/* libbpf may refuse what became of an object whose sections lie in each other. */
static void count_losses(const struct eun_package *package)
{
	static const struct eun__ring_counter counter = { .map_fd = 0 };
	struct eub_buf counted = EUB_BUF_INIT;
	size_t size;
	const void *data = eun_package_get_object(package, &size);

	if (eun__ring_count_add(data, size, &counter, &counted, NULL) > 0)
		bpf_object__close(bpf_object__open_mem(counted.data, counted.len, NULL));
	else
		assert(counted.len == 0);
	eub_buf_done(&counted);
}

static void pack_again(const struct eun_package *package)
{
	struct eun_error err = EUN_ERROR_INIT;
	struct eun_package *again = NULL;
	char *json;
	size_t json_size;
	size_t size;
	const void *data = eun_package_get_object(package, &size);

	if (eun_package_pack(data, size, "again", &json, &json_size, NULL) < 0)
		return;
	if (eun_package_parse(json, json_size, NULL, &again, &err) < 0) {
		fprintf(stderr, "refused our own package: %s\n", err.message);
		abort();
	}
	free(json);
	eun_package_free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct eun_package *package = NULL;
	struct eun_error err = EUN_ERROR_INIT;

	libbpf_set_print(print_nothing);
	if (eun_package_parse(data, size, "fuzz", &package, &err) == 0) {
		(void)read_strings(package); /* reading is what is tested */
		open_object(package);
		count_losses(package);
		pack_again(package);
	} else {
		assert(err.code < 0 && err.message[0] && err.reason != EUN_REASON_NONE);
	}
	eun_package_free(package);
	eun_error_done(&err);
	return 0;
}
