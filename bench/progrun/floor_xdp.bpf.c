// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include "floor.h"

SEC("xdp") int pass(struct xdp_md *ctx) { return XDP_PASS; }

SEC("xdp") int lowest(struct xdp_md *ctx)
{
	return floor_packet((void *)(long)ctx->data, (void *)(long)ctx->data_end) ? XDP_DROP : XDP_TX;
}

// The same with the question to the host's routing table that a router must ask for each packet.
SEC("xdp") int lowest_routed(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	struct bpf_fib_lookup fib = { .family = 2, .ifindex = ctx->ingress_ifindex, .tot_len = 50 };

	if (floor_packet(data, end))
		return XDP_DROP;
	if (data + 54 > end)
		return XDP_DROP;
	fib.ipv4_src = *(__u32 *)(data + 26);
	fib.ipv4_dst = *(__u32 *)(data + 30);
	return bpf_fib_lookup(ctx, &fib, sizeof(fib), 0) ? XDP_ABORTED : XDP_TX;
}

char _license[] SEC("license") = "Dual MIT/GPL";
