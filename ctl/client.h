/* SPDX-License-Identifier: Apache-2.0 */
/* The connection of a command to the agent, opened by the first call. */
#pragma once

#include <eunomia/error.h>

#include <protobuf-c/protobuf-c.h>

struct ctl;

#define CLIENT_DEFAULT_PATH    "/run/eunomia/control.sock"
#define CLIENT_DEFAULT_ADDRESS "unix://" CLIENT_DEFAULT_PATH

/**
 * client_parse_address() - the socket path of an address
 * @address: "unix:///PATH" or "unix:PATH" (RFC 3986 and gRPC's naming), or an absolute path
 *
 * Return: 0 with a path inside @address; -EINVAL.
 */
int client_parse_address(const char *address, const char **ret_path, struct eun_error *err);
/**
 * client_get_path() - the socket path that the command uses
 *
 * The address is that of --host, of EUNOMIA_HOST, or the default, in this order.
 *
 * Return: as client_parse_address().
 */
int client_get_path(const struct ctl *ctl, const char **ret_path, struct eun_error *err);
/**
 * client_connect() - connect to the agent unless that has been done
 *
 * Return: 0; as client_get_path() and rpc_client_connect(), with a hint.
 */
int client_connect(struct ctl *ctl, struct eun_error *err);
/* One unary call within the command's timeout, connecting first; as rpc_client_call(). */
int client_call(struct ctl *ctl, const char *path, const ProtobufCMessage *request,
		const ProtobufCMessageDescriptor *reply, ProtobufCMessage **ret_reply,
		struct eun_error *err);
/* Begins a server stream, connecting first; as rpc_client_open_stream(). */
int client_open_stream(struct ctl *ctl, const char *path, const ProtobufCMessage *request,
		       const ProtobufCMessageDescriptor *reply, struct eun_error *err);
void client_close(struct ctl *ctl);
