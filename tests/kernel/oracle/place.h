/* SPDX-License-Identifier: Apache-2.0 */
/* Where packets flow: a network namespace and a cgroup of the test's own. */
#pragma once

/* Moves this thread, and those that it starts, into a network namespace whose loopback interface is
 * up. Return: 0; -errno. */
int place_enter_network(void);

struct place_cgroup {
	char path[256];
	char parent[256];
};

/* Makes a cgroup (version 2) and moves this process into it. Return: 0; -ENOENT if no such file
 * system is mounted; -errno. */
int place_enter_cgroup(struct place_cgroup *ret_cgroup);
/* Moves the process back and removes the cgroup. */
void place_leave_cgroup(const struct place_cgroup *cgroup);
