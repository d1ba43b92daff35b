/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The server half of gRPC over HTTP/2, without I/O: bytes in through rpc_session_feed(), bytes out
 * through rpc_session_pump(). One struct rpc_session per connection, one struct rpc_call per RPC.
 * Everything runs on one thread. Wire facts follow gRPC's PROTOCOL-HTTP2.md and RFC 9113.
 */
#pragma once

#include "base/buf.h"
#include "rpc/status.h"

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rpc_call;
struct rpc_session;

enum rpc_kind {
	RPC_UNARY,
	RPC_SERVER_STREAM,
	RPC_BIDI_STREAM,
	_RPC_KIND_MAX,
};

/*
 * One row per method. Handlers are called from rpc_session_feed(), rpc_session_tick() and
 * rpc_session_pump(); they may send and finish, at once or later, but must not feed, pump or free
 * a session.
 */
struct rpc_method {
	const char *path; /* "/eunomia.v1.Trackers/Start" */
	enum rpc_kind kind;
	unsigned int
	    role; /* of the server's owner, for rpc_server.authorize; 0: health, reflection */
	const ProtobufCMessageDescriptor *request;
	size_t max_request_bytes;
	/*
	 * A whole request message (for RPC_BIDI_STREAM: each). @request is borrowed; it stays valid
	 * until on_done of the call's ops has returned (for RPC_BIDI_STREAM: until on_request
	 * returns).
	 */
	void (*on_request)(struct rpc_call *call, const ProtobufCMessage *request);
	/* RPC_BIDI_STREAM: the client sends no more. NULL: the call is finished with OK. */
	void (*on_half_close)(struct rpc_call *call);
};

/* Methods that belong together, and what their handlers work on. */
struct rpc_service {
	const struct rpc_method *methods;
	size_t n_methods;
	void *userdata; /* rpc_call_get_service(call)->userdata */
};

struct rpc_server {
	/* The owner's own methods, rpc_health_get_service(), rpc_reflection_get_service(). */
	const struct rpc_service *services;
	size_t n_services;
	/*
	 * Asked before a request is read. Return: 0; or a negative errno with @err filled, which
	 * ends the call with that error. NULL: everything is allowed.
	 */
	int (*authorize)(struct rpc_session *session, const struct rpc_method *method,
			 struct eun_error *err);
	/* Bytes are waiting for rpc_session_pump(). Only record it; do not pump from here. */
	void (*on_dirty)(struct rpc_session *session);
	uint32_t max_streams;	 /* concurrent calls a session; 0: RPC_MAX_STREAMS */
	size_t high_water_bytes; /* unsent bytes of a call that ask the sender to wait; 0: 32 kB */
	void *userdata;
};

/* Per call, set by the handler. */
struct rpc_call_ops {
	/* The queue fell below the low-water mark after rpc_call_send() had returned false. */
	void (*on_writable)(struct rpc_call *call);
	/*
	 * The call is over: finished and sent, cancelled, past its deadline, or the connection is
	 * gone. Called exactly once, last, from rpc_session_feed(), pump, tick or free, never from
	 * within a rpc_call function; afterwards the call must not be touched.
	 */
	void (*on_done)(struct rpc_call *call);
};

/**
 * rpc_session_new() - begin an HTTP/2 server connection
 * @server: borrowed, must outlive the session
 *
 * Return: 0; -ENOMEM.
 */
int rpc_session_new(const struct rpc_server *server, void *userdata,
		    struct rpc_session **ret_session);
/* Ends every call (on_done is called for each). NULL is allowed. Returns NULL. */
struct rpc_session *rpc_session_free(struct rpc_session *session);
void *rpc_session_get_userdata(const struct rpc_session *session);
const struct rpc_server *rpc_session_get_server(const struct rpc_session *session);

/**
 * rpc_session_feed() - process bytes that the peer sent
 *
 * Return: 0; -EPROTO when the connection must end (pump once more, then close); -ENOMEM.
 */
int rpc_session_feed(struct rpc_session *session, const void *data, size_t n);
/**
 * rpc_session_pump() - append bytes for the peer to @out
 * @max_bytes: stop after about this many
 *
 * Return: 0; -ENOMEM or -EPROTO when the connection must end. Call again while
 * rpc_session_wants_write().
 */
int rpc_session_pump(struct rpc_session *session, struct eub_buf *out, size_t max_bytes);
/* To be told of each write: @n bytes of what was pumped are with the transport now. */
void rpc_session_note_written(struct rpc_session *session, size_t n);
bool rpc_session_wants_write(const struct rpc_session *session);
/* Nothing more will be read or written: close. */
bool rpc_session_is_over(const struct rpc_session *session);
size_t rpc_session_get_n_calls(const struct rpc_session *session);

/* CLOCK_MONOTONIC ns of the earliest deadline of its calls; UINT64_MAX if there is none. */
uint64_t rpc_session_get_deadline_ns(const struct rpc_session *session);
/* Ends calls whose deadline is not after @now_ns with DEADLINE_EXCEEDED. */
void rpc_session_tick(struct rpc_session *session, uint64_t now_ns);
/* First step of a clean end: the peer is told (GOAWAY) to begin no more calls. */
void rpc_session_shutdown(struct rpc_session *session);
/* Second step: calls begun so far go on; later ones are refused. */
void rpc_session_goaway(struct rpc_session *session);

struct rpc_session *rpc_call_get_session(const struct rpc_call *call);
const struct rpc_method *rpc_call_get_method(const struct rpc_call *call);
const struct rpc_service *rpc_call_get_service(const struct rpc_call *call);
/* Never NULL; @ops is borrowed, static. */
void rpc_call_set_ops(struct rpc_call *call, const struct rpc_call_ops *ops, void *userdata);
void *rpc_call_get_userdata(const struct rpc_call *call);

/**
 * rpc_call_send() - queue one message
 *
 * Return: true while the queue is below its high-water mark; false when the sender should wait for
 * on_writable (the message was taken all the same). After the call was finished, or is over without
 * on_done having been called yet, messages are dropped: false, and no on_writable comes.
 */
bool rpc_call_send(struct rpc_call *call, const ProtobufCMessage *message);
/* As rpc_call_send(), for @n bytes of an encoded message. */
bool rpc_call_send_encoded(struct rpc_call *call, const void *data, size_t n);
/* Unsent bytes queued for the call. */
size_t rpc_call_get_queued_bytes(const struct rpc_call *call);
/*
 * What was sent to the call so far, in bytes; and what of that is with the transport, or will never
 * be: as far as rpc_session_note_written() tells, never too much. Both only grow.
 */
uint64_t rpc_call_get_sent_bytes(const struct rpc_call *call);
uint64_t rpc_call_get_written_bytes(struct rpc_call *call);
/* Ends the call with OK after what is queued. Unary calls: send the reply first. */
void rpc_call_finish(struct rpc_call *call);
/* Ends the call with the status that @err's reason maps to, its text and its details. */
void rpc_call_finish_error(struct rpc_call *call, const struct eun_error *err);
/* As rpc_call_finish_error() for failures of the protocol itself. */
void rpc_call_finish_status(struct rpc_call *call, enum rpc_status status, const char *message);
