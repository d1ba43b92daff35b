/* SPDX-License-Identifier: Apache-2.0 */
/* What an error says about capabilities that a step would have needed. */
#include "object/privilege.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define DAC_READ_SEARCH (UINT64_C(1) << 2)
#define NET_ADMIN	(UINT64_C(1) << 12)
#define SYS_ADMIN	(UINT64_C(1) << 21)
#define PERFMON		(UINT64_C(1) << 38)
#define BPF		(UINT64_C(1) << 39)

static void check_kernel(enum eun__step step, uint64_t effective, bool has_bpf,
			 const char *expected)
{
	struct eun_error err = EUN_ERROR_INIT;

	eun__privilege_explain(step, effective, has_bpf, &err);
	assert_non_null(strstr(err.hint, expected));
	eun_error_done(&err);
}

static void check(enum eun__step step, uint64_t effective, const char *expected)
{
	check_kernel(step, effective, true, expected);
}

static void test_names_what_is_missing(void **state)
{
	(void)state;
	check(EUN__STEP_MAP, 0, "lacks CAP_BPF:");
	check(EUN__STEP_LOAD, BPF, "lacks CAP_PERFMON:");
	check(EUN__STEP_LOAD, 0, "lacks CAP_PERFMON CAP_BPF:");
	check(EUN__STEP_ATTACH, BPF, "lacks CAP_PERFMON:");
	check(EUN__STEP_ATTACH_NETWORK, BPF | PERFMON, "lacks CAP_NET_ADMIN:");
	check(EUN__STEP_LOOK, BPF | SYS_ADMIN, "lacks CAP_DAC_READ_SEARCH:");
	check(EUN__STEP_LOOK, 0, "CapabilityBoundingSet=");
}

/* It is not told of CAP_NET_ADMIN by who lacks what every program needs. */
static void test_what_only_some_need_comes_last(void **state)
{
	(void)state;
	check(EUN__STEP_LOAD, BPF | PERFMON, "lacks CAP_NET_ADMIN:");
	check(EUN__STEP_ATTACH_USER, BPF | PERFMON, "lacks CAP_SYS_ADMIN:");
	check(EUN__STEP_ATTACH_USER, BPF, "lacks CAP_PERFMON:");
}

static void test_nothing_is_missing(void **state)
{
	(void)state;
	check(EUN__STEP_LOAD, BPF | PERFMON | NET_ADMIN, "no capability is missing");
	check(EUN__STEP_LOAD, SYS_ADMIN, "no capability is missing");
	check(EUN__STEP_ATTACH_USER, SYS_ADMIN, "no capability is missing");
	check(EUN__STEP_LOOK, DAC_READ_SEARCH, "no capability is missing");
}

static void test_kernel_without_cap_bpf(void **state)
{
	(void)state;
	check_kernel(EUN__STEP_LOAD, NET_ADMIN, false, "lacks CAP_SYS_ADMIN:");
	check_kernel(EUN__STEP_ATTACH_NETWORK, 0, false, "lacks CAP_NET_ADMIN:");
	check_kernel(EUN__STEP_LOAD, SYS_ADMIN, false, "no capability is missing");
}

static void test_this_process(void **state)
{
	struct eun_error err = EUN_ERROR_INIT;

	(void)state;
	eun__privilege_hint(EUN__STEP_LOAD, &err);
	assert_true(strstr(err.hint, "lacks CAP_") || strstr(err.hint, "no capability is missing"));
	eun_error_done(&err);
	eun__privilege_hint(EUN__STEP_LOAD, NULL); /* who wants no words gets none */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names_what_is_missing),
		cmocka_unit_test(test_what_only_some_need_comes_last),
		cmocka_unit_test(test_nothing_is_missing),
		cmocka_unit_test(test_kernel_without_cap_bpf),
		cmocka_unit_test(test_this_process),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
