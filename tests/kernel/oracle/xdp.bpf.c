// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Datagrams on an interface of a network namespace of the test's own. */
#include "oracle.bpf.h"

#define PAYLOAD_OFFSET (14 + 20 + 8) /* Ethernet, IPv4 without options, UDP */

SEC("xdp")
int on_packet(struct xdp_md *ctx)
{
	const char *data = (const char *)(long)ctx->data;
	const struct oracle_packet *packet = (const void *)(data + PAYLOAD_OFFSET);

	if ((const void *)(packet + 1) <= (const void *)(long)ctx->data_end &&
	    packet->magic == ORACLE_PRCTL)
		report(0, packet->number);
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
