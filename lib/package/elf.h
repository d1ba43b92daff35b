/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A bounds-checked view of a BPF object file (ELF64, little-endian, relocatable). eun__elf_init()
 * checks the structure of every section, so that what reads the file later, libbpf above all, finds
 * no offset, index or name that leads outside.
 */
#pragma once

#include <eunomia/error.h>

#include <elf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct eun__elf {
	const unsigned char *data; /* size bytes, borrowed, of any alignment */
	size_t size;
	uint64_t table; /* offset of the section headers */
	size_t n_sections;
	const char *names; /* section names, terminated; names_size bytes */
	size_t names_size;
	size_t symbol_section; /* index of the symbol table; 0 if there is none */
};

struct eun__elf_section {
	size_t index;
	const char *name;
	Elf64_Shdr header;
	const unsigned char *data; /* header.sh_size bytes; NULL for SHT_NOBITS */
};

struct eun__elf_symbol {
	const char *name;
	Elf64_Sym raw;
};

/**
 * eun__elf_init() - check an object file and open a view of it
 * @data: @size bytes; must live as long as the view
 *
 * Return: 0; -EINVAL (EUN_REASON_BAD_PACKAGE naming the section, or WRONG_ARCH naming the machine);
 * -E2BIG (TOO_LARGE).
 */
int eun__elf_init(struct eun__elf *elf, const void *data, size_t size, struct eun_error *err);
/* Section @i < n_sections. */
struct eun__elf_section eun__elf_section(const struct eun__elf *elf, size_t i);
/* The first section of that name; false if there is none. */
bool eun__elf_find_section(const struct eun__elf *elf, const char *name,
			   struct eun__elf_section *ret_section);
size_t eun__elf_n_symbols(const struct eun__elf *elf);
/* Symbol @i < eun__elf_n_symbols(). */
struct eun__elf_symbol eun__elf_symbol(const struct eun__elf *elf, size_t i);
/* True if @data begins like an ELF file of any kind. */
bool eun__elf_has_magic(const void *data, size_t size);
