// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * tcpstates: the life of TCP connections, state by state, with the time spent in each.
 *
 * Most changes are made by arriving packets, in whatever process happens to run; naming that one
 * would mislead. So the process is taken from the changes that only a call of its own can make
 * (connect, listen, close or shutdown) and remembered with the socket.
 */
#include "eunomia.bpf.h"
#include "eunomia_vmlinux.h"

#include "tcpstates.h"

#define IPPROTO_TCP 6 /* linux/in.h */

/* Only this address family: 2 for IPv4, 10 for IPv6; 0: both */
const volatile int target_family = 0;
/* Only this local port; 0: all */
const volatile int target_sport = 0;
/* Only this remote port; 0: all */
const volatile int target_dport = 0;

struct socket_info {
	__u64 since_ns; /* of the last change, CLOCK_MONOTONIC; 0: not known */
	__u32 pid;	/* 0: not known */
	char comm[TCPSTATES_COMM_LEN];
};

/* Sockets seen. One that ends unseen is forgotten in time. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 8192);
	__type(key, __u64);
	__type(value, struct socket_info);
} sockets SEC(".maps");

EUNOMIA_EVENTS(struct event, 256 * 1024);

static __always_inline bool is_wanted(const struct trace_event_raw_inet_sock_set_state *ctx)
{
	if (ctx->protocol != IPPROTO_TCP)
		return false;
	if (target_family && target_family != ctx->family)
		return false;
	if (target_sport && target_sport != ctx->sport)
		return false;
	return !target_dport || target_dport == ctx->dport;
}

/* Can only a process make this change, by a call on the socket? */
static __always_inline bool is_own_act(int newstate)
{
	return newstate == SYN_SENT || newstate == LISTEN || newstate == FIN_WAIT1 ||
	       newstate == LAST_ACK;
}

static __always_inline void send(struct trace_event_raw_inet_sock_set_state *ctx,
				 const struct socket_info *info, __u64 now_ns)
{
	struct event *event = eunomia_reserve();

	if (!event)
		return;
	event->pid = info->pid;
	__builtin_memcpy(event->comm, info->comm, sizeof(event->comm));
	bpf_core_read(&event->saddr, sizeof(event->saddr), &ctx->saddr_v6);
	event->sport = ctx->sport;
	bpf_core_read(&event->daddr, sizeof(event->daddr), &ctx->daddr_v6);
	event->dport = ctx->dport;
	event->oldstate = (enum tcp_state)ctx->oldstate;
	event->newstate = (enum tcp_state)ctx->newstate;
	event->delta_us = info->since_ns ? (now_ns - info->since_ns) / 1000 : 0;
	eunomia_submit(event);
}

SEC("tracepoint/sock/inet_sock_set_state")
int handle_set_state(struct trace_event_raw_inet_sock_set_state *ctx)
{
	__u64 socket = (__u64)ctx->skaddr, now_ns = bpf_ktime_get_ns();
	struct socket_info info = {}, *known;

	if (!is_wanted(ctx))
		return 0;
	known = bpf_map_lookup_elem(&sockets, &socket);
	if (known)
		info = *known;
	if (is_own_act(ctx->newstate)) {
		info.pid = eunomia_current_pid();
		bpf_get_current_comm(info.comm, sizeof(info.comm));
	}
	send(ctx, &info, now_ns);
	info.since_ns = now_ns;
	if (ctx->newstate == CLOSE)
		bpf_map_delete_elem(&sockets, &socket);
	else
		bpf_map_update_elem(&sockets, &socket, &info, BPF_ANY);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
