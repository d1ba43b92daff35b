/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The standard reflection service, grpc.reflection.v1 and v1alpha (gRPC's
 * doc/server-reflection.md): clients learn the schema from the server.
 */
#pragma once

#include "rpc/server.h"

struct rpc_reflection;

/**
 * rpc_reflection_new() - serve a schema
 * @descriptor_set: encoded google.protobuf.FileDescriptorSet; borrowed, must outlive the object
 *
 * Return: 0; -EINVAL if the bytes are none; -ENOMEM.
 */
int rpc_reflection_new(const void *descriptor_set, size_t n,
		       struct rpc_reflection **ret_reflection);
/* After the sessions whose server has its service. NULL is allowed. Returns NULL. */
struct rpc_reflection *rpc_reflection_free(struct rpc_reflection *reflection);
/* Its rows, for rpc_server.services. */
struct rpc_service rpc_reflection_get_service(struct rpc_reflection *reflection);
