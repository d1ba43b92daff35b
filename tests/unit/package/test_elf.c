/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include "base/fd.h"
#include "base/macro.h"
#include "package/elf.h"
#include "package/limits.h"

#include <stdio.h>
#include <sys/utsname.h>

struct image {
	unsigned char *data;
	size_t size;
	Elf64_Ehdr header;
};

static int setup(void **state)
{
	struct image *image = calloc(1, sizeof(*image));

	assert_non_null(image);
	image->data = fixture_object(&image->size);
	memcpy(&image->header, image->data, sizeof(image->header));
	*state = image;
	return 0;
}

static int teardown(void **state)
{
	struct image *image = *state;

	free(image->data);
	free(image);
	return 0;
}

/* Opens an exact-sized copy, so that a sanitizer sees every step outside. */
static int open_copy(const void *data, size_t size, struct eun_error *err)
{
	void *copy = malloc(size > 0 ? size : 1);
	struct eun__elf elf;
	int r;

	assert_non_null(copy);
	if (size > 0)
		memcpy(copy, data, size);
	r = eun__elf_init(&elf, copy, size, err);
	for (size_t i = 0; r == 0 && i < eun__elf_n_symbols(&elf); i++)
		assert_true(strlen(eun__elf_symbol(&elf, i).name) <= EUN__NAME_MAX);
	free(copy);
	return r;
}

static void write_section(struct image *image, size_t i, const Elf64_Shdr *section)
{
	memcpy(image->data + image->header.e_shoff + i * sizeof(*section), section,
	       sizeof(*section));
}

static Elf64_Shdr read_section(const struct image *image, size_t i)
{
	Elf64_Shdr section;

	memcpy(&section, image->data + image->header.e_shoff + i * sizeof(section),
	       sizeof(section));
	return section;
}

static size_t find_type(const struct image *image, uint32_t type)
{
	for (size_t i = 0; i < image->header.e_shnum; i++)
		if (read_section(image, i).sh_type == type)
			return i;
	fail_msg("no section of type %u", type);
	return 0;
}

static void assert_refused(const struct image *image, enum eun_reason reason, const char *message)
{
	struct eun_error err = EUN_ERROR_INIT;

	assert_true(open_copy(image->data, image->size, &err) < 0);
	assert_string_equal(eun_reason_to_string(err.reason), eun_reason_to_string(reason));
	if (!strstr(err.message, message))
		fail_msg("'%s' does not say '%s'", err.message, message);
	eun_error_done(&err);
}

static void test_sections_and_symbols(void **state)
{
	const struct image *image = *state;
	struct eun__elf_section section;
	struct eun__elf elf;
	bool has_program = false;

	assert_int_equal(eun__elf_init(&elf, image->data, image->size, NULL), 0);
	assert_true(eun__elf_find_section(&elf, "license", &section));
	assert_string_equal((const char *)section.data, "Dual BSD/GPL");
	assert_true(eun__elf_find_section(&elf, ".bss", &section));
	assert_null(section.data);
	assert_false(eun__elf_find_section(&elf, ".nothing", &section));
	for (size_t i = 0; i < eun__elf_n_symbols(&elf); i++)
		has_program |= strcmp(eun__elf_symbol(&elf, i).name, "on_open") == 0;
	assert_true(has_program);
}

static void test_every_truncation_is_refused(void **state)
{
	const struct image *image = *state;

	/* The table of sections is last in the file, so each cut loses at least a part of it. */
	for (size_t n = 0; n < image->size; n++) {
		struct eun_error err = EUN_ERROR_INIT;

		assert_int_equal(open_copy(image->data, n, &err), -EINVAL);
		assert_int_equal(err.reason, EUN_REASON_BAD_PACKAGE);
		assert_true(err.message[0]);
		eun_error_done(&err);
	}
}

static void test_cut_sections_are_named(void **state)
{
	struct image *image = *state;
	size_t table_size = image->header.e_shnum * sizeof(Elf64_Shdr);
	struct image front = { .header = image->header };

	/* The same file with the table in front: now a cut leaves the headers readable. */
	front.size = image->size + table_size;
	front.data = calloc(front.size, 1);
	assert_non_null(front.data);
	front.header.e_shoff = sizeof(front.header);
	memcpy(front.data, &front.header, sizeof(front.header));
	memcpy(front.data + sizeof(front.header) + table_size, image->data + sizeof(front.header),
	       image->size - sizeof(front.header));
	for (size_t i = 0; i < front.header.e_shnum; i++) {
		Elf64_Shdr section = read_section(image, i);

		section.sh_offset += i > 0 ? table_size : 0;
		write_section(&front, i, &section);
	}
	assert_int_equal(open_copy(front.data, front.size, NULL), 0);
	for (size_t i = 1; i < front.header.e_shnum; i++) {
		Elf64_Shdr section = read_section(&front, i);
		struct image cut = front;

		if (section.sh_size == 0 || section.sh_type == SHT_NOBITS)
			continue;
		cut.size = section.sh_offset + section.sh_size - 1;
		assert_refused(&cut, EUN_REASON_BAD_PACKAGE, "cut off");
		cut.size = section.sh_offset;
		assert_refused(&cut, EUN_REASON_BAD_PACKAGE, "cut off");
	}
	free(front.data);
}

static void test_other_machines_are_named(void **state)
{
	static const struct {
		uint16_t machine;
		const char *name;
	} rows[] = {
		{ EM_X86_64, "x86-64" }, { EM_AARCH64, "arm64" },  { EM_386, "x86" },
		{ EM_ARM, "arm" },	 { 4711, "machine 4711" },
	};
	struct image *image = *state;
	Elf64_Ehdr *header = (Elf64_Ehdr *)(void *)image->data;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		header->e_machine = rows[i].machine;
		assert_refused(image, EUN_REASON_WRONG_ARCH, rows[i].name);
	}
	header->e_machine = EM_NONE;
	assert_int_equal(open_copy(image->data, image->size, NULL), 0);
}

/* The same source, compiled for the other byte order, as "check" and "start" see it. */
static void test_byte_order_is_named(void **state EUB_UNUSED)
{
	struct eun_package *package = NULL;
	struct eub_buf object = EUB_BUF_INIT;
	struct eun_error err = EUN_ERROR_INIT;
	struct utsname host;

	assert_int_equal(uname(&host), 0);
	assert_int_equal(eub_read_file(EUNOMIA_TEST_OBJECT_EB, 1 << 20, &object), 0);
	assert_int_equal(eun_package_parse(object.data, object.len, "other", &package, &err),
			 -EINVAL);
	assert_null(package);
	assert_int_equal(err.reason, EUN_REASON_WRONG_ARCH);
	assert_non_null(strstr(err.message, "for big-endian machines"));
	assert_non_null(strstr(err.message, host.machine));
	assert_non_null(strstr(err.message, "little-endian"));
	assert_non_null(strstr(err.hint, "-target bpf"));
	eun_error_done(&err);
	eub_buf_done(&object);
}

static void test_header_fields(void **state)
{
	struct image *image = *state;
	Elf64_Ehdr *header = (Elf64_Ehdr *)(void *)image->data;
	Elf64_Ehdr saved = *header;

	header->e_ident[EI_CLASS] = ELFCLASS32;
	assert_refused(image, EUN_REASON_BAD_PACKAGE, "64-bit");
	*header = saved;
	header->e_ident[EI_DATA] = 0;
	assert_refused(image, EUN_REASON_BAD_PACKAGE, "byte order");
	*header = saved;
	header->e_type = ET_EXEC;
	assert_refused(image, EUN_REASON_BAD_PACKAGE, "relocatable");
	*header = saved;
	header->e_shentsize = 1;
	assert_refused(image, EUN_REASON_BAD_PACKAGE, "unknown size");
	*header = saved;
	header->e_shnum = 0;
	assert_refused(image, EUN_REASON_BAD_PACKAGE, "no section headers");
	*header = saved;
	header->e_shnum = EUN__SECTIONS_MAX + 1;
	assert_refused(image, EUN_REASON_TOO_LARGE, "over the limit");
	*header = saved;
	header->e_shoff = UINT64_MAX - 10;
	assert_refused(image, EUN_REASON_BAD_PACKAGE, "cut off");
	*header = saved;
	header->e_shstrndx = header->e_shnum;
	assert_refused(image, EUN_REASON_BAD_PACKAGE, "names");
}

static void test_section_ranges(void **state)
{
	struct image *image = *state;
	size_t symtab = find_type(image, SHT_SYMTAB);
	Elf64_Shdr section = read_section(image, symtab);
	Elf64_Shdr saved = section;

	section.sh_offset = UINT64_MAX;
	write_section(image, symtab, &section);
	assert_refused(image, EUN_REASON_BAD_PACKAGE, ".symtab");
	section = saved;
	section.sh_size = UINT64_MAX - section.sh_offset;
	write_section(image, symtab, &section);
	assert_refused(image, EUN_REASON_BAD_PACKAGE, ".symtab");
	section = saved;
	section.sh_name = UINT32_MAX;
	write_section(image, symtab, &section);
	assert_refused(image, EUN_REASON_BAD_PACKAGE, "name");
	section = saved;
	section.sh_entsize = 7;
	write_section(image, symtab, &section);
	assert_refused(image, EUN_REASON_BAD_PACKAGE, "unknown size");
	section = saved;
	section.sh_link = 4000;
	write_section(image, symtab, &section);
	assert_refused(image, EUN_REASON_BAD_PACKAGE, "string table");
}

static void test_zero_filled_section_of_2_gb(void **state)
{
	struct image *image = *state;
	size_t bss = find_type(image, SHT_NOBITS);
	Elf64_Shdr section = read_section(image, bss);

	section.sh_size = 2147483648u;
	write_section(image, bss, &section);
	assert_refused(image, EUN_REASON_TOO_LARGE, ".bss");
}

static void test_symbols_and_relocations_stay_inside(void **state)
{
	struct image *image = *state;
	Elf64_Shdr symtab = read_section(image, find_type(image, SHT_SYMTAB));
	Elf64_Shdr rel = read_section(image, find_type(image, SHT_REL));
	Elf64_Sym symbol;
	Elf64_Rel relocation;
	Elf64_Rel saved;

	memcpy(&saved, image->data + rel.sh_offset, sizeof(saved));
	relocation = saved;
	relocation.r_offset = UINT64_MAX;
	memcpy(image->data + rel.sh_offset, &relocation, sizeof(relocation));
	assert_refused(image, EUN_REASON_BAD_PACKAGE, "relocation");
	relocation = saved;
	relocation.r_info = ELF64_R_INFO(100000ull, 1);
	memcpy(image->data + rel.sh_offset, &relocation, sizeof(relocation));
	assert_refused(image, EUN_REASON_BAD_PACKAGE, "relocation");
	memcpy(image->data + rel.sh_offset, &saved, sizeof(saved));
	memcpy(&symbol, image->data + symtab.sh_offset + sizeof(symbol), sizeof(symbol));
	symbol.st_name = UINT32_MAX;
	memcpy(image->data + symtab.sh_offset + sizeof(symbol), &symbol, sizeof(symbol));
	assert_refused(image, EUN_REASON_BAD_PACKAGE, ".symtab");
}

static void test_every_flipped_byte_of_the_headers(void **state)
{
	struct image *image = *state;
	size_t table = image->header.e_shoff;

	for (size_t i = 0; i < image->size; i++) {
		if (i == sizeof(Elf64_Ehdr))
			i = table;
		for (unsigned int bit = 0; bit < 8; bit++) {
			struct eun_error err = EUN_ERROR_INIT;

			image->data[i] ^= (unsigned char)(1u << bit);
			if (open_copy(image->data, image->size, &err) < 0)
				assert_true(err.message[0]);
			image->data[i] ^= (unsigned char)(1u << bit);
			eun_error_done(&err);
		}
	}
	assert_int_equal(open_copy(image->data, image->size, NULL), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_sections_and_symbols),
		TEST(test_every_truncation_is_refused),
		TEST(test_cut_sections_are_named),
		TEST(test_other_machines_are_named),
		TEST(test_byte_order_is_named),
		TEST(test_header_fields),
		TEST(test_section_ranges),
		TEST(test_zero_filled_section_of_2_gb),
		TEST(test_symbols_and_relocations_stay_inside),
		TEST(test_every_flipped_byte_of_the_headers),
	};

	return cmocka_run_group_tests_name("package_elf", tests, NULL, NULL);
}
