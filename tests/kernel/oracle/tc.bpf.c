// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Datagrams that leave by the loopback interface and come back by it. */
#include "oracle.bpf.h"

#include <linux/pkt_cls.h>

#define PAYLOAD_OFFSET (14 + 20 + 8) /* Ethernet, IPv4 without options, UDP */

static __always_inline int report_packet(__u32 hook, const struct __sk_buff *skb)
{
	struct oracle_packet packet;

	if (bpf_skb_load_bytes(skb, PAYLOAD_OFFSET, &packet, sizeof(packet)) == 0 &&
	    packet.magic == ORACLE_PRCTL)
		report(hook, packet.number);
	return TC_ACT_UNSPEC;
}

SEC("tc")
int on_egress(struct __sk_buff *skb)
{
	return report_packet(0, skb);
}

SEC("tc")
int on_ingress(struct __sk_buff *skb)
{
	return report_packet(1, skb);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
