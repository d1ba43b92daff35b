/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The event of tcpstates: a TCP socket that went from one state to another. */
#pragma once

#include "eunomia_types.h"

#include <linux/types.h>

#define TCPSTATES_COMM_LEN 16 /* TASK_COMM_LEN of the kernel */

/* As the kernel's include/net/tcp_states.h. */
enum tcp_state {
	ESTABLISHED = 1,
	SYN_SENT = 2,
	SYN_RECV = 3,
	FIN_WAIT1 = 4,
	FIN_WAIT2 = 5,
	TIME_WAIT = 6,
	CLOSE = 7,
	CLOSE_WAIT = 8,
	LAST_ACK = 9,
	LISTEN = 10,
	CLOSING = 11,
	NEW_SYN_RECV = 12,
};

struct event {
	__u32 pid;		       /* last process known to have acted on it, or 0 */
	char comm[TCPSTATES_COMM_LEN]; /* its name; terminated */
	eun_ip saddr;		       /* local address, IPv4 or IPv6 */
	__u16 sport;		       /* local port */
	eun_ip daddr;		       /* remote address; unspecified while listening */
	__u16 dport;		       /* remote port */
	enum tcp_state oldstate;
	enum tcp_state newstate;
	__u64 delta_us; /* time spent in oldstate, microseconds; 0 if not known */
};
