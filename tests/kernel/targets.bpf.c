/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A tracker of the test's datagrams on their way, one event at each place. Compiled with
 * WITH_STORAGE it also counts them for each cgroup, which no gate can do.
 */
#include <linux/bpf.h>

#include <linux/pkt_cls.h>

#include <bpf/bpf_helpers.h>

#include "targets.bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 65536);
	__type(value, struct passage);
} events SEC(".maps");

static __always_inline void tell(__u32 place, __u32 number)
{
	struct passage *passage = bpf_ringbuf_reserve(&events, sizeof(*passage), 0);

	if (!passage)
		return;
	passage->place = place;
	passage->number = number;
	bpf_ringbuf_submit(passage, 0);
}

#ifdef WITH_STORAGE
struct {
	__uint(type, BPF_MAP_TYPE_CGROUP_STORAGE);
	__type(key, struct bpf_cgroup_storage_key);
	__type(value, __u64);
} storage SEC(".maps");

SEC("cgroup_skb/egress") int at_cgroup(struct __sk_buff *skb)
{
	__u64 *count = bpf_get_local_storage(&storage, 0);

	*count += 1;
	tell(PLACE_CGROUP, (__u32)*count);
	return 1;
}
#else
SEC("cgroup_skb/egress") int at_cgroup(struct __sk_buff *skb)
{
	tell(PLACE_CGROUP, 0);
	return 1;
}

SEC("tc") int at_tc(struct __sk_buff *skb)
{
	tell(PLACE_TC, 0);
	return TC_ACT_UNSPEC;
}

SEC("xdp") int at_xdp(struct xdp_md *ctx)
{
	tell(PLACE_XDP, 0);
	return XDP_PASS;
}
#endif

char LICENSE[] SEC("license") = "Dual BSD/GPL";
