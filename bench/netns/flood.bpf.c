// SPDX-License-Identifier: MIT OR GPL-2.0-only
// A flood of first packets of TCP, each from an address and port at random: run as live frames, each is sent out of a
// veth.  And what its baseline ends at: programs that drop everything, by their first instruction.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_endian.h>

struct flood {
	__u32 ifindex;
	__u32 unused;
	__u64 head[7];
};
volatile struct flood flood;

SEC("xdp") int send_syn(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	__u32 random = bpf_get_prandom_u32();
	__u64 *word = data;

	if (data + 56 > end)
		return XDP_ABORTED;
#pragma unroll
	for (int i = 0; i < 7; i++)
		word[i] = flood.head[i];
	*(__u16 *)(data + 34) = random;
	// What the address gains the packet's number loses, so that the header's sum stays.
	*(__u16 *)(data + 28) = random >> 16;
	*(__u16 *)(data + 18) = ~(random >> 16);
	return bpf_redirect(flood.ifindex, 0);
}

SEC("xdp") int drop_xdp(struct xdp_md *ctx)
{
	return XDP_DROP;
}

SEC("tc") int drop_tc(struct __sk_buff *ctx)
{
	return 2; // TC_ACT_SHOT
}

char _license[] SEC("license") = "Dual MIT/GPL";
