/* SPDX-License-Identifier: Apache-2.0 */
/* Pins of filters: any folder takes symbolic links. Filters themselves: tests/kernel. */
#include "object/tc_filter.h"

#include "base/macro.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[64];
static char path[128];

static int setup(void **state EUB_UNUSED)
{
	(void)snprintf(folder, sizeof(folder), "/tmp/eunomia-tc-filter-XXXXXX");
	assert_non_null(mkdtemp(folder));
	(void)snprintf(path, sizeof(path), "%s/link0", folder);
	return 0;
}

static int teardown(void **state EUB_UNUSED)
{
	(void)unlink(path);
	return rmdir(folder);
}

static void test_there_and_back(void **state EUB_UNUSED)
{
	const struct eun__tc_filter filter = { .ifindex = INT32_MAX,
					       .direction = EUN__DIRECTION_EGRESS,
					       .handle = 1,
					       .priority = 49152,
					       .program_id = UINT32_MAX };
	struct eun__tc_filter found;

	assert_int_equal(eun__tc_filter_pin(&filter, path), 0);
	assert_int_equal(eun__tc_filter_pin(&filter, path), -EEXIST);
	assert_int_equal(eun__tc_filter_adopt(path, &found), 0);
	assert_memory_equal(&found, &filter, sizeof(filter));
}

static void test_damaged_pins(void **state EUB_UNUSED)
{
	static const char *const texts[] = {
		"x",
		"tc ",
		"tc 1 1 1 1",
		"tc 1 1 1 1 1 1",
		"tc 1 1 1 1 1 ",
		"tc 1  1 1 1",
		"tc 0 1 1 1 1",
		"tc 2147483648 1 1 1 1",
		"tc 1 0 1 1 1",
		"tc 1 3 1 1 1",
		"tc 1 1 4294967296 1 1",
		"tc 1 1 1 -1 1",
		"tc one 1 1 1 1",
	};
	struct eun__tc_filter filter;

	for (size_t i = 0; i < EUB_ARRAY_SIZE(texts); i++) {
		assert_int_equal(symlink(texts[i], path), 0);
		assert_int_equal(eun__tc_filter_adopt(path, &filter), -EINVAL);
		eun__tc_filter_detach_pinned(path); /* leaves it alone */
		assert_int_equal(unlink(path), 0);
	}
}

static void test_other_files(void **state EUB_UNUSED)
{
	struct eun__tc_filter filter;
	int fd;

	assert_int_equal(eun__tc_filter_adopt(path, &filter), -ENOENT);
	fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	(void)close(fd);
	assert_int_equal(eun__tc_filter_adopt(path, &filter), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_there_and_back, setup, teardown),
		cmocka_unit_test_setup_teardown(test_damaged_pins, setup, teardown),
		cmocka_unit_test_setup_teardown(test_other_files, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
