// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Datagrams that a socket of the cgroup sends, and that another one of it receives. */
#include "oracle.bpf.h"

#define PAYLOAD_OFFSET (20 + 8) /* IPv4 without options, UDP */
#define ALLOW	       1

static __always_inline int report_packet(__u32 hook, const struct __sk_buff *skb)
{
	struct oracle_packet packet;

	if (bpf_skb_load_bytes(skb, PAYLOAD_OFFSET, &packet, sizeof(packet)) == 0 &&
	    packet.magic == ORACLE_PRCTL)
		report(hook, packet.number);
	return ALLOW;
}

SEC("cgroup_skb/egress")
int on_egress(struct __sk_buff *skb)
{
	return report_packet(0, skb);
}

SEC("cgroup_skb/ingress")
int on_ingress(struct __sk_buff *skb)
{
	return report_packet(1, skb);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
