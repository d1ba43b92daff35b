/* SPDX-License-Identifier: Apache-2.0 */
/* What a peer can make this room hold or do, with the reason for each number. */
#pragma once

enum {
	/* Calls at once on a session, unless the server says less. eunomiactl needs one or two. */
	RPC_MAX_STREAMS = 100,
	/* Names and values of a request's header fields, bytes, counted as RFC 9113 6.5.2 does. */
	RPC_MAX_HEADER_BYTES = 8 << 10,
	/* Unsent bytes of a call at which its sender is asked to wait: two DATA frames. */
	RPC_HIGH_WATER_BYTES = 32 << 10,
	/* Memory that an emptied queue may keep; the rest is given back. */
	RPC_QUEUE_KEEP_BYTES = 4 << 10,
	/* Requests that a session holds, bytes, all calls together: two of the largest. */
	RPC_MAX_HELD_BYTES = 36 << 20,
	/* Of these, requests of a stream that wait because its answers are not read. */
	RPC_MAX_UNHANDLED_BYTES = 64 << 10,
	/* Bytes given to nghttp2 at once, between looks at what they made it queue. */
	RPC_FEED_SLICE_BYTES = 8 << 10,
	/* Frames that wait to be sent (refusals, acknowledgements): more than any fair peer causes.
	 */
	RPC_MAX_OUTBOUND_FRAMES = 2000,
	/* PING and SETTINGS acknowledgements that wait to be sent; nghttp2's default is 1000. */
	RPC_MAX_OUTBOUND_ACKS = 200,
	/* Entries of one SETTINGS frame; there are fewer than ten kinds. */
	RPC_MAX_SETTINGS = 32,
	/* Streams a peer may reset: a burst, then so many a second (CVE-2023-44487). */
	RPC_RESET_BURST = 1000,
	RPC_RESET_RATE = 100,
	/* CONTINUATION frames of one header block (CVE-2024-28182): 8 kB fit into one. */
	RPC_MAX_CONTINUATIONS = 4,
	/* Flow control: what a peer may send unasked, a call and a session. */
	RPC_STREAM_WINDOW_BYTES = 1 << 20,
	RPC_SESSION_WINDOW_BYTES = 4 << 20,

	/* Encoded grpc-message and undecoded details: clients refuse over 8 kB of trailers. */
	RPC_MAX_MESSAGE_TEXT_BYTES = 1024,
	RPC_MAX_DETAILS_BYTES = 4000,

	/*
	 * Memory for a decoded message: so many times its bytes, and some more because an event or
	 * a name of a few bytes takes a hundred.
	 */
	RPC_DECODE_FACTOR = 4,
	RPC_DECODE_BASE_BYTES = 1 << 20,

	/* One reply or event batch that the client takes, bytes. */
	RPC_CLIENT_MAX_MESSAGE_BYTES = 16 << 20,
	/* Header fields and trailers of an answer, bytes: details with a verifier log take 6 kB. */
	RPC_CLIENT_MAX_HEADER_BYTES = 64 << 10,
	/* The client's read buffer, and what it lets nghttp2 write ahead of the socket, bytes. */
	RPC_CLIENT_READ_BYTES = 64 << 10,
	RPC_CLIENT_OUTPUT_BYTES = 64 << 10,
	/* How long the client waits for a listener whose queue is full, s. */
	RPC_CLIENT_CONNECT_TIMEOUT_S = 5,

	/* Names whose health is kept, and watches of them: slots and clients are fewer. */
	RPC_HEALTH_MAX_NAMES = 4096,
	RPC_HEALTH_MAX_WATCHES = 4096,
	/* Bytes of a name asked for. */
	RPC_HEALTH_MAX_NAME_BYTES = 255,
};
