/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The standard health service, grpc.health.v1 (gRPC's doc/health-checking.md): Check and Watch by
 * name. The name "" is the server itself.
 */
#pragma once

#include "rpc/server.h"

struct rpc_health;

enum rpc_health_state {
	RPC_HEALTH_GONE, /* Check: NOT_FOUND; Watch: SERVICE_UNKNOWN */
	RPC_HEALTH_SERVING,
	RPC_HEALTH_NOT_SERVING,
	_RPC_HEALTH_STATE_MAX,
};

/* Return: 0; -ENOMEM. */
int rpc_health_new(struct rpc_health **ret_health);
/* After the sessions whose server has its service. NULL is allowed. Returns NULL. */
struct rpc_health *rpc_health_free(struct rpc_health *health);
/* Its rows, for rpc_server.services. */
struct rpc_service rpc_health_get_service(struct rpc_health *health);
/**
 * rpc_health_set() - change the state of a name and tell those who watch it
 * @name: at most 255 bytes
 *
 * Return: 0; -ENOMEM; -ENOSPC over RPC_HEALTH_MAX_NAMES; -EINVAL if @name is too long.
 */
int rpc_health_set(struct rpc_health *health, const char *name, enum rpc_health_state state);
/* Every name is NOT_SERVING from now on; watches are told and finished. */
void rpc_health_shutdown(struct rpc_health *health);
