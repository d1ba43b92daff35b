/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the trackers of the oracle report, shared by both sides. A number is made by the thread that
 * makes the call, never by a tracker: the thread's index above ORACLE_SEQ_BITS, and how many calls
 * it has made, from 1, below.
 */
#pragma once

#include <linux/types.h>

#define ORACLE_SEQ_BITS 32
#define ORACLE_HOOKS	2
/* Option of prctl(2) that no kernel knows; its second argument is the number. */
#define ORACLE_PRCTL	0x6f7261UL

/* First bytes of a datagram; the rest does not matter. */
struct oracle_packet {
	__u64 magic; /* ORACLE_PRCTL */
	__u64 number;
};

struct oracle_record {
	__u64 number;
	__u32 marker; /* which generation reported it: the test sets it anew with each swap */
	__u32 hook;   /* 0 fires before 1 in each call */
};
