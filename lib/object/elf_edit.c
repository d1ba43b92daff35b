/* SPDX-License-Identifier: Apache-2.0 */
/* See elf_edit.h. Owns the copy and its section headers until they are handed out. */
#include "object/elf_edit.h"

#include "base/macro.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

int eun__elf_edit_init(struct eun__elf_edit *edit, const struct eun__elf *elf)
{
	Elf64_Shdr *headers = calloc(elf->n_sections + 1, sizeof(*headers));

	if (!headers)
		return -ENOMEM;
	*edit = (struct eun__elf_edit){ .headers = headers, .n_sections = elf->n_sections };
	memcpy(headers, elf->data + elf->table, elf->n_sections * sizeof(*headers));
	eub_buf_append(&edit->image, elf->data, elf->size);
	if (edit->image.has_failed) {
		eun__elf_edit_done(edit);
		return -ENOMEM;
	}
	return 0;
}

void eun__elf_edit_done(struct eun__elf_edit *edit)
{
	eub_buf_done(&edit->image);
	free(edit->headers);
	*edit = (struct eun__elf_edit){ 0 };
}

void *eun__elf_edit_data(struct eun__elf_edit *edit, size_t i)
{
	assert(i < edit->n_sections);
	return edit->image.data + edit->headers[i].sh_offset;
}

static void align(struct eub_buf *image)
{
	eub_buf_fill(image, '\0', (8 - image->len % 8) % 8);
}

void eun__elf_edit_replace(struct eun__elf_edit *edit, size_t i, const void *data, size_t n)
{
	assert(i < edit->n_sections);
	align(&edit->image);
	edit->headers[i].sh_offset = edit->image.len;
	edit->headers[i].sh_size = n;
	eub_buf_append(&edit->image, data, n);
}

/* Moves section @i to the end of the file, unless it is there already. */
static void move_to_end(struct eun__elf_edit *edit, size_t i)
{
	Elf64_Shdr *header = &edit->headers[i];
	size_t from = header->sh_offset;

	if (header->sh_size > 0 && from + header->sh_size == edit->image.len)
		return;
	align(&edit->image);
	header->sh_offset = edit->image.len;
	/* The buffer must not move while it is copied from. */
	if (eub_buf_reserve(&edit->image, header->sh_size) == 0)
		eub_buf_append(&edit->image, edit->image.data + from, header->sh_size);
}

size_t eun__elf_edit_append(struct eun__elf_edit *edit, size_t i, const void *data, size_t n)
{
	size_t at = edit->headers[i].sh_size;

	move_to_end(edit, i);
	edit->headers[i].sh_size += n;
	eub_buf_append(&edit->image, data, n);
	return at;
}

size_t eun__elf_edit_add(struct eun__elf_edit *edit, const Elf64_Shdr *header)
{
	edit->headers[edit->n_sections] = *header;
	return edit->n_sections++;
}

int eun__elf_edit_finish(struct eun__elf_edit *edit, struct eub_buf *out)
{
	Elf64_Ehdr file;

	align(&edit->image);
	if (edit->image.has_failed)
		return -ENOMEM;
	memcpy(&file, edit->image.data, sizeof(file));
	file.e_shoff = edit->image.len;
	file.e_shnum = (Elf64_Half)edit->n_sections;
	eub_buf_append(&edit->image, edit->headers, edit->n_sections * sizeof(*edit->headers));
	if (edit->image.has_failed)
		return -ENOMEM;
	memcpy(edit->image.data, &file, sizeof(file));
	*out = edit->image;
	edit->image = EUB_BUF_INIT;
	return 0;
}
