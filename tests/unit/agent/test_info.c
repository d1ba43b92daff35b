/* SPDX-License-Identifier: Apache-2.0 */
/* The table of kernel features. What is there depends on the machine; that each is told does not.
 */
#include "info.h"

#include "agent_test.h"
#include "base/fd.h"
#include "base/str.h"

#include <stdbool.h>

static bool find(const char *name, struct info_feature *ret_feature)
{
	for (size_t i = 0; info_probe(i, ret_feature); i++)
		if (eub_streq(ret_feature->name, name))
			return true;
	return false;
}

static void test_every_missing_feature_says_why(void **state)
{
	struct info_feature feature;
	size_t n = 0;

	(void)state;
	for (; info_probe(n, &feature); n++) {
		assert_true(feature.name[0] != '\0');
		assert_int_equal(feature.is_available, feature.detail[0] == '\0');
	}
	assert_true(n >= 10);
	assert_false(info_probe(n + 1, &feature));
}

static void test_kernel_btf_is_what_the_file_says(void **state)
{
	struct info_feature feature;

	(void)state;
	assert_true(find("kernel-btf", &feature));
	assert_int_equal(feature.is_available, access("/sys/kernel/btf/vmlinux", F_OK) == 0);
}

/* The switch is readable in the first network namespace, and by root. */
static void test_jit_is_what_the_switch_says(void **state)
{
	struct info_feature feature;
	char text[16];

	(void)state;
	if (eub_read_line("/proc/sys/net/core/bpf_jit_enable", text, sizeof(text)) < 0 ||
	    !find("tracepoint", &feature) || !feature.is_available)
		skip();
	assert_true(find("bpf-jit", &feature));
	assert_int_equal(feature.is_available, text[0] != '0');
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_missing_feature_says_why),
		cmocka_unit_test(test_kernel_btf_is_what_the_file_says),
		cmocka_unit_test(test_jit_is_what_the_switch_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
