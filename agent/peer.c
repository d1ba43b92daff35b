/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Roles by the kernel's word: SO_PEERCRED and SO_PEERGROUPS report the credentials that the process
 * had when it connected, which it cannot forge, and need no look-up of user names.
 */
#include "peer.h"

#include "base/cleanup.h"

#include <errno.h>
#include <grp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define NO_GROUP	  ((gid_t)-1)
#define GROUP_ENTRY_BYTES 16384

static gid_t find_group(const char *name)
{
	_cleanup_(eub_freep) char *memory = malloc(GROUP_ENTRY_BYTES);
	struct group group, *found = NULL;

	if (!name[0] || !memory ||
	    getgrnam_r(name, &group, memory, GROUP_ENTRY_BYTES, &found) != 0 || !found)
		return NO_GROUP;
	return found->gr_gid;
}

void peer_policy_init(struct peer_policy *policy, const struct config *config)
{
	policy->agent_uid = geteuid();
	policy->control_gid = find_group(config->socket_group);
	policy->view_gid = find_group(config->view_group);
}

static bool is_member(gid_t wanted, gid_t gid, const gid_t *groups, size_t n_groups)
{
	if (wanted == NO_GROUP)
		return false;
	if (gid == wanted)
		return true;
	for (size_t i = 0; i < n_groups; i++)
		if (groups[i] == wanted)
			return true;
	return false;
}

enum peer_role peer_get_role(const struct peer_policy *policy, uid_t uid, gid_t gid,
			     const gid_t *groups, size_t n_groups)
{
	if (uid == 0 || uid == policy->agent_uid)
		return PEER_CONTROL;
	if (is_member(policy->control_gid, gid, groups, n_groups))
		return PEER_CONTROL;
	if (is_member(policy->view_gid, gid, groups, n_groups))
		return PEER_VIEW;
	return PEER_NONE;
}

/* The kernel tells the size needed by ERANGE; the peer's groups cannot change in between. */
static int get_groups(int fd, gid_t **ret_groups, size_t *ret_n)
{
	_cleanup_(eub_freep) gid_t *groups = NULL;
	socklen_t size = 0;
	gid_t none;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, &none, &size) < 0 && errno != ERANGE)
		return -errno;
	if (size > 0) {
		groups = malloc(size);
		if (!groups)
			return -ENOMEM;
		if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &size) < 0)
			return -errno;
	}
	*ret_groups = EUB_TAKE_PTR(groups);
	*ret_n = size / sizeof(gid_t);
	return 0;
}

int peer_identify(int fd, const struct peer_policy *policy, struct peer *ret_peer)
{
	_cleanup_(eub_freep) gid_t *groups = NULL;
	size_t n_groups = 0;
	struct ucred cred;
	socklen_t size = sizeof(cred);
	int r;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &size) < 0)
		return -errno;
	r = get_groups(fd, &groups, &n_groups);
	if (r < 0)
		return r;
	ret_peer->uid = cred.uid;
	ret_peer->gid = cred.gid;
	ret_peer->pid = cred.pid;
	ret_peer->role = peer_get_role(policy, cred.uid, cred.gid, groups, n_groups);
	return 0;
}

int peer_authorize(const struct peer *peer, enum peer_role needed, const struct config *config,
		   struct eun_error *err)
{
	if (peer->role >= needed)
		return 0;
	(void)eun_error_set(err, -EACCES, EUN_REASON_PERMISSION, "uid %u may not %s",
			    (unsigned int)peer->uid,
			    needed == PEER_VIEW ? "look at slots and events" : "change slots");
	if (needed == PEER_VIEW)
		eun_error_set_hint(err, "be root or a member of group '%s' or '%s'",
				   config->socket_group, config->view_group);
	else
		eun_error_set_hint(err, "be root or a member of group '%s'", config->socket_group);
	return -EACCES;
}
