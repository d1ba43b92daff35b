/* SPDX-License-Identifier: Apache-2.0 */
/* The rewritten object as bytes; what the kernel makes of it: tests/kernel/test_ring_loss.c. */
#include "object/ring_count.h"

#include "base/macro.h"
#include "object/gate_elf.h"
#include "package/elf.h"

#include <errno.h>
#include <linux/bpf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define CALL(helper)                                                                               \
	{                                                                                          \
		.code = BPF_JMP | BPF_CALL, .imm = (helper)                                        \
	}
#define EXIT                                                                                       \
	{                                                                                          \
		.code = BPF_JMP | BPF_EXIT                                                         \
	}

#define COUNTER_FD 7
#define COUNTER_AT 72

static const struct eun__ring_counter counter = { COUNTER_FD, COUNTER_AT };

/* Builds an object of @insns in @section and counts in it; @out may be read as an object if > 0. */
static int count_in(const char *section, const struct bpf_insn *insns, size_t n_insns,
		    struct eub_buf *out)
{
	struct eub_buf object = EUB_BUF_INIT;
	int r;

	assert_int_equal(eun__gate_elf_build(section, insns, n_insns, &object), 0);
	r = eun__ring_count_add(object.data, object.len, &counter, out, NULL);
	eub_buf_done(&object);
	return r;
}

static struct bpf_insn insn_at(const struct eun__elf *elf, const char *name, size_t i)
{
	struct eun__elf_section section;
	struct bpf_insn insn;

	assert_true(eun__elf_find_section(elf, name, &section));
	assert_true((i + 1) * sizeof(insn) <= section.header.sh_size);
	memcpy(&insn, section.data + i * sizeof(insn), sizeof(insn));
	return insn;
}

/* Where in ".text" the call at @i leads, as libbpf reckons. */
static size_t target_of(const struct eun__elf *elf, size_t i)
{
	struct bpf_insn insn = insn_at(elf, "tp/a/b", i);

	assert_int_equal(insn.code, BPF_JMP | BPF_CALL);
	assert_int_equal(insn.src_reg, BPF_PSEUDO_CALL);
	return i + (size_t)insn.imm + 1;
}

static void test_calls_are_exchanged(void **state EUB_UNUSED)
{
	static const struct bpf_insn insns[] = { CALL(BPF_FUNC_ringbuf_output),
						 CALL(BPF_FUNC_ktime_get_ns),
						 CALL(BPF_FUNC_ringbuf_reserve), EXIT };
	struct eub_buf out = EUB_BUF_INIT;
	struct eun__elf elf;

	assert_int_equal(count_in("tp/a/b", insns, EUB_ARRAY_SIZE(insns), &out), 2);
	assert_int_equal(eun__elf_init(&elf, out.data, out.len, NULL), 0);
	assert_int_equal(insn_at(&elf, ".text", target_of(&elf, 0)).imm, BPF_FUNC_ringbuf_output);
	assert_int_equal(insn_at(&elf, ".text", target_of(&elf, 2)).imm, BPF_FUNC_ringbuf_reserve);
	assert_int_equal(insn_at(&elf, "tp/a/b", 1).imm, BPF_FUNC_ktime_get_ns);
	assert_int_equal(insn_at(&elf, "tp/a/b", 1).src_reg, 0);
	eub_buf_done(&out);
}

static void test_functions_have_symbols(void **state EUB_UNUSED)
{
	static const struct bpf_insn insns[] = { CALL(BPF_FUNC_ringbuf_reserve_dynptr), EXIT };
	struct eun__elf_section text;
	struct eub_buf out = EUB_BUF_INIT;
	uint64_t next = 0;
	struct eun__elf elf;

	assert_int_equal(count_in("tp/a/b", insns, EUB_ARRAY_SIZE(insns), &out), 1);
	assert_int_equal(eun__elf_init(&elf, out.data, out.len, NULL), 0);
	assert_true(eun__elf_find_section(&elf, ".text", &text));
	/* libbpf wants functions without gaps between them. */
	for (size_t i = 2; i < eun__elf_n_symbols(&elf); i++) {
		struct eun__elf_symbol symbol = eun__elf_symbol(&elf, i);

		assert_int_equal(ELF64_ST_TYPE(symbol.raw.st_info), STT_FUNC);
		assert_int_equal(symbol.raw.st_shndx, text.index);
		assert_int_equal(symbol.raw.st_value, next);
		next += symbol.raw.st_size;
	}
	assert_int_equal(next, text.header.sh_size);
	eub_buf_done(&out);
}

static void test_counter_is_named(void **state EUB_UNUSED)
{
	static const struct bpf_insn insns[] = { CALL(BPF_FUNC_ringbuf_reserve), EXIT };
	struct eub_buf out = EUB_BUF_INIT;
	struct eun__elf elf;
	size_t i;

	assert_int_equal(count_in("tp/a/b", insns, EUB_ARRAY_SIZE(insns), &out), 1);
	assert_int_equal(eun__elf_init(&elf, out.data, out.len, NULL), 0);
	i = target_of(&elf, 0);
	while (insn_at(&elf, ".text", i).code != (BPF_LD | BPF_DW | BPF_IMM))
		i++;
	assert_int_equal(insn_at(&elf, ".text", i).src_reg, BPF_PSEUDO_MAP_VALUE);
	assert_int_equal(insn_at(&elf, ".text", i).imm, COUNTER_FD);
	assert_int_equal(insn_at(&elf, ".text", i + 1).imm, COUNTER_AT);
	eub_buf_done(&out);
}

static void test_nothing_to_count(void **state EUB_UNUSED)
{
	static const struct bpf_insn other[] = { CALL(BPF_FUNC_ktime_get_ns), EXIT };
	static const struct bpf_insn reserve[] = { CALL(BPF_FUNC_ringbuf_reserve), EXIT };
	struct eub_buf out = EUB_BUF_INIT;

	assert_int_equal(count_in("tp/a/b", other, EUB_ARRAY_SIZE(other), &out), 0);
	assert_int_equal(out.len, 0);
	/* Without a section of its own it is a program, and could be no subprogram beside others.
	 */
	assert_int_equal(count_in(".text", reserve, EUB_ARRAY_SIZE(reserve), &out), 0);
	assert_int_equal(out.len, 0);
}

static void test_damaged_objects(void **state EUB_UNUSED)
{
	static const struct bpf_insn insns[] = { CALL(BPF_FUNC_ringbuf_reserve), EXIT };
	struct eub_buf object = EUB_BUF_INIT;
	struct eub_buf out = EUB_BUF_INIT;

	assert_int_equal(eun__gate_elf_build("tp/a/b", insns, EUB_ARRAY_SIZE(insns), &object), 0);
	for (size_t n = 0; n < object.len; n++) {
		struct eun_error err = EUN_ERROR_INIT;

		assert_int_equal(eun__ring_count_add(object.data, n, &counter, &out, &err),
				 -EINVAL);
		assert_true(err.message[0] != '\0');
		eun_error_done(&err);
	}
	eub_buf_done(&object);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_calls_are_exchanged),
		cmocka_unit_test(test_functions_have_symbols),
		cmocka_unit_test(test_counter_is_named),
		cmocka_unit_test(test_nothing_to_count),
		cmocka_unit_test(test_damaged_objects),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
