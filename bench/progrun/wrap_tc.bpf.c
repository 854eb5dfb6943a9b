// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include <linux/pkt_cls.h>
#include "wrap.h"

static __always_inline int wrap(struct __sk_buff *skb, int words, int address, int port, int asked)
{
	void *data, *end;

	if (skb->len != config.length &&
	    bpf_skb_adjust_room(skb, (int)config.length - (int)skb->len, BPF_ADJ_ROOM_MAC, 0))
		return TC_ACT_SHOT;
	data = (void *)(long)skb->data;
	end = (void *)(long)skb->data_end;
	if (rewrite(data, end, words, address, port, asked))
		return TC_ACT_SHOT;
	bpf_tail_call(skb, &target, 0);
	return TC_ACT_SHOT;
}

SEC("tc") int wrap_v4(struct __sk_buff *skb)
{
	return wrap(skb, 8, 26, 34, 0);
}
SEC("tc") int wrap_v4_reply(struct __sk_buff *skb)
{
	return wrap(skb, 8, 30, 36, 0);
}
SEC("tc") int wrap_v6(struct __sk_buff *skb)
{
	return wrap(skb, 10, 34, 54, 0);
}
SEC("tc") int wrap_v4_targets(struct __sk_buff *skb)
{
	return wrap(skb, 8, 26, 34, 30);
}
SEC("tc") int bare_push(struct __sk_buff *skb)
{
	return bpf_skb_adjust_room(skb, OUTER_IPV4, BPF_ADJ_ROOM_MAC, 0) ? TC_ACT_SHOT : TC_ACT_OK;
}
SEC("tc") int bare_push_v6(struct __sk_buff *skb)
{
	return bpf_skb_adjust_room(skb, OUTER_IPV6, BPF_ADJ_ROOM_MAC, 0) ? TC_ACT_SHOT : TC_ACT_OK;
}
SEC("tc") int bare_end(struct __sk_buff *skb)
{
	return TC_ACT_OK;
}

char _license[] SEC("license") = "Dual MIT/GPL";
