/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A small blocking gRPC client over a Unix socket, for eunomiactl and tests. One call or stream at
 * a time; not thread-safe.
 */
#pragma once

#include <eunomia/error.h>

#include <protobuf-c/protobuf-c.h>
#include <stddef.h>
#include <stdint.h>

struct rpc_client;

/**
 * rpc_client_connect() - connect to a Unix socket
 * @path: at most 107 bytes
 *
 * Return: 0; -ENOENT, -ECONNREFUSED (nobody listens there: EUN_REASON_UNREACHABLE), -EACCES
 * (EUN_REASON_PERMISSION), -ENAMETOOLONG, other -errno.
 */
int rpc_client_connect(const char *path, struct rpc_client **ret_client, struct eun_error *err);
/* As rpc_client_connect() for a connected socket. @fd is the client's, also on failure. */
int rpc_client_new(int fd, struct rpc_client **ret_client, struct eun_error *err);
/* Closes the connection; a call under way is cancelled. NULL is allowed. Returns NULL. */
struct rpc_client *rpc_client_free(struct rpc_client *client);
/* The socket, for poll(2); owned by the client. */
int rpc_client_get_fd(const struct rpc_client *client);

/**
 * rpc_client_call() - one unary call
 * @path:       "/eunomia.v1.Trackers/Start"
 * @timeout_ms: sent as grpc-timeout and enforced here; -1 for none
 * @ret_reply:  of type @reply; release with protobuf_c_message_free_unpacked(.., NULL)
 *
 * Return: 0; a negative errno with the server's reason, message, hint and log in @err.
 */
int rpc_client_call(struct rpc_client *client, const char *path, const ProtobufCMessage *request,
		    const ProtobufCMessageDescriptor *reply, int timeout_ms,
		    ProtobufCMessage **ret_reply, struct eun_error *err);

/* Begins a server stream; ends the one before it. */
int rpc_client_open_stream(struct rpc_client *client, const char *path,
			   const ProtobufCMessage *request, const ProtobufCMessageDescriptor *reply,
			   struct eun_error *err);
/**
 * rpc_client_next() - the stream's next message
 * @timeout_ms: -1 for none
 *
 * Return: 1 and a message; 0 when the server ended the stream with OK; -ETIMEDOUT; -EINTR after a
 * signal; other -errno with the server's words in @err.
 */
int rpc_client_next(struct rpc_client *client, int timeout_ms, ProtobufCMessage **ret_message,
		    struct eun_error *err);
