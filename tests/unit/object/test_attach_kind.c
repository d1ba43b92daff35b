/* SPDX-License-Identifier: Apache-2.0 */
#include "object/attach_kind.h"

#include "base/macro.h"
#include "object/gate_elf.h"

#include <bpf/libbpf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void test_find(void **state EUB_UNUSED)
{
	static const struct {
		const char *section;
		const char *name;
		enum eun__gate_how gate;
		enum eun__attach_how attach;
		int32_t verdict;
	} rows[] = {
		{ "tp/syscalls/sys_enter_openat", "tracepoint", EUN__GATE_ELF, EUN__ATTACH_AUTO,
		  0 },
		{ "tracepoint/sched/sched_switch", "tracepoint", EUN__GATE_ELF, EUN__ATTACH_AUTO,
		  0 },
		{ "raw_tp/sys_enter", "raw_tp", EUN__GATE_ELF, EUN__ATTACH_AUTO, 0 },
		{ "tp_btf/sys_enter", "tp_btf", EUN__GATE_BTF, EUN__ATTACH_AUTO, 0 },
		{ "uprobe//bin/bash:readline", "uprobe", EUN__GATE_ELF, EUN__ATTACH_AUTO, 0 },
		{ "uprobe.s//bin/bash:readline", "uprobe.s", EUN__GATE_NONE, EUN__ATTACH_AUTO, 0 },
		{ "uprobe", "uprobe", EUN__GATE_ELF, EUN__ATTACH_TARGET, 0 },
		{ "kprobe/do_unlinkat", "kprobe", EUN__GATE_ELF, EUN__ATTACH_AUTO, 0 },
		{ "perf_event", "perf_event", EUN__GATE_ELF, EUN__ATTACH_PERF_EVENT, 0 },
		{ "xdp", "xdp", EUN__GATE_ELF, EUN__ATTACH_TARGET, 2 },
		{ "xdp.frags", "xdp", EUN__GATE_ELF, EUN__ATTACH_TARGET, 2 },
		{ "xdp/devmap", "xdp map entry", EUN__GATE_NONE, EUN__ATTACH_NEVER, 2 },
		{ "xdp.frags/cpumap", "xdp map entry", EUN__GATE_NONE, EUN__ATTACH_NEVER, 2 },
		{ "tcx/egress", "tcx", EUN__GATE_ELF, EUN__ATTACH_TARGET, -1 },
		{ "lsm_cgroup/socket_bind", "lsm_cgroup", EUN__GATE_NONE, EUN__ATTACH_TARGET, 1 },
		{ "tc", "tc", EUN__GATE_ELF, EUN__ATTACH_TARGET, -1 },
		{ "cgroup_skb/egress", "cgroup", EUN__GATE_ELF, EUN__ATTACH_TARGET, 1 },
		{ "lwt_in", "lwt", EUN__GATE_NONE, EUN__ATTACH_TARGET, 0 },
		{ "syscall", "syscall", EUN__GATE_NONE, EUN__ATTACH_NEVER, 0 },
	};

	for (size_t i = 0; i < EUB_ARRAY_SIZE(rows); i++) {
		const struct eun__attach_kind *kind = eun__attach_kind_find(rows[i].section);

		assert_non_null(kind);
		assert_string_equal(kind->name, rows[i].name);
		assert_int_equal(kind->gate, rows[i].gate);
		assert_int_equal(kind->attach, rows[i].attach);
		assert_int_equal(kind->verdict, rows[i].verdict);
	}
}

static void test_unknown_sections(void **state EUB_UNUSED)
{
	static const char *const sections[] = { "", "x", "tp", "xdpx", "tracepoint", ".text" };

	for (size_t i = 0; i < EUB_ARRAY_SIZE(sections); i++)
		assert_null(eun__attach_kind_find(sections[i]));
}

/* Of one program, and no maps. */
static struct bpf_object *open_object(const char *section)
{
	static const struct bpf_insn insns[] = { { .code = BPF_ALU64 | BPF_MOV | BPF_K },
						 { .code = BPF_JMP | BPF_EXIT } };
	struct eub_buf elf = EUB_BUF_INIT;
	struct bpf_object *object;

	assert_int_equal(eun__gate_elf_build(section, insns, EUB_ARRAY_SIZE(insns), &elf), 0);
	object = bpf_object__open_mem(elf.data, elf.len, NULL);
	assert_non_null(object);
	eub_buf_done(&elf);
	return object;
}

static void test_reasons(void **state EUB_UNUSED)
{
	static const struct {
		const char *section;
		const char *part;
	} rows[] = {
		{ "tp/a/b", "" },     { "cgroup_skb/egress", "" },     { "lsm.s/x", "sleepable" },
		{ "usdt/x", "USDT" }, { "iter/task", "of this type" },
	};

	for (size_t i = 0; i < EUB_ARRAY_SIZE(rows); i++) {
		struct bpf_object *object = open_object(rows[i].section);
		const char *reason =
		    eun__attach_kind_no_gate_reason(eun__attach_kind_find(rows[i].section), object);

		assert_non_null(strstr(reason, rows[i].part));
		assert_int_equal(!*reason, !*rows[i].part);
		bpf_object__close(object);
	}
}

static enum bpf_prog_type complete(const char *section)
{
	struct bpf_object *object = open_object(section);
	struct bpf_program *program = bpf_object__next_program(object, NULL);
	enum bpf_prog_type type;

	eun__attach_kind_complete(program);
	type = bpf_program__type(program);
	bpf_object__close(object);
	return type;
}

static void test_complete(void **state EUB_UNUSED)
{
	assert_int_equal(complete("tcx/ingress"), BPF_PROG_TYPE_SCHED_CLS);
	assert_int_equal(complete("netkit/peer"), BPF_PROG_TYPE_SCHED_CLS);
	assert_int_equal(complete("xdp"), BPF_PROG_TYPE_XDP);
	assert_int_equal(complete("no-such"), BPF_PROG_TYPE_UNSPEC);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_unknown_sections),
		cmocka_unit_test(test_reasons),
		cmocka_unit_test(test_complete),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
