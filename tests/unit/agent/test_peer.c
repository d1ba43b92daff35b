/* SPDX-License-Identifier: Apache-2.0 */
/* Roles: from ids, and from a real socket. */
#include "peer.h"

#include "agent_test.h"
#include "base/macro.h"

#include <errno.h>
#include <sys/socket.h>

#define CONTROL 70
#define VIEW	71
#define OTHER	72

static const struct peer_policy policy = { .agent_uid = 500,
					   .control_gid = CONTROL,
					   .view_gid = VIEW };

static void test_roles(void **state)
{
	static const struct {
		uid_t uid;
		gid_t gid;
		gid_t groups[2];
		enum peer_role role;
	} rows[] = {
		{ 0, OTHER, { OTHER, OTHER }, PEER_CONTROL },
		{ 500, OTHER, { OTHER, OTHER }, PEER_CONTROL },
		{ 501, OTHER, { OTHER, OTHER }, PEER_NONE },
		{ 501, CONTROL, { OTHER, OTHER }, PEER_CONTROL },
		{ 501, OTHER, { OTHER, CONTROL }, PEER_CONTROL },
		{ 501, OTHER, { VIEW, CONTROL }, PEER_CONTROL },
		{ 501, VIEW, { OTHER, OTHER }, PEER_VIEW },
		{ 501, OTHER, { VIEW, OTHER }, PEER_VIEW },
	};

	(void)state;
	for (size_t i = 0; i < EUB_ARRAY_SIZE(rows); i++)
		assert_int_equal(
		    peer_get_role(&policy, rows[i].uid, rows[i].gid, rows[i].groups, 2),
		    rows[i].role);
}

/* (gid_t)-1 stands for a group that does not exist and must match nobody. */
static void test_missing_groups_match_nobody(void **state)
{
	const struct peer_policy none = { .agent_uid = 500,
					  .control_gid = (gid_t)-1,
					  .view_gid = (gid_t)-1 };
	const gid_t groups[] = { (gid_t)-1 };

	(void)state;
	assert_int_equal(peer_get_role(&none, 501, (gid_t)-1, groups, 1), PEER_NONE);
}

static void test_groups_of_the_configuration(void **state)
{
	struct config config = { .socket_group = (char[]){ "root" },
				 .view_group = (char[]){ "no-such-group-here" } };
	struct peer_policy found;

	(void)state;
	peer_policy_init(&found, &config);
	assert_int_equal(found.control_gid, 0);
	assert_int_equal(found.view_gid, (gid_t)-1);
	assert_int_equal(found.agent_uid, geteuid());
}

static void test_identify_own_socket(void **state)
{
	struct peer peer;
	int fds[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	assert_int_equal(peer_identify(fds[0], &policy, &peer), 0);
	assert_int_equal(peer.pid, getpid());
	assert_int_equal(peer.uid, geteuid());
	assert_int_equal(peer.gid, getegid());
	(void)close(fds[0]);
	(void)close(fds[1]);
	assert_int_equal(peer_identify(-1, &policy, &peer), -EBADF);
}

static void test_authorize(void **state)
{
	const struct config config = { .socket_group = (char[]){ "eunomia" },
				       .view_group = (char[]){ "eunomia-view" } };
	struct eun_error err = EUN_ERROR_INIT;
	struct peer peer = { .uid = 501, .role = PEER_VIEW };

	(void)state;
	assert_int_equal(peer_authorize(&peer, PEER_VIEW, &config, &err), 0);
	assert_int_equal(peer_authorize(&peer, PEER_NONE, &config, &err), 0);
	assert_int_equal(peer_authorize(&peer, PEER_CONTROL, &config, &err), -EACCES);
	assert_int_equal(err.reason, EUN_REASON_PERMISSION);
	assert_string_equal(err.message, "uid 501 may not change slots");
	assert_string_equal(err.hint, "be root or a member of group 'eunomia'");
	eun_error_done(&err);
	peer.role = PEER_NONE;
	assert_int_equal(peer_authorize(&peer, PEER_VIEW, &config, &err), -EACCES);
	assert_string_equal(err.hint, "be root or a member of group 'eunomia' or 'eunomia-view'");
	eun_error_done(&err);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_roles),
		cmocka_unit_test(test_missing_groups_match_nobody),
		cmocka_unit_test(test_groups_of_the_configuration),
		cmocka_unit_test(test_identify_own_socket),
		cmocka_unit_test(test_authorize),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
