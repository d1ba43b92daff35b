/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Walks the symbol tables of an ELF file with libelf: the full one, which stripped files lack, and
 * the dynamic one. Names of versioned symbols end in "@VERSION" or "@@VERSION", which a uprobe's
 * section leaves out.
 */
#include "object/user_symbol.h"

#include "base/cleanup.h"
#include "base/macro.h"

#include <fcntl.h>
#include <gelf.h>
#include <libelf.h>
#include <string.h>

struct search {
	const char *function;
	struct eub_near *near;
	size_t n_functions;
	bool is_found;
};

static void on_symbol(struct search *search, const char *name)
{
	char plain[sizeof(search->near->best[0].name)];
	size_t n = strcspn(name, "@");

	if (n == 0 || n >= sizeof(plain))
		return;
	memcpy(plain, name, n);
	plain[n] = '\0';
	search->n_functions++;
	if (strcmp(plain, search->function) == 0)
		search->is_found = true;
	else
		eub_near_offer(search->near, plain);
}

static void walk_table(Elf *elf, Elf_Scn *section, const GElf_Shdr *header, struct search *search)
{
	Elf_Data *data = elf_getdata(section, NULL);
	size_t n = data && header->sh_entsize > 0 ? header->sh_size / header->sh_entsize : 0;

	for (size_t i = 0; i < n && i < INT32_MAX && !search->is_found; i++) {
		const char *name;
		GElf_Sym symbol;

		if (!gelf_getsym(data, (int)i, &symbol))
			return;
		if (GELF_ST_TYPE(symbol.st_info) != STT_FUNC || symbol.st_shndx == SHN_UNDEF)
			continue;
		name = elf_strptr(elf, header->sh_link, symbol.st_name);
		if (name)
			on_symbol(search, name);
	}
}

static void walk_tables(Elf *elf, struct search *search)
{
	Elf_Scn *section = NULL;
	GElf_Shdr header;

	while (!search->is_found && (section = elf_nextscn(elf, section)))
		if (gelf_getshdr(section, &header) &&
		    (header.sh_type == SHT_SYMTAB || header.sh_type == SHT_DYNSYM))
			walk_table(elf, section, &header, search);
}

int eun__user_symbol_find(const char *path, const char *function, struct eub_near *near)
{
	_cleanup_(eub_closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct search search = { .function = function, .near = near };
	Elf *elf;

	if (fd < 0)
		return -errno;
	if (elf_version(EV_CURRENT) == EV_NONE)
		return -ENOEXEC;
	elf = elf_begin(fd, ELF_C_READ_MMAP, NULL);
	if (!elf)
		return -ENOEXEC;
	walk_tables(elf, &search);
	(void)elf_end(elf); /* gives the number of references left, which is 0 */
	if (search.is_found)
		return 1;
	return search.n_functions > 0 ? 0 : -ENOEXEC;
}
