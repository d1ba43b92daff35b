/* SPDX-License-Identifier: Apache-2.0 */
/* Who is at the other end of a Unix socket, and what that process may do. */
#pragma once

#include "config.h"

#include <eunomia/error.h>

#include <stddef.h>
#include <sys/types.h>

/* In rising order: each may do what the one before may. */
enum peer_role {
	PEER_NONE,
	PEER_VIEW,    /* list, get, stream */
	PEER_CONTROL, /* everything */
	_PEER_ROLE_MAX,
};

struct peer {
	uid_t uid;
	gid_t gid;
	pid_t pid;
	enum peer_role role; /* as the groups were when it connected */
};

/* Which groups give which role. A group that does not exist is (gid_t)-1. */
struct peer_policy {
	uid_t agent_uid;
	gid_t control_gid;
	gid_t view_gid;
};

/* Looks the groups of the configuration up; may read files, so: at start and reload only. */
void peer_policy_init(struct peer_policy *policy, const struct config *config);
/**
 * peer_identify() - the process that connected @fd, as the kernel noted it then
 *
 * Return: 0; -errno of getsockopt(2); -ENOMEM.
 */
int peer_identify(int fd, const struct peer_policy *policy, struct peer *ret_peer);
/* @groups: @n_groups ids beside @gid. */
enum peer_role peer_get_role(const struct peer_policy *policy, uid_t uid, gid_t gid,
			     const gid_t *groups, size_t n_groups);
/**
 * peer_authorize() - may @peer do what needs @needed?
 *
 * Return: 0; -EACCES (EUN_REASON_PERMISSION; the hint says which group would help).
 */
int peer_authorize(const struct peer *peer, enum peer_role needed, const struct config *config,
		   struct eun_error *err);
