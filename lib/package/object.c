/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The object of a package: opened for reading, and asked for what a manifest leaves out. A plain
 * object file is simply a package whose manifest says nothing. What counts as a program follows
 * libbpf: a function symbol in an executable section other than .text, which holds subprograms.
 * Maps are the variables of the BTF section ".maps"; each is a struct whose members carry numbers
 * as the length of an array behind a pointer (__uint() in bpf_helpers.h).
 */
#include "package/internal.h"

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "base/macro.h"
#include "base/str.h"
#include "package/btf_check.h"
#include "package/limits.h"
#include "package/map_def.h"
#include "package/variable.h"

#include <bpf/btf.h>

#define DATA_MAP_TYPE "BPF_MAP_TYPE_ARRAY"

int eun__object_open(struct eun__object *object, const void *data, size_t size,
		     struct eun_error *err)
{
	struct eun__elf_section section;
	size_t n_maps;
	int r;

	*object = (struct eun__object){ 0 };
	r = eun__elf_init(&object->elf, data, size, err);
	if (r < 0 || !eun__elf_find_section(&object->elf, BTF_ELF_SEC, &section) || !section.data)
		return r;
	r = eun__btf_open(section.data, section.header.sh_size, &object->btf, err);
	if (r < 0)
		return r;
	object->maps = eun__map_section(object->btf);
	n_maps = object->maps ? btf_vlen(object->maps) : 0;
	if (n_maps <= EUN__MAPS_MAX)
		return 0;
	eun__object_close(object);
	return eun_error_set(err, -E2BIG, EUN_REASON_TOO_LARGE, "%zu maps are over the limit of %d",
			     n_maps, EUN__MAPS_MAX);
}

void eun__object_close(struct eun__object *object)
{
	btf__free(object->btf);
	object->btf = NULL;
}

/* True if symbol @i is a program; sets its section too. */
static bool find_program(const struct eun__elf *elf, size_t i, struct eun__elf_symbol *ret_symbol,
			 struct eun__elf_section *ret_section)
{
	struct eun__elf_symbol symbol = eun__elf_symbol(elf, i);

	if (ELF64_ST_TYPE(symbol.raw.st_info) != STT_FUNC || symbol.raw.st_shndx == SHN_UNDEF ||
	    symbol.raw.st_shndx >= elf->n_sections || !symbol.name[0])
		return false;
	*ret_section = eun__elf_section(elf, symbol.raw.st_shndx);
	*ret_symbol = symbol;
	return ret_section->header.sh_flags & SHF_EXECINSTR &&
	       !eub_streq(ret_section->name, ".text");
}

static size_t count_programs(const struct eun__elf *elf)
{
	struct eun__elf_section section;
	struct eun__elf_symbol symbol;
	size_t n = 0;

	for (size_t i = 0; i < eun__elf_n_symbols(elf); i++)
		n += find_program(elf, i, &symbol, &section);
	return n;
}

static int list_programs(struct eun_package *package, const struct eun__elf *elf,
			 struct eun_error *err)
{
	size_t n = count_programs(elf);

	if (n > EUN__PROGRAMS_MAX)
		return eun_error_set(err, -E2BIG, EUN_REASON_TOO_LARGE,
				     "%zu programs are over the limit of %d", n, EUN__PROGRAMS_MAX);
	package->programs = eun__package_alloc(package, n, sizeof(*package->programs));
	if (!package->programs)
		return eub_error_no_memory(err);
	for (size_t i = 0; i < eun__elf_n_symbols(elf); i++) {
		struct eun_package_program *program = &package->programs[package->n_programs];
		struct eun__elf_section section;
		struct eun__elf_symbol symbol;

		if (!find_program(elf, i, &symbol, &section))
			continue;
		program->name = eun__package_copy(package, symbol.name, strlen(symbol.name));
		program->section = eun__package_copy(package, section.name, strlen(section.name));
		if (!program->name || !program->section)
			return eub_error_no_memory(err);
		package->n_programs++;
	}
	return 0;
}

/* An entry of an index over the programs of a manifest, sorted by name. */
struct row {
	struct eun_package_program *program;
};

static int compare_rows(const void *a, const void *b)
{
	const struct row *x = a;
	const struct row *y = b;

	return strcmp(x->program->name, y->program->name);
}

static int fill_section(struct eun_package *package, const struct eun__elf *elf, size_t i,
			const struct row *rows)
{
	struct eun_package_program wanted;
	struct row key = { .program = &wanted };
	struct eun__elf_section section;
	struct eun__elf_symbol symbol;
	const struct row *row;
	const char *name;

	if (!find_program(elf, i, &symbol, &section))
		return 0;
	wanted.name = symbol.name;
	row = bsearch(&key, rows, package->n_programs, sizeof(*rows), compare_rows);
	if (!row || row->program->section[0])
		return 0;
	name = eun__package_copy(package, section.name, strlen(section.name));
	if (!name)
		return -ENOMEM;
	row->program->section = name;
	return 0;
}

/* Gives sections to programs of the manifest that have none. */
static int fill_sections(struct eun_package *package, const struct eun__elf *elf,
			 struct eun_error *err)
{
	_cleanup_(eub_freep) struct row *rows = calloc(package->n_programs, sizeof(*rows));

	if (!rows)
		return eub_error_no_memory(err);
	for (size_t i = 0; i < package->n_programs; i++)
		rows[i].program = &package->programs[i];
	qsort(rows, package->n_programs, sizeof(*rows), compare_rows);
	for (size_t i = 0; i < eun__elf_n_symbols(elf); i++)
		if (fill_section(package, elf, i, rows) < 0)
			return eub_error_no_memory(err);
	return 0;
}

static int list_maps(struct eun_package *package, const struct eun__object *object,
		     struct eun_error *err)
{
	uint32_t n = object->maps ? btf_vlen(object->maps) : 0;

	package->maps = eun__package_alloc(package, n, sizeof(*package->maps));
	if (!package->maps)
		return eub_error_no_memory(err);
	for (uint32_t i = 0; i < n; i++) {
		const char *name = eun__map_name(object->btf, object->maps, i);
		struct eun__package_map *map = &package->maps[package->n_maps];

		if (!name[0])
			continue;
		map->pub.name = eun__package_copy(package, name, strlen(name));
		map->pub.type = "";
		map->ident = map->pub.name;
		if (!map->pub.name)
			return eub_error_no_memory(err);
		package->n_maps++;
	}
	return 0;
}

/* "bootstra.rodata": libbpf's name for the map of a data section. */
static bool is_data_map(const char *name)
{
	return eub_has_suffix(name, ".rodata") || eub_has_suffix(name, ".data") ||
	       eub_has_suffix(name, ".bss");
}

static int fill_map_types(struct eun_package *package, const struct eun__object *object,
			  struct eun_error *err)
{
	for (size_t i = 0; i < package->n_maps; i++) {
		struct eun_package_map *map = &package->maps[i].pub;
		struct eun__map_def def;
		char type[64];

		if (map->type[0])
			continue;
		if (is_data_map(map->name)) {
			map->type = DATA_MAP_TYPE;
			continue;
		}
		if (!eun__map_find(object->btf, object->maps, map->name, &def))
			continue;
		eun__map_type_name(def.type, type, sizeof(type));
		map->type = eun__package_copy(package, type, strlen(type));
		if (!map->type) {
			map->type = "";
			return eub_error_no_memory(err);
		}
	}
	return 0;
}

int eun__package_complete(struct eun_package *package, const struct eun__object *object,
			  struct eun_error *err)
{
	int r = eun__variables_complete(package, object, err);

	if (r == 0 && package->n_programs == 0)
		r = list_programs(package, &object->elf, err);
	else if (r == 0)
		r = fill_sections(package, &object->elf, err);
	if (r == 0 && package->n_maps == 0)
		r = list_maps(package, object, err);
	return r < 0 ? r : fill_map_types(package, object, err);
}
