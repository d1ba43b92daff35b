/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A helper call and a call of a function of the program itself are one instruction each, so the one
 * is exchanged for the other in place: no jump, relocation or line number moves. The functions that
 * are called instead are appended to ".text", which libbpf copies behind each program that calls
 * them:
 *
 *   call HELPER;  r1 = r0;  [reserve: r1 = -r1];  if r1 says success goto out
 *   lock *(u64 *)counter += 1
 *   out: exit
 *
 * The verifier follows such a function inline, with the caller's knowledge of the arguments, and
 * hands a reserved record back as the helper would have. Reserve gives a pointer that the caller
 * will compare with NULL; comparing it here would make it "not NULL" for the caller, and kernels
 * before 6.3 then take its own check for a leak of the record. Negated, a copy of it is a plain
 * number, that may be compared without a trace.
 *
 * Where the object has types, the functions get some too: libbpf wants function and line
 * information of all functions or of none.
 */
#include "object/ring_count.h"

#include "base/error.h"
#include "base/macro.h"
#include "base/str.h"
#include "btf/ext_append.h"
#include "object/elf_edit.h"
#include "object/insn.h"
#include "package/elf.h"

#include <assert.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <stdbool.h>
#include <string.h>

#define TEXT_SECTION ".text"

#define SKIP_COUNT(test_) INSN(BPF_JMP | (test_) | BPF_K, BPF_REG_1, 0, 4, 0)

#define FUNCTION_INSNS 9
#define FUNCTION_BYTES (FUNCTION_INSNS * sizeof(struct bpf_insn))

/* What tells success from failure in r1, the helper's result. */
struct counted_helper {
	int32_t helper; /* enum bpf_func_id */
	const char *function;
	struct bpf_insn prepare;
	struct bpf_insn skip;
};

static const struct counted_helper helpers[] = {
	{ BPF_FUNC_ringbuf_reserve, "eunomia_ring_reserve", NEGATE(BPF_REG_1),
	  SKIP_COUNT(BPF_JNE) },
	{ BPF_FUNC_ringbuf_output, "eunomia_ring_output", MOV_REG(BPF_REG_1, BPF_REG_0),
	  SKIP_COUNT(BPF_JSGE) },
	{ BPF_FUNC_ringbuf_reserve_dynptr, "eunomia_ring_dynptr", MOV_REG(BPF_REG_1, BPF_REG_0),
	  SKIP_COUNT(BPF_JSGE) },
	{ BPF_FUNC_perf_event_output, "eunomia_perf_output", MOV_REG(BPF_REG_1, BPF_REG_0),
	  SKIP_COUNT(BPF_JSGE) },
	{ BPF_FUNC_skb_output, "eunomia_skb_output", MOV_REG(BPF_REG_1, BPF_REG_0),
	  SKIP_COUNT(BPF_JSGE) },
	{ BPF_FUNC_xdp_output, "eunomia_xdp_output", MOV_REG(BPF_REG_1, BPF_REG_0),
	  SKIP_COUNT(BPF_JSGE) },
};

struct edit {
	const struct eun__elf *elf;
	struct eun__elf_edit out;
	size_t text;	    /* index of its section */
	size_t first_bytes; /* where in it the functions begin */
	size_t n_calls;	    /* that were exchanged */
};

static bool is_code(const Elf64_Shdr *header)
{
	return header->sh_type == SHT_PROGBITS && (header->sh_flags & SHF_EXECINSTR);
}

/* The index in helpers of what @insn calls; -1: of none. */
static int find_helper(const struct bpf_insn *insn)
{
	if (insn->code != (BPF_JMP | BPF_CALL) || insn->src_reg != 0)
		return -1;
	for (size_t i = 0; i < EUB_ARRAY_SIZE(helpers); i++)
		if (helpers[i].helper == insn->imm)
			return (int)i;
	return -1;
}

/*
 * A call without a relocation is relative to its place as if its section and ".text" began at the
 * same address: libbpf's bpf_object__reloc_code().
 */
static void exchange_calls(struct edit *edit, size_t section)
{
	unsigned char *code = eun__elf_edit_data(&edit->out, section);
	size_t n = edit->out.headers[section].sh_size / sizeof(struct bpf_insn);
	size_t first = edit->first_bytes / sizeof(struct bpf_insn);

	for (size_t i = 0; i < n; i++) {
		struct bpf_insn insn;
		int helper;

		memcpy(&insn, code + i * sizeof(insn), sizeof(insn));
		helper = find_helper(&insn);
		if (helper < 0)
			continue;
		insn.src_reg = BPF_PSEUDO_CALL;
		insn.imm = (int32_t)(first + (size_t)helper * FUNCTION_INSNS) - (int32_t)i - 1;
		memcpy(code + i * sizeof(insn), &insn, sizeof(insn));
		edit->n_calls++;
	}
}

static size_t add_text(struct edit *edit)
{
	Elf64_Shdr header = { .sh_type = SHT_PROGBITS,
			      .sh_flags = SHF_ALLOC | SHF_EXECINSTR,
			      .sh_addralign = sizeof(struct bpf_insn) };
	Elf64_Ehdr file;

	memcpy(&file, edit->elf->data, sizeof(file));
	header.sh_name = (Elf64_Word)eun__elf_edit_append(&edit->out, file.e_shstrndx, TEXT_SECTION,
							  sizeof(TEXT_SECTION));
	return eun__elf_edit_add(&edit->out, &header);
}

static void add_functions(struct edit *edit, const struct eun__ring_counter *counter)
{
	for (size_t i = 0; i < EUB_ARRAY_SIZE(helpers); i++) {
		const struct bpf_insn function[] = {
			CALL(helpers[i].helper),
			MOV_REG(BPF_REG_1, BPF_REG_0),
			helpers[i].prepare,
			helpers[i].skip,
			LOAD_FD(BPF_REG_1, BPF_PSEUDO_MAP_VALUE, counter->map_fd),
			LOAD_FD_2((int32_t)counter->offset),
			MOV_IMM(BPF_REG_2, 1),
			ATOMIC_ADD(BPF_REG_1, BPF_REG_2),
			EXIT(),
		};

		static_assert(sizeof(function) == FUNCTION_BYTES, "as FUNCTION_INSNS says");
		(void)eun__elf_edit_append(&edit->out, edit->text, function, sizeof(function));
	}
}

static void add_symbols(struct edit *edit)
{
	size_t table = edit->elf->symbol_section;
	size_t names = edit->out.headers[table].sh_link;
	Elf64_Sym symbols[EUB_ARRAY_SIZE(helpers)] = { 0 };

	for (size_t i = 0; i < EUB_ARRAY_SIZE(helpers); i++) {
		const char *name = helpers[i].function;

		symbols[i] = (Elf64_Sym){
			.st_name = (Elf64_Word)eun__elf_edit_append(&edit->out, names, name,
								    strlen(name) + 1),
			.st_info = ELF64_ST_INFO(STB_LOCAL, STT_FUNC),
			.st_shndx = (Elf64_Section)edit->text,
			.st_value = edit->first_bytes + i * FUNCTION_BYTES,
			.st_size = FUNCTION_BYTES,
		};
	}
	(void)eun__elf_edit_append(&edit->out, table, symbols, sizeof(symbols));
}

/* Declares the functions in @btf: none says what it takes or gives, as nobody calls them by type.
 */
static int declare_functions(struct edit *edit, struct btf *btf,
			     struct eun__btf_ext_function functions[static 1])
{
	int file = btf__add_str(btf, "eunomia");
	int line = btf__add_str(btf, "count what finds no room in the ring");
	int proto = btf__add_func_proto(btf, 0);

	if (file < 0 || line < 0 || proto < 0)
		return -ENOMEM;
	for (size_t i = 0; i < EUB_ARRAY_SIZE(helpers); i++) {
		int id = btf__add_func(btf, helpers[i].function, BTF_FUNC_STATIC, proto);

		if (id < 0)
			return id;
		functions[i] = (struct eun__btf_ext_function){
			.at_bytes = (uint32_t)(edit->first_bytes + i * FUNCTION_BYTES),
			.type_id = (uint32_t)id,
			.file = (uint32_t)file,
			.line = (uint32_t)line,
		};
	}
	return 0;
}

static int extend_types(struct edit *edit, struct btf *btf, const struct eun__elf_section *types,
			const struct eun__elf_section *ext)
{
	struct eun__btf_ext_function functions[EUB_ARRAY_SIZE(helpers)] = { 0 };
	struct eub_buf longer = EUB_BUF_INIT;
	int section = btf__add_str(btf, TEXT_SECTION);
	const void *raw;
	uint32_t size;
	int r = declare_functions(edit, btf, functions);

	if (r < 0 || section < 0)
		return r < 0 ? r : section;
	raw = btf__raw_data(btf, &size);
	if (!raw)
		return -ENOMEM;
	r = eun__btf_ext_append(ext->data, ext->header.sh_size, (uint32_t)section, functions,
				EUB_ARRAY_SIZE(functions), &longer);
	if (r < 0)
		return r;
	eun__elf_edit_replace(&edit->out, types->index, raw, size);
	eun__elf_edit_replace(&edit->out, ext->index, longer.data, longer.len);
	eub_buf_done(&longer);
	return 0;
}

static int add_types(struct edit *edit)
{
	struct eun__elf_section types;
	struct eun__elf_section ext;
	struct btf *btf;
	int r;

	if (!eun__elf_find_section(edit->elf, BTF_ELF_SEC, &types) ||
	    !eun__elf_find_section(edit->elf, BTF_EXT_ELF_SEC, &ext) || !types.data || !ext.data)
		return 0;
	btf = btf__new(types.data, (uint32_t)types.header.sh_size);
	if (!btf)
		return errno == ENOMEM ? -ENOMEM : -EINVAL;
	r = extend_types(edit, btf, &types, &ext);
	btf__free(btf);
	return r;
}

static int rewrite(struct edit *edit, const struct eun__ring_counter *counter, struct eub_buf *out)
{
	int r;

	if (edit->text == 0)
		edit->text = add_text(edit);
	add_functions(edit, counter);
	add_symbols(edit);
	r = add_types(edit);
	return r < 0 ? r : eun__elf_edit_finish(&edit->out, out);
}

/* Functions of ".text" alone are no subprograms for libbpf, but programs without a section. */
static int exchange_all(struct edit *edit)
{
	bool has_programs = false;

	for (size_t i = 1; i < edit->elf->n_sections; i++) {
		struct eun__elf_section section = eun__elf_section(edit->elf, i);

		if (!is_code(&section.header))
			continue;
		exchange_calls(edit, i);
		has_programs |= i != edit->text;
	}
	return has_programs ? (int)EUB_MIN(edit->n_calls, (size_t)INT32_MAX) : 0;
}

static bool counts_itself(const struct eun__elf *elf)
{
	for (size_t i = 0; i < eun__elf_n_symbols(elf); i++)
		if (eub_streq(eun__elf_symbol(elf, i).name, EUN__RING_COUNT_MAP))
			return true;
	return false;
}

static int find_text(struct edit *edit)
{
	struct eun__elf_section text;

	if (!eun__elf_find_section(edit->elf, TEXT_SECTION, &text))
		return 0;
	if (!is_code(&text.header) || text.header.sh_size % sizeof(struct bpf_insn) != 0 ||
	    text.header.sh_size > INT32_MAX)
		return -EOPNOTSUPP;
	edit->text = text.index;
	edit->first_bytes = text.header.sh_size;
	return 0;
}

static int count_in(const struct eun__elf *elf, const struct eun__ring_counter *counter,
		    struct eub_buf *out)
{
	struct edit edit = { .elf = elf };
	int n;
	int r;

	if (elf->symbol_section == 0 || counts_itself(elf))
		return 0;
	r = find_text(&edit);
	if (r == 0)
		r = eun__elf_edit_init(&edit.out, elf);
	if (r < 0)
		return r;
	n = exchange_all(&edit);
	if (n > 0)
		r = rewrite(&edit, counter, out);
	eun__elf_edit_done(&edit.out);
	return r < 0 ? r : n;
}

int eun__ring_count_add(const void *image, size_t size, const struct eun__ring_counter *counter,
			struct eub_buf *out, struct eun_error *err)
{
	struct eun__elf elf;
	int r;

	assert(counter->offset % sizeof(uint64_t) == 0);
	r = eun__elf_init(&elf, image, size, err);
	if (r < 0)
		return r;
	r = count_in(&elf, counter, out);
	if (r < 0)
		return eun_error_set(
		    err, r, r == -ENOMEM ? EUN_REASON_NO_MEMORY : EUN_REASON_UNSUPPORTED,
		    "the object cannot be made to count its losses: %s", strerror(-r));
	return r;
}
