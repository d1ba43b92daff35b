/* SPDX-License-Identifier: Apache-2.0 */
/* Kernels that can much, little and nothing, made of files. */
#include "base/macro.h"
#include "host_tree.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void test_releases(void **state)
{
	static const struct {
		const char *release;
		size_t n_problems, n_warnings, n_notes;
	} kernels[] = {
		{ "6.18.4-amd64", 0, 0, 0 }, { "6.6.0", 0, 0, 0 },
		{ "6.5.13+", 0, 0, 1 },	     { "5.15.0-100-generic", 0, 0, 2 },
		{ "5.10.0-28", 0, 1, 3 },    { "4.19.0", 1, 1, 3 },
		{ "10.0", 0, 0, 0 },	     { "unknown", 0, 0, 1 },
	};
	struct host_tree tree;

	(void)state;
	host_tree_init(&tree);
	for (size_t i = 0; i < EUB_ARRAY_SIZE(kernels); i++) {
		host_tree_write(&tree, "/proc/sys/kernel/osrelease", kernels[i].release);
		host_tree_check(&tree, doctor_check_kernel);
		assert_int_equal(doctor_count(&tree.doctor, DOCTOR_PROBLEM), kernels[i].n_problems);
		assert_int_equal(doctor_count(&tree.doctor, DOCTOR_WARNING), kernels[i].n_warnings);
		assert_int_equal(doctor_count(&tree.doctor, DOCTOR_NOTE), kernels[i].n_notes);
	}
	host_tree_expect(&tree, 0, DOCTOR_NOTE, "cannot tell the version of Linux 'unknown'", NULL);
	host_tree_done(&tree);
}

/* Every check on a host on which nothing can be seen is a note, or a problem that is one. */
static void test_nothing_there(void **state)
{
	static const struct {
		void (*check)(struct doctor *doctor);
		enum doctor_level level;
		const char *evidence, *remedy;
	} checks[] = {
		{ doctor_check_kernel, DOCTOR_NOTE, "cannot look at", NULL },
		{ doctor_check_btf, DOCTOR_PROBLEM, "there is no /sys/kernel/btf/vmlinux",
		  "CONFIG_DEBUG_INFO_BTF" },
		{ doctor_check_jit, DOCTOR_NOTE, "cannot look at", NULL },
		{ doctor_check_unprivileged, DOCTOR_NOTE, "cannot look at", NULL },
		{ doctor_check_lsm, DOCTOR_NOTE, "cannot look at", "mount -t securityfs" },
		{ doctor_check_lockdown, DOCTOR_NOTE, "cannot look at", NULL },
	};
	struct host_tree tree;

	(void)state;
	host_tree_init(&tree);
	for (size_t i = 0; i < EUB_ARRAY_SIZE(checks); i++) {
		host_tree_check(&tree, checks[i].check);
		host_tree_expect(&tree, 0, checks[i].level, checks[i].evidence, checks[i].remedy);
	}
	host_tree_done(&tree);
}

static void test_values(void **state)
{
	static const struct {
		const char *path, *text;
		void (*check)(struct doctor *doctor);
		enum doctor_level level;
		const char *evidence, *remedy;
	} cases[] = {
		{ "/sys/kernel/btf/vmlinux", "12345", doctor_check_btf, DOCTOR_OK, "5 bytes",
		  NULL },
		{ "/proc/sys/net/core/bpf_jit_enable", "1\n", doctor_check_jit, DOCTOR_OK, "is 1",
		  NULL },
		{ "/proc/sys/net/core/bpf_jit_enable", "0\n", doctor_check_jit, DOCTOR_WARNING,
		  "interpreted", "sysctl net.core.bpf_jit_enable=1" },
		{ "/proc/sys/kernel/unprivileged_bpf_disabled", "0\n", doctor_check_unprivileged,
		  DOCTOR_NOTE, "every user", "unprivileged_bpf_disabled=2" },
		{ "/proc/sys/kernel/unprivileged_bpf_disabled", "2\n", doctor_check_unprivileged,
		  DOCTOR_OK, "is 2", NULL },
		{ "/sys/kernel/security/lsm", "lockdown,yama,bpf\n", doctor_check_lsm, DOCTOR_OK,
		  "active: lockdown,yama,bpf", NULL },
		{ "/sys/kernel/security/lsm", "lockdown,bpfx", doctor_check_lsm, DOCTOR_NOTE,
		  "'bpf' is not among them", "lsm=lockdown,bpfx,bpf" },
		{ "/sys/kernel/security/lockdown", "[none] integrity confidentiality\n",
		  doctor_check_lockdown, DOCTOR_OK, "none", NULL },
		{ "/sys/kernel/security/lockdown", "none integrity [confidentiality]\n",
		  doctor_check_lockdown, DOCTOR_PROBLEM, "lets no program read its memory",
		  "lockdown=integrity" },
	};
	struct host_tree tree;

	(void)state;
	host_tree_init(&tree);
	for (size_t i = 0; i < EUB_ARRAY_SIZE(cases); i++) {
		host_tree_write(&tree, cases[i].path, cases[i].text);
		host_tree_check(&tree, cases[i].check);
		host_tree_expect(&tree, 0, cases[i].level, cases[i].evidence, cases[i].remedy);
	}
	host_tree_done(&tree);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_releases),
		cmocka_unit_test(test_nothing_there),
		cmocka_unit_test(test_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
