/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the server half share: session.c, http2.c, request.c, call.c. */
#pragma once

#include "base/list.h"
#include "rpc/queue.h"
#include "rpc/server.h"

#include <nghttp2/nghttp2.h>

#define RPC_HTTP_OK 200

/* How far the answer of a call has come; only ever forward. */
enum rpc_answer {
	RPC_ANSWER_NONE,      /* nothing was sent */
	RPC_ANSWER_BEGUN,     /* header fields were submitted; messages flow */
	RPC_ANSWER_FINISHING, /* the status is known; it goes out after what is queued */
	RPC_ANSWER_FINISHED,  /* trailers were submitted, or the stream was reset */
	_RPC_ANSWER_MAX,
};

enum rpc_answer_form {
	RPC_ANSWER_WITH_BODY,	  /* header fields; messages and trailers follow */
	RPC_ANSWER_TRAILERS_ONLY, /* a failure in one frame */
	RPC_ANSWER_HTTP_ERROR,	  /* rpc_call.http_status and nothing else */
};

struct rpc_session {
	const struct rpc_server *server;
	void *userdata;
	nghttp2_session *http2;
	struct eub_list calls; /* rpc_call.link; owned */
	struct eub_list ready; /* rpc_call.ready_link: something to do once nghttp2 has returned */
	size_t n_calls;
	size_t held_bytes; /* of requests, over all calls; at most RPC_MAX_HELD_BYTES */
	uint64_t n_pumped_bytes;
	uint64_t n_written_bytes; /* of those */
	bool is_busy;		  /* within feed, pump or tick */
	bool is_dirty;		  /* on_dirty was called since the last pump */
	int failure;		  /* -errno after which the session is dead, or 0 */
};

struct rpc_call {
	struct rpc_session *session;
	struct eub_list link;
	struct eub_list ready_link;
	int32_t stream_id;

	/* The request. */
	const struct rpc_service *service;
	const struct rpc_method *method; /* NULL until :path named one */
	uint64_t deadline_ns;		 /* UINT64_MAX: none */
	uint64_t timeout_ns;		 /* as asked for; UINT64_MAX: none */
	uint64_t content_length;	 /* UINT64_MAX: not announced */
	uint64_t n_body_bytes;
	size_t header_bytes;
	unsigned int seen_fields; /* bits by row of request.c's table */
	bool has_unknown_encoding;
	bool is_malformed;    /* RFC 9113 8.1.1: the stream is reset */
	bool is_begun;	      /* header fields are complete and were judged */
	bool has_headers;     /* header fields are complete */
	bool is_half_closed;  /* the client sends no more */
	bool is_half_handled; /* and the handler was told */
	struct rpc_queue input;
	size_t held_bytes;
	ProtobufCMessage *request; /* of a unary call or server stream; owned */

	/* The answer. */
	enum rpc_answer answer;
	bool is_deferred;    /* nghttp2 waits for nghttp2_session_resume_data() */
	bool wants_writable; /* rpc_call_send() has returned false */
	bool has_sent;	     /* a message was queued */
	bool is_closed;	     /* nghttp2 has forgotten the stream */
	bool is_released;    /* on_done has been called */
	struct rpc_queue output;
	uint64_t n_pulled_bytes; /* that have left output */
	/* The last time that this was looked at; what was pulled by then lies before pumped_mark.
	 */
	uint64_t pulled_mark;
	uint64_t pumped_mark;
	uint64_t n_written_bytes;
	unsigned int http_status; /* 200, or the code of a refusal that is no gRPC answer */
	enum rpc_status status; /* other than OK while the answer is open: why it will be refused */
	struct eub_buf message; /* grpc-message, encoded */
	struct eub_buf details; /* grpc-status-details-bin, encoded */
	const struct rpc_call_ops *ops;
	void *userdata;
};

/* http2.c */
int rpc_http2_new(struct rpc_session *session, nghttp2_session **ret_http2);
/* Submits the answer's header fields. Return: 0; a negative nghttp2 error. */
int rpc_http2_submit_answer(struct rpc_call *call, enum rpc_answer_form form);

/* request.c */
/* Takes one header field. Return: 0; -EPROTO if the request is malformed. */
int rpc_request_add_field(struct rpc_call *call, const char *name, size_t name_n, const char *value,
			  size_t value_n);
/* Takes @n bytes of the request's body. */
void rpc_request_add_body(struct rpc_call *call, const void *data, size_t n);
/* Judges the complete header fields; finishes the call if it may not go on. */
void rpc_request_begin(struct rpc_call *call);
/* Takes messages from the input, tells the handler; notices the end of the request. */
void rpc_request_advance(struct rpc_call *call);

/* call.c */
struct rpc_call *rpc_call_new(struct rpc_session *session, int32_t stream_id);
/* Calls on_done, if that was not done yet, and drops the request. */
void rpc_call_release(struct rpc_call *call);
/* Releases and frees. */
struct rpc_call *rpc_call_free(struct rpc_call *call);
/* Queues the call for rpc_session_dispatch(). */
void rpc_call_mark_ready(struct rpc_call *call);
/* Marks the call ready if its sender waits and the queue is short again. */
void rpc_call_notice_low_water(struct rpc_call *call);
/* Calls on_writable if it is due. */
void rpc_call_tell_writable(struct rpc_call *call);
/* Ends the call with a bare HTTP status, for what is no gRPC request. */
void rpc_call_refuse_http(struct rpc_call *call);
/* Ends the call with the status and message that are set already. */
void rpc_call_finish_refused(struct rpc_call *call);
/* Takes @n bytes of a request back from the counts of held bytes. */
void rpc_call_unhold(struct rpc_call *call, size_t n);
/* Resets the stream; nothing more is sent. */
void rpc_call_reset(struct rpc_call *call, uint32_t http2_error);
/* Ends a call that came to its deadline. */
void rpc_call_expire(struct rpc_call *call);

/* session.c */
/* Tells the owner, once, that rpc_session_pump() has something to do. */
void rpc_session_mark_dirty(struct rpc_session *session);
