// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include <linux/pkt_cls.h>
#include "floor_hash.h"

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

static __always_inline int hash(struct __sk_buff *skb, int begin)
{
	int outer = floor_meet((void *)(long)skb->data, (void *)(long)skb->data_end, begin);

	if (outer == ABSENT)
		return TC_ACT_OK;
	if (outer == BROKEN || bpf_skb_adjust_room(skb, outer, BPF_ADJ_ROOM_MAC, 0))
		return TC_ACT_SHOT;
	if (floor_wrap((void *)(long)skb->data, (void *)(long)skb->data_end, outer))
		return TC_ACT_SHOT;
	return bpf_redirect(skb->ifindex, 0);
}
SEC("tc") int lowest_hash(struct __sk_buff *skb)
{
	return hash(skb, 0);
}
SEC("tc") int lowest_hash_new(struct __sk_buff *skb)
{
	return hash(skb, 1);
}

char _license[] SEC("license") = "Dual MIT/GPL";
