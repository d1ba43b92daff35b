/* SPDX-License-Identifier: Apache-2.0 */
/* Units as a systemctl of the test's own tells of them, and a journal's socket. */
#include "base/macro.h"
#include "host_tree.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cmocka.h>

/* A systemctl that is these lines of shell. */
static void make_program(const struct host_tree *tree, const char *lines)
{
	char script[600];
	char path[128];

	(void)snprintf(script, sizeof(script), "#!/bin/sh\n%s", lines);
	host_tree_write(tree, "/bin/systemctl", script);
	(void)snprintf(path, sizeof(path), "%s/bin/systemctl", tree->path);
	assert_int_equal(chmod(path, 0755), 0);
	(void)snprintf(path, sizeof(path), "%s/bin:/usr/bin:/bin", tree->path);
	assert_int_equal(setenv("PATH", path, 1), 0);
}

/* One that prints @text and ends with @status. */
static void make_systemctl(const struct host_tree *tree, const char *text, int status)
{
	char lines[512];

	(void)snprintf(lines, sizeof(lines), "cat <<'END'\n%sEND\nexit %d\n", text, status);
	make_program(tree, lines);
}

static void test_no_systemd(void **state)
{
	struct host_tree tree;

	(void)state;
	host_tree_init(&tree);
	host_tree_check(&tree, doctor_check_unit);
	host_tree_expect(&tree, 0, DOCTOR_NOTE, "systemd does not run this host", NULL);
	host_tree_make_folder(&tree, "/run/systemd/system");
	assert_int_equal(setenv("PATH", "/nonexistent", 1), 0);
	host_tree_check(&tree, doctor_check_unit);
	host_tree_expect(&tree, 0, DOCTOR_NOTE, "there is no systemctl", NULL);
	make_systemctl(&tree, "no bus\n", 1);
	host_tree_check(&tree, doctor_check_unit);
	host_tree_expect(&tree, 0, DOCTOR_NOTE, "systemctl ended with status 1", NULL);
	host_tree_done(&tree);
}

#define UNIT(load, active, sub, result, restarts, file)                                            \
	"LoadState=" load "\nActiveState=" active "\nSubState=" sub "\nResult=" result             \
	"\nNRestarts=" restarts "\nUnitFileState=" file "\n"

static void test_units(void **state)
{
	static const struct {
		const char *text;
		pid_t agent_pid;
		size_t n;
		enum doctor_level level; /* of the first */
		const char *evidence, *remedy;
	} cases[] = {
		{ UNIT("loaded", "active", "running", "success", "0", "enabled"), 1, 1, DOCTOR_OK,
		  "eunomiad.service is active (running), enabled", NULL },
		{ UNIT("loaded", "active", "running", "success", "3", "disabled"), 1, 3, DOCTOR_OK,
		  "is active", NULL },
		{ UNIT("loaded", "failed", "failed", "exit-code", "5", "enabled"), 0, 2,
		  DOCTOR_PROBLEM, "is failed (failed), result exit-code", "journalctl" },
		{ UNIT("loaded", "inactive", "dead", "success", "0", "enabled"), 7, 1, DOCTOR_NOTE,
		  "is inactive", "systemctl start" },
		{ UNIT("not-found", "inactive", "dead", "success", "0", ""), 0, 1, DOCTOR_PROBLEM,
		  "is not installed", "install the package" },
		{ UNIT("masked", "inactive", "dead", "success", "0", ""), 0, 1, DOCTOR_PROBLEM,
		  "is masked", "install" },
		{ "", 0, 1, DOCTOR_PROBLEM, "eunomiad.service is ", "install" },
	};
	struct host_tree tree;

	(void)state;
	host_tree_init(&tree);
	host_tree_make_folder(&tree, "/run/systemd/system");
	for (size_t i = 0; i < EUB_ARRAY_SIZE(cases); i++) {
		make_systemctl(&tree, cases[i].text, 0);
		tree.doctor.agent_pid = cases[i].agent_pid;
		host_tree_check(&tree, doctor_check_unit);
		assert_int_equal(tree.doctor.n_findings, cases[i].n);
		host_tree_expect(&tree, 0, cases[i].level, cases[i].evidence, cases[i].remedy);
	}
	host_tree_done(&tree);
}

/* Only a service that is down beside a socket that is up is idle. */
static void test_idle(void **state)
{
	static const char both[] = "case $2 in *.socket) echo ActiveState=active ;;\n"
				   "*) echo ActiveState=inactive ;; esac\n";
	struct host_tree tree;

	(void)state;
	host_tree_init(&tree);
	assert_false(doctor_is_agent_idle(&tree.doctor));
	host_tree_make_folder(&tree, "/run/systemd/system");
	make_program(&tree, both);
	assert_true(doctor_is_agent_idle(&tree.doctor));
	tree.doctor.is_idle = true;
	make_systemctl(&tree, UNIT("loaded", "inactive", "dead", "success", "0", "enabled"), 0);
	assert_false(doctor_is_agent_idle(&tree.doctor));
	host_tree_check(&tree, doctor_check_unit);
	host_tree_expect(&tree, 0, DOCTOR_NOTE, "is inactive", "systemctl start");
	host_tree_done(&tree);
}

static void test_journal(void **state)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct host_tree tree;
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	(void)state;
	assert_true(fd >= 0);
	host_tree_init(&tree);
	host_tree_check(&tree, doctor_check_journal);
	host_tree_expect(&tree, 0, DOCTOR_NOTE, "nobody listens", "systemd-journald");
	host_tree_make_folder(&tree, "/run/systemd/journal");
	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s/run/systemd/journal/socket",
		       tree.path);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	host_tree_check(&tree, doctor_check_journal);
	host_tree_expect(&tree, 0, DOCTOR_OK, "journald listens", NULL);
	assert_int_equal(close(fd), 0);
	host_tree_check(&tree, doctor_check_journal);
	host_tree_expect(&tree, 0, DOCTOR_NOTE, "Connection refused", "systemd-journald");
	host_tree_done(&tree);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_systemd),
		cmocka_unit_test(test_units),
		cmocka_unit_test(test_idle),
		cmocka_unit_test(test_journal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
