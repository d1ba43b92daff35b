/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of a report that a host made of files gives. */
#include "report.h"

#include "base/str.h"
#include "host_tree.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>

#include <cmocka.h>

struct fixture {
	struct host_tree tree;
	struct report report;
	struct eun_error err;
	char *text; /* of the last part */
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	host_tree_init(&f->tree);
	f->report =
	    (struct report){ .root = f->tree.path, .doctor = &f->tree.doctor, .n_lines = 7 };
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	host_tree_done(&f->tree);
	eun_error_done(&f->err);
	free(f->text);
	free(f);
	return 0;
}

static int gather(struct fixture *f,
		  int (*part)(const struct report *, struct eub_buf *, struct eun_error *))
{
	struct eub_buf out = EUB_BUF_INIT;
	int r;

	eun_error_done(&f->err);
	free(f->text);
	r = part(&f->report, &out, &f->err);
	f->text = eub_buf_take_string(&out);
	assert_non_null(f->text);
	return r;
}

static void expect(const struct fixture *f, const char *words)
{
	if (!strstr(f->text, words))
		fail_msg("'%s' is not in\n%s", words, f->text);
}

static void test_kernel(void **state)
{
	struct fixture *f = *state;

	host_tree_write(&f->tree, "/proc/sys/kernel/osrelease", "6.18.4\n");
	host_tree_write(&f->tree, "/proc/cmdline", "root=/dev/sda1 lsm=bpf\n");
	assert_int_equal(gather(f, report_kernel), 0);
	expect(f, "==> /proc/sys/kernel/osrelease <==\n6.18.4\n");
	expect(f, "==> /proc/cmdline <==\nroot=[redacted] lsm=bpf\n");
	expect(f, "cannot read '/sys/kernel/security/lsm': No such file or directory\n");
}

static void test_mounts(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(gather(f, report_mounts), -ENOENT);
	host_tree_write(&f->tree, "/proc/self/mountinfo",
			"1 0 8:1 / / rw - ext4 /dev/x rw\n2 1 0:2 / /sys/fs/bpf rw - bpf bpf rw\n");
	assert_int_equal(gather(f, report_mounts), 0);
	assert_string_equal(f->text, "2 1 0:2 / /sys/fs/bpf rw - bpf bpf rw\n");
}

static void test_libraries(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(gather(f, report_libraries), -ENOENT);
	host_tree_write(&f->tree, "/proc/self/maps",
			"7f00-7f01 r--p 00000000 08:01 1 /usr/lib/libbpf.so.1.1.0\n"
			"7f01-7f02 r-xp 00000000 08:01 1 /usr/lib/libbpf.so.1.1.0\n"
			"7f02-7f03 r-xp 00000000 08:01 1 /usr/bin/eunomiactl\n"
			"7f03-7f04 rw-p 00000000 00:00 0 [heap]\n");
	assert_int_equal(gather(f, report_libraries), 0);
	assert_string_equal(f->text, "==> eunomiactl <==\n/usr/lib/libbpf.so.1.1.0\n");
	f->tree.doctor.agent_pid = 42;
	assert_int_equal(gather(f, report_libraries), 0);
	expect(f, "==> eunomiad <==\ncannot read '/proc/42/maps'");
}

static void test_config(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(gather(f, report_config), -ENOENT);
	assert_non_null(strstr(f->err.message, "/etc/eunomia/eunomiad.conf"));
	host_tree_write(&f->tree, "/etc/eunomia/eunomiad.conf", "[Agent]\nToken=abc\n");
	assert_int_equal(gather(f, report_config), 0);
	assert_string_equal(f->text, "[Agent]\nToken=[redacted]\n");
}

/* A program that prints its words and @text. */
static void make_program(const struct fixture *f, const char *name, const char *text)
{
	char script[256];
	char path[128];

	(void)snprintf(script, sizeof(script), "#!/bin/sh\n%s\n", text);
	(void)snprintf(path, sizeof(path), "/bin/%s", name);
	host_tree_write(&f->tree, path, script);
	(void)snprintf(path, sizeof(path), "%s/bin/%s", f->tree.path, name);
	assert_int_equal(chmod(path, 0755), 0);
	(void)snprintf(path, sizeof(path), "%s/bin:/usr/bin:/bin", f->tree.path);
	assert_int_equal(setenv("PATH", path, 1), 0);
}

static void test_programs(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(setenv("PATH", "/nonexistent", 1), 0);
	assert_int_equal(gather(f, report_journal), -ENOENT);
	assert_string_equal(f->err.message, "there is no journalctl");
	make_program(f, "journalctl", "echo \"$@\"");
	assert_int_equal(gather(f, report_journal), 0);
	expect(f, "--identifier=eunomiad ");
	expect(f, "--lines 7\n");
	make_program(f, "journalctl", "exit 1");
	assert_int_equal(gather(f, report_journal), -ENODATA);
	assert_non_null(strstr(f->err.message, "says nothing, and ends with status 1"));
	make_program(f, "systemctl", "echo Environment=KEY=value");
	assert_int_equal(gather(f, report_unit), 0);
	expect(f, "Environment=[redacted, 9 bytes]\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_kernel, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_mounts, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_libraries, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_config, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_programs, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
