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
	/* Positions in rings that are remembered: two for each of an agent's 1024 slots, in a
	   request of at most 256 kB. */
	CTL_POSITIONS_MAX = 2048,
	/* First and longest wait between attempts to reach an agent that went away, ms. It is
	   short: what an agent reads before its readers are back, they miss. */
	CTL_RECONNECT_FIRST_MS = 10,
	CTL_RECONNECT_LONGEST_MS = 100,
	/* Default bound on all those attempts together, ms: an upgrade takes less. */
	CTL_RECONNECT_TIMEOUT_MS = 60000,
	/* Default time between two looks at a slot that is followed, ms. What the agent is asked
	   takes it 14 us; who waits for the end of a slot waits this long at most. */
	CTL_FOLLOW_INTERVAL_MS = 5000,
	/* The same while the slot is being started by somebody else, ms. */
	CTL_FOLLOW_STARTING_MS = 200,
	/* Bound on what 'doctor' and 'report' ask the agent and other programs, ms, each time: they
	   are for hosts on which something hangs. */
	CTL_PROBE_TIMEOUT_MS = 5000,
	/* Bytes of one file in a report: a journal of some thousand lines. */
	CTL_REPORT_PART_MAX_BYTES = 1 << 20,
	/* Lines of the journal in a report, unless --lines says otherwise. */
	CTL_REPORT_LINES = 500,
	/* Bytes of formatted events gathered before they are written. */
	CTL_EVENTS_FLUSH_BYTES = 64 << 10,
	/* A signal that comes just before a wait is noticed at the wait's end: wait at most this,
	   ms. */
	CTL_WAIT_MAX_MS = 500,
	/* Columns of a table when neither the terminal nor COLUMNS says otherwise. */
	CTL_TABLE_WIDTH = 80,
};
