/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Two generations of one program per attach kind of the network. They count the datagrams that the
 * test sends to itself, whoever the kernel lets process them, and let everything pass.
 */
#include <linux/bpf.h>

#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/pkt_cls.h>
#include <linux/udp.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "net_bed.bpf.h"

__u64 counts[2];

static __always_inline int count(int generation, int verdict)
{
	__sync_fetch_and_add(&counts[generation], 1);
	return verdict;
}

/* Whether IPv4 without options and UDP to the test's port starts at @header. */
static __always_inline int is_datagram(const void *header, const void *end)
{
	const struct iphdr *ip = header;
	const struct udphdr *udp = (const void *)(ip + 1);

	if ((const void *)(udp + 1) > end)
		return 0;
	return ip->protocol == IPPROTO_UDP && udp->dest == bpf_htons(NET_BED_PORT);
}

static __always_inline int is_frame(const void *data, const void *end)
{
	const struct ethhdr *ethernet = data;

	if ((const void *)(ethernet + 1) > end)
		return 0;
	return ethernet->h_proto == bpf_htons(ETH_P_IP) && is_datagram(ethernet + 1, end);
}

#define DATA ((const void *)(long)ctx->data)
#define END  ((const void *)(long)ctx->data_end)

#define BOTH(name, section, context, condition, verdict)                                           \
	SEC(section) int name##_a(context *ctx)                                                    \
	{                                                                                          \
		return (condition) ? count(0, verdict) : (verdict);                                \
	}                                                                                          \
	SEC(section) int name##_b(context *ctx)                                                    \
	{                                                                                          \
		return (condition) ? count(1, verdict) : (verdict);                                \
	}

BOTH(xdp, "?xdp", struct xdp_md, is_frame(DATA, END), XDP_PASS)
BOTH(xdp_frags, "?xdp.frags", struct xdp_md, is_frame(DATA, END), XDP_PASS)
BOTH(tc, "?tc", struct __sk_buff, is_frame(DATA, END), TC_ACT_OK)
BOTH(tcx_ingress, "?tcx/ingress", struct __sk_buff, is_frame(DATA, END), TC_ACT_OK)
BOTH(tcx_egress, "?tcx/egress", struct __sk_buff, is_frame(DATA, END), TC_ACT_OK)
BOTH(cgroup_ingress, "?cgroup_skb/ingress", struct __sk_buff, is_datagram(DATA, END), 1)
BOTH(cgroup_egress, "?cgroup_skb/egress", struct __sk_buff, is_datagram(DATA, END), 1)
BOTH(connect4, "?cgroup/connect4", struct bpf_sock_addr, 1, 1)
BOTH(sockops, "?sockops", struct bpf_sock_ops, ctx->op == BPF_SOCK_OPS_TCP_CONNECT_CB, 1)

BOTH(lsm_cgroup, "?lsm_cgroup/socket_connect", void, 1, 1)

char LICENSE[] SEC("license") = "Dual BSD/GPL";
