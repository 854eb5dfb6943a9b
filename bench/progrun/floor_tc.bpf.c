// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include <linux/pkt_cls.h>
#include "floor.h"

SEC("tc") int pass(struct __sk_buff *skb)
{
	return TC_ACT_OK;
}

SEC("tc") int lowest(struct __sk_buff *skb)
{
	if (floor_packet((void *)(long)skb->data, (void *)(long)skb->data_end))
		return TC_ACT_SHOT;
	return bpf_redirect(skb->ifindex, 0);
}

SEC("tc") int lowest_routed(struct __sk_buff *skb)
{
	void *data = (void *)(long)skb->data, *end = (void *)(long)skb->data_end;
	struct bpf_fib_lookup fib = { .ifindex = skb->ifindex };

	if (floor_packet(data, end) || floor_question(data, end, &fib))
		return TC_ACT_SHOT;
	if (bpf_fib_lookup(skb, &fib, sizeof(fib), 0))
		return TC_ACT_UNSPEC;
	return bpf_redirect(fib.ifindex, 0);
}

char _license[] SEC("license") = "Dual MIT/GPL";
