/* SPDX-License-Identifier: Apache-2.0 */
/* What kinds of hooks need: LSM programs on made lists of security modules. */
#include "object/need.h"

#include "base/kernel.h"
#include "base/str.h"

/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

static void make_file(char path[static 64], const char *text)
{
	FILE *file;
	int fd;

	(void)snprintf(path, 64, "/tmp/eunomia-need-XXXXXX");
	fd = mkstemp(path);
	assert_true(fd >= 0);
	file = fdopen(fd, "w");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static void test_lsm_is_refused(void **state)
{
	struct eun_error err = EUN_ERROR_INIT;
	char path[64];

	(void)state;
	make_file(path, "lockdown,capability,yama,apparmor,tomoyo");
	assert_int_equal(eun__need_check_lsm(path, &err), -EOPNOTSUPP);
	assert_int_equal(err.reason, EUN_REASON_UNSUPPORTED);
	assert_non_null(strstr(err.message, "(lockdown,capability,yama,apparmor,tomoyo)"));
	assert_non_null(strstr(err.hint, "lsm=lockdown,capability,yama,apparmor,tomoyo,bpf "));
	assert_int_equal(unlink(path), 0);
	eun_error_done(&err);
}

static void test_lsm_passes(void **state)
{
	struct eun_error err = EUN_ERROR_INIT;
	char path[64];

	(void)state;
	make_file(path, "lockdown,capability,bpf\n");
	assert_int_equal(eun__need_check_lsm(path, &err), 0);
	assert_int_equal(unlink(path), 0);
	/* Not to be known is no reason to refuse. */
	assert_int_equal(eun__need_check_lsm(path, &err), 0);
	assert_int_equal(err.code, 0);
}

static void test_remark(void **state)
{
	char remark[EUN__REMARK_MAX];

	(void)state;
	eun__need_get_remark(eun__attach_kind_find("lsm/file_open"), "/tmp/eunomia-no-such",
			     remark);
	assert_non_null(strstr(remark, "'/tmp/eunomia-no-such'"));
	assert_non_null(strstr(remark, "mount -t securityfs"));
	eun__need_get_remark(eun__attach_kind_find("kprobe/x"), "/tmp/eunomia-no-such", remark);
	assert_string_equal(remark, "");
}

/* Tracepoints have none; the refusal of others must be whole. */
static void test_kinds(void **state)
{
	static const char *const sections[] = { "kprobe/x",	  "kprobe.multi/x", "uprobe/x",
						"uprobe.multi/x", "fentry/x",	    "lsm/x" };

	(void)state;
	assert_int_equal(eun__need_check(eun__attach_kind_find("tracepoint/a/b"), NULL), 0);
	for (size_t i = 0; i < EUB_ARRAY_SIZE(sections); i++) {
		struct eun_error err = EUN_ERROR_INIT;
		int r = eun__need_check(eun__attach_kind_find(sections[i]), &err);

		assert_true(r == 0 || r == -EOPNOTSUPP);
		assert_true((r < 0) == (err.message[0] != '\0'));
		assert_true((r < 0) == (err.hint[0] != '\0'));
		eun_error_done(&err);
	}
}

/* The libbpf that runs decides, not the one that was built with. */
static void test_libbpf(void **state)
{
	bool is_old = libbpf_major_version() == 1 && libbpf_minor_version() < 3;
	struct eun_error err = EUN_ERROR_INIT;
	int r = eun__need_check(eun__attach_kind_find("uretprobe.multi/x"), &err);

	(void)state;
	if (!eub_kernel_is_at_least(6, 6))
		skip();
	assert_int_equal(r, is_old ? -EOPNOTSUPP : 0);
	assert_int_equal(strstr(err.message, "libbpf 1.3") != NULL, is_old);
	eun_error_done(&err);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lsm_is_refused), cmocka_unit_test(test_lsm_passes),
		cmocka_unit_test(test_remark),	       cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_libbpf),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
