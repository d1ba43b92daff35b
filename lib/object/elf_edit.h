/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A copy of an object file in which contents of sections are changed or replaced. Nothing moves:
 * what grows is written anew at the end, and the table of section headers after it.
 */
#pragma once

#include "base/buf.h"
#include "package/elf.h"

#include <elf.h>
#include <stddef.h>

struct eun__elf_edit {
	struct eub_buf image;
	Elf64_Shdr *headers; /* n_sections, with room for one more */
	size_t n_sections;
};

/* @elf: checked; borrowed during the call. Return: 0; -ENOMEM. */
int eun__elf_edit_init(struct eun__elf_edit *edit, const struct eun__elf *elf);
void eun__elf_edit_done(struct eun__elf_edit *edit);
/* The bytes of section @i in the copy, to be written to in place; until the next change. */
void *eun__elf_edit_data(struct eun__elf_edit *edit, size_t i);
/* Appends to section @i, @n bytes. A failure is remembered for the end. Return: where in the
 * section they are. */
size_t eun__elf_edit_append(struct eun__elf_edit *edit, size_t i, const void *data, size_t n);
/* Gives section @i the contents @data, as eun__elf_edit_append(). */
void eun__elf_edit_replace(struct eun__elf_edit *edit, size_t i, const void *data, size_t n);
/* Adds a section without contents, once. Return: its index. */
size_t eun__elf_edit_add(struct eun__elf_edit *edit, const Elf64_Shdr *header);
/**
 * eun__elf_edit_finish() - write the section headers
 * @out: empty; gets the file
 *
 * Return: 0; -ENOMEM.
 */
int eun__elf_edit_finish(struct eun__elf_edit *edit, struct eub_buf *out);
