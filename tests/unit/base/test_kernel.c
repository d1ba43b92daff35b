/* SPDX-License-Identifier: Apache-2.0 */
/* What the kernel says of itself, on made files. */
/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

#include "base/kernel.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

static char path[] = "/tmp/eunomia-kernel-XXXXXX";

static int setup(void **state)
{
	int fd;

	(void)state;
	memcpy(path + strlen(path) - 6, "XXXXXX", 6);
	fd = mkstemp(path);
	assert_true(fd >= 0);
	return close(fd);
}

static int teardown(void **state)
{
	(void)state;
	return unlink(path);
}

static void write_file(const char *text, size_t n)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, n, file), n);
	assert_int_equal(fclose(file), 0);
}

static int find_bpf(const char *text, char list[static EUB_KERNEL_WORDS_MAX])
{
	write_file(text, strlen(text));
	return eub_kernel_find_lsm(path, "bpf", list);
}

static void test_lsm(void **state)
{
	char list[EUB_KERNEL_WORDS_MAX];

	(void)state;
	assert_int_equal(find_bpf("lockdown,capability,yama,bpf", list), 1);
	assert_string_equal(list, "lockdown,capability,yama,bpf");
	assert_int_equal(find_bpf("bpf\n", list), 1);
	assert_string_equal(list, "bpf");
	assert_int_equal(find_bpf("lockdown,capability,tomoyo\n", list), 0);
	assert_string_equal(list, "lockdown,capability,tomoyo");
	assert_int_equal(find_bpf("bpfx,xbpf", list), 0);
	assert_int_equal(find_bpf("", list), 0);
}

static void test_lsm_that_cannot_be_known(void **state)
{
	char list[EUB_KERNEL_WORDS_MAX];
	char large[EUB_KERNEL_WORDS_MAX + 1];

	(void)state;
	assert_int_equal(eub_kernel_find_lsm("/tmp/eunomia-no-such", "bpf", list), -ENOENT);
	memset(large, 'x', sizeof(large));
	write_file(large, sizeof(large));
	assert_int_equal(eub_kernel_find_lsm(path, "bpf", list), -EFBIG);
}

static int get_lockdown(const char *text, char level[static EUB_KERNEL_WORDS_MAX])
{
	write_file(text, strlen(text));
	return eub_kernel_get_lockdown(path, level);
}

static void test_lockdown(void **state)
{
	char level[EUB_KERNEL_WORDS_MAX];

	(void)state;
	assert_int_equal(get_lockdown("[none] integrity confidentiality\n", level), 0);
	assert_string_equal(level, "none");
	assert_int_equal(get_lockdown("none integrity [confidentiality]", level), 0);
	assert_string_equal(level, "confidentiality");
	assert_int_equal(get_lockdown("none integrity confidentiality", level), -EINVAL);
	assert_int_equal(get_lockdown("none [integrity", level), -EINVAL);
	assert_int_equal(get_lockdown("", level), -EINVAL);
	assert_int_equal(eub_kernel_get_lockdown("/tmp/eunomia-no-such", level), -ENOENT);
}

static void test_release(void **state)
{
	struct utsname uts;
	unsigned int major;
	unsigned int minor;

	(void)state;
	assert_int_equal(uname(&uts), 0);
	assert_int_equal(sscanf(uts.release, "%u.%u", &major, &minor), 2);
	assert_true(eub_kernel_is_at_least(major, minor));
	assert_true(eub_kernel_is_at_least(major - 1, minor + 1));
	assert_false(eub_kernel_is_at_least(major, minor + 1));
	assert_false(eub_kernel_is_at_least(major + 1, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_lsm, setup, teardown),
		cmocka_unit_test_setup_teardown(test_lsm_that_cannot_be_known, setup, teardown),
		cmocka_unit_test_setup_teardown(test_lockdown, setup, teardown),
		cmocka_unit_test(test_release),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
