/* SPDX-License-Identifier: Apache-2.0 */
/* Tables of mounts. */
#include "base/macro.h"
#include "host_tree.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define ROOT   "21 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n"
#define SYSFS  "22 21 0:20 / /sys rw,nosuid - sysfs sysfs rw\n"
#define BPF    "30 22 0:29 / /sys/fs/bpf rw,nosuid shared:9 - bpf bpf rw,mode=700\n"
#define BPF_RO "30 22 0:29 / /sys/fs/bpf ro,nosuid shared:9 - bpf bpf rw,mode=700\n"
#define OVER   "40 30 0:50 / /sys/fs/bpf rw - tmpfs tmpfs rw\n"
#define CGROUP "31 22 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n"
#define HYBRID "31 22 0:26 / /sys/fs/cgroup ro - tmpfs tmpfs ro\n"
#define TRACE  "32 22 0:12 / /sys/kernel/tracing ro - tracefs tracefs rw\n"
#define OTHER  "32 22 0:12 / /sys/kernel/tracing-x rw - tracefs tracefs rw\n"

static void test_mounts(void **state)
{
	static const struct {
		const char *mounts;
		void (*check)(struct doctor *doctor);
		enum doctor_level level;
		const char *evidence, *remedy;
	} cases[] = {
		{ ROOT SYSFS BPF, doctor_check_bpffs, DOCTOR_OK, "bpf at /sys/fs/bpf/eunomia",
		  NULL },
		{ ROOT SYSFS, doctor_check_bpffs, DOCTOR_WARNING, "no bpf at", "mount -t bpf" },
		{ ROOT SYSFS BPF_RO, doctor_check_bpffs, DOCTOR_WARNING, "read-only",
		  "remount,rw" },
		/* The last of those at one place is the one that is seen. */
		{ ROOT SYSFS BPF OVER, doctor_check_bpffs, DOCTOR_WARNING, "no bpf at", "mount" },
		{ ROOT SYSFS CGROUP, doctor_check_cgroup, DOCTOR_OK, "cgroup2 at", NULL },
		{ ROOT SYSFS HYBRID, doctor_check_cgroup, DOCTOR_NOTE, "no cgroup2 at",
		  "systemd.unified_cgroup_hierarchy=1" },
		/* It is read only. */
		{ ROOT SYSFS TRACE, doctor_check_tracefs, DOCTOR_OK, "tracefs at", NULL },
		{ ROOT SYSFS OTHER, doctor_check_tracefs, DOCTOR_PROBLEM, "no tracefs at",
		  "mount -t tracefs" },
		{ "", doctor_check_tracefs, DOCTOR_PROBLEM, "no tracefs at", "mount" },
		{ "nonsense\n - \n1 2 3\n", doctor_check_tracefs, DOCTOR_PROBLEM, "no tracefs at",
		  "mount" },
	};
	struct host_tree tree;

	(void)state;
	host_tree_init(&tree);
	for (size_t i = 0; i < EUB_ARRAY_SIZE(cases); i++) {
		host_tree_write(&tree, "/proc/self/mountinfo", cases[i].mounts);
		host_tree_check(&tree, cases[i].check);
		assert_int_equal(tree.doctor.n_findings, 1);
		host_tree_expect(&tree, 0, cases[i].level, cases[i].evidence, cases[i].remedy);
	}
	host_tree_done(&tree);
}

static void test_no_table(void **state)
{
	struct host_tree tree;

	(void)state;
	host_tree_init(&tree);
	host_tree_check(&tree, doctor_check_bpffs);
	host_tree_expect(&tree, 0, DOCTOR_NOTE, "cannot look at /proc/self/mountinfo", NULL);
	host_tree_done(&tree);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mounts),
		cmocka_unit_test(test_no_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
