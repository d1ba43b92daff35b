/* SPDX-License-Identifier: Apache-2.0 */
/* Capabilities, user namespaces and limits. */
#include "base/macro.h"
#include "host_tree.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

/* As the kernel writes it: bits 38, 39, 12, 2, and 21 for CAP_SYS_ADMIN. */
#define STATUS(mask) "Name:\teunomiad\nCapPrm:\tffffffffffffffff\nCapEff:\t" mask "\nSeccomp:\t0\n"
#define ALL	     STATUS("000001ffffffffff")
#define NONE	     STATUS("0000000000000000")
#define FOUR	     STATUS("000000c000001004")
#define TRACING	     STATUS("000000c000000000")
#define ADMIN	     STATUS("0000000000200000")

static void test_own_rights(void **state)
{
	static const struct {
		const char *status;
		enum doctor_level level;
		const char *evidence, *remedy;
	} cases[] = {
		{ ALL, DOCTOR_OK, "may load", NULL },
		{ TRACING, DOCTOR_OK, "may load", NULL },
		{ ADMIN, DOCTOR_OK, "may load", NULL },
		{ NONE, DOCTOR_NOTE, "may not load", "sudo" },
		{ "Name:\tx\n", DOCTOR_NOTE, "cannot look at", NULL },
		{ "CapEff:\tz\n", DOCTOR_NOTE, "cannot look at", NULL },
	};
	struct host_tree tree;

	(void)state;
	host_tree_init(&tree);
	for (size_t i = 0; i < EUB_ARRAY_SIZE(cases); i++) {
		host_tree_write(&tree, "/proc/self/status", cases[i].status);
		host_tree_check(&tree, doctor_check_own_rights);
		host_tree_expect(&tree, 0, cases[i].level, cases[i].evidence, cases[i].remedy);
	}
	host_tree_done(&tree);
}

static void test_agent_rights(void **state)
{
	struct host_tree tree;

	(void)state;
	host_tree_init(&tree);
	host_tree_check(&tree, doctor_check_agent_rights);
	assert_int_equal(tree.doctor.n_findings, 0); /* there is no agent */
	tree.doctor.agent_pid = 42;
	host_tree_check(&tree, doctor_check_agent_rights);
	host_tree_expect(&tree, 0, DOCTOR_NOTE, "cannot look at the agent's rights", NULL);
	host_tree_write(&tree, "/proc/42/status", FOUR);
	host_tree_check(&tree, doctor_check_agent_rights);
	host_tree_expect(&tree, 0, DOCTOR_OK, "the capabilities that it needs", NULL);
	host_tree_write(&tree, "/proc/42/status", TRACING);
	host_tree_check(&tree, doctor_check_agent_rights);
	assert_int_equal(tree.doctor.n_findings, 2);
	host_tree_expect(&tree, 0, DOCTOR_NOTE, "CAP_NET_ADMIN", "AmbientCapabilities");
	host_tree_write(&tree, "/proc/42/status", NONE);
	host_tree_check(&tree, doctor_check_agent_rights);
	assert_int_equal(doctor_count(&tree.doctor, DOCTOR_PROBLEM), 2);
	host_tree_done(&tree);
}

static void test_user_namespace(void **state)
{
	static const struct {
		const char *map;
		enum doctor_level level;
	} cases[] = {
		{ "         0          0 4294967295\n", DOCTOR_OK },
		{ "         0     100000      65536\n", DOCTOR_WARNING },
		{ "         0          0          1\n", DOCTOR_WARNING },
		{ "", DOCTOR_NOTE },
	};
	struct host_tree tree;

	(void)state;
	host_tree_init(&tree);
	for (size_t i = 0; i < EUB_ARRAY_SIZE(cases); i++) {
		host_tree_write(&tree, "/proc/self/uid_map", cases[i].map);
		host_tree_check(&tree, doctor_check_user_namespace);
		assert_int_equal(tree.doctor.findings[0].level, cases[i].level);
	}
	host_tree_done(&tree);
}

#define LIMITS(value) "Limit      Soft Limit\nMax locked memory         " value "   8388608 bytes\n"

static void test_memlock(void **state)
{
	struct host_tree tree;

	(void)state;
	host_tree_init(&tree);
	host_tree_write(&tree, "/proc/sys/kernel/osrelease", "5.11.0");
	host_tree_check(&tree, doctor_check_memlock);
	host_tree_expect(&tree, 0, DOCTOR_OK, "does not count", NULL);
	host_tree_write(&tree, "/proc/sys/kernel/osrelease", "5.10.0");
	host_tree_check(&tree, doctor_check_memlock);
	host_tree_expect(&tree, 0, DOCTOR_NOTE, "cannot look at /proc/self/limits", NULL);
	host_tree_write(&tree, "/proc/self/limits", LIMITS("65536"));
	host_tree_check(&tree, doctor_check_memlock);
	host_tree_expect(&tree, 0, DOCTOR_WARNING, "65536 bytes", "LimitMEMLOCK=infinity");
	tree.doctor.agent_pid = 42;
	host_tree_write(&tree, "/proc/42/limits", LIMITS("unlimited"));
	host_tree_check(&tree, doctor_check_memlock);
	host_tree_expect(&tree, 0, DOCTOR_OK, "large enough", NULL);
	host_tree_done(&tree);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_own_rights),
		cmocka_unit_test(test_agent_rights),
		cmocka_unit_test(test_user_namespace),
		cmocka_unit_test(test_memlock),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
