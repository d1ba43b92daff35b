/* SPDX-License-Identifier: Apache-2.0 */
/* Folders, the clock and programs. */
#include "base/clock.h"
#include "host_tree.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>

#include <cmocka.h>

static void test_state(void **state)
{
	struct host_tree tree;

	(void)state;
	host_tree_init(&tree);
	host_tree_check(&tree, doctor_check_state);
	host_tree_expect(&tree, 0, DOCTOR_NOTE, "there is no /var/lib/eunomia yet", NULL);
	host_tree_make_folder(&tree, "/var/lib/eunomia");
	host_tree_check(&tree, doctor_check_state);
	host_tree_expect(&tree, 0, DOCTOR_OK, " MB left", NULL);
	/* The kernel's own file system has no room at all. */
	tree.doctor.root = "";
	tree.doctor.state_dir = "/proc";
	host_tree_check(&tree, doctor_check_state);
	host_tree_expect(&tree, 0, DOCTOR_PROBLEM, "0 bytes", "free space");
	tree.doctor.state_dir = "/proc/self/cmdline/x";
	host_tree_check(&tree, doctor_check_state);
	host_tree_expect(&tree, 0, DOCTOR_NOTE, "cannot look at", NULL);
	host_tree_done(&tree);
}

static void test_trackers(void **state)
{
	struct host_tree tree;

	(void)state;
	host_tree_init(&tree);
	tree.doctor.trackers_dir = "/trackers";
	host_tree_check(&tree, doctor_check_trackers);
	host_tree_expect(&tree, 0, DOCTOR_NOTE, "there are no trackers in /trackers",
			 "eunomia-trackers");
	host_tree_write(&tree, "/trackers/a.json", "{}");
	host_tree_write(&tree, "/trackers/b.bpf.o", "");
	host_tree_check(&tree, doctor_check_trackers);
	host_tree_expect(&tree, 0, DOCTOR_OK, "2 trackers", NULL);
	tree.doctor.trackers_dir = "/trackers/a.json";
	host_tree_check(&tree, doctor_check_trackers);
	host_tree_expect(&tree, 0, DOCTOR_NOTE, "cannot look at", NULL);
	host_tree_done(&tree);
}

static void test_clock(void **state)
{
	struct host_tree tree;

	(void)state;
	host_tree_init(&tree);
	host_tree_check(&tree, doctor_check_clock);
	host_tree_expect(&tree, 0, DOCTOR_NOTE, "cannot look at", NULL);
	host_tree_write(&tree, "/proc/self/exe", "program");
	host_tree_check(&tree, doctor_check_clock);
	host_tree_expect(&tree, 0, DOCTOR_OK, "Z", NULL);
	eub_clock_set_for_test(1000000000);
	host_tree_check(&tree, doctor_check_clock);
	host_tree_expect(&tree, 0, DOCTOR_WARNING, "1970-01-01T00:00:01", "set the clock");
	eub_clock_set_for_test(0);
	host_tree_done(&tree);
}

static void test_clang(void **state)
{
	struct host_tree tree;
	char path[128];

	(void)state;
	host_tree_init(&tree);
	assert_int_equal(setenv("PATH", tree.path, 1), 0);
	host_tree_check(&tree, doctor_check_clang);
	host_tree_expect(&tree, 0, DOCTOR_NOTE, "there is no clang", "install clang");
	host_tree_write(&tree, "/clang", "");
	(void)snprintf(path, sizeof(path), "%s/clang", tree.path);
	assert_int_equal(chmod(path, 0755), 0);
	host_tree_check(&tree, doctor_check_clang);
	host_tree_expect(&tree, 0, DOCTOR_OK, path, NULL);
	host_tree_done(&tree);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_state),
		cmocka_unit_test(test_trackers),
		cmocka_unit_test(test_clock),
		cmocka_unit_test(test_clang),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
