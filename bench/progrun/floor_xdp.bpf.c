// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include "floor_hash.h"

SEC("xdp") int pass(struct xdp_md *ctx)
{
	return XDP_PASS;
}

SEC("xdp") int lowest(struct xdp_md *ctx)
{
	return floor_packet((void *)(long)ctx->data, (void *)(long)ctx->data_end) ? XDP_DROP : XDP_TX;
}

SEC("xdp") int lowest_routed(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	struct bpf_fib_lookup fib = { .ifindex = ctx->ingress_ifindex };

	if (floor_packet(data, end) || floor_question(data, end, &fib))
		return XDP_DROP;
	return bpf_fib_lookup(ctx, &fib, sizeof(fib), 0) ? XDP_ABORTED : XDP_TX;
}

static __always_inline int hash(struct xdp_md *ctx, int begin)
{
	int outer = floor_meet((void *)(long)ctx->data, (void *)(long)ctx->data_end, begin);

	if (outer == ABSENT)
		return XDP_PASS;
	if (outer == BROKEN || bpf_xdp_adjust_head(ctx, -outer))
		return XDP_DROP;
	return floor_wrap((void *)(long)ctx->data, (void *)(long)ctx->data_end, outer) ? XDP_DROP : XDP_TX;
}
SEC("xdp") int lowest_hash(struct xdp_md *ctx)
{
	return hash(ctx, 0);
}
SEC("xdp") int lowest_hash_new(struct xdp_md *ctx)
{
	return hash(ctx, 1);
}

char _license[] SEC("license") = "Dual MIT/GPL";
