/* SPDX-License-Identifier: Apache-2.0 */
/* What a server, a file or a peer can make eunomiactl grow or wait for, with the reason. */
#pragma once

enum {
	/* Bytes of a package from a file, standard input or a URL: what the library takes at most.
	 */
	CTL_SOURCE_MAX_BYTES = 16 << 20,
	/* Bytes of an object that clang wrote, still with its DWARF; real ones have a few MB. */
	CTL_OBJECT_MAX_BYTES = 64 << 20,
	/* Time to reach a web server, ms. */
	CTL_FETCH_CONNECT_TIMEOUT_MS = 10000,
	/* Time for a whole download, ms: the largest package at 0.3 MB/s. */
	CTL_FETCH_TIMEOUT_MS = 60000,
	/* Redirects of one download. GitHub's release files take two. */
	CTL_FETCH_REDIRECTS_MAX = 5,
	/* Bytes of a URL; browsers and servers agree on about this much. */
	CTL_URL_MAX_BYTES = 8192,
	/* Default bound on a call to the agent, ms: verification of a large tracker takes seconds.
	 */
	CTL_CALL_TIMEOUT_MS = 60000,
	/* Bound on the calls that shell completion makes, ms: nobody waits longer for a Tab. */
	CTL_COMPLETION_TIMEOUT_MS = 500,
	/* Largest --timeout, s: 31 years; keeps every sum of ns within 64 bits. */
	CTL_TIMEOUT_MAX_S = 1000000000,
	/* Event types in one stream; an agent has at most 1024 slots of a few types each. */
	CTL_STREAM_SCHEMAS_MAX = 16384,
	/* Bytes of formatted events gathered before they are written. */
	CTL_EVENTS_FLUSH_BYTES = 64 << 10,
	/* A signal that comes just before a wait is noticed at the wait's end: wait at most this,
	   ms. */
	CTL_WAIT_MAX_MS = 500,
	/* Columns of a table when neither the terminal nor COLUMNS says otherwise. */
	CTL_TABLE_WIDTH = 80,
};
