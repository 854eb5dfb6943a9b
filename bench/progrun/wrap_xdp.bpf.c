// SPDX-License-Identifier: MIT OR GPL-2.0-only
#include "wrap.h"

static __always_inline int wrap(struct xdp_md *ctx, int words, int address, int port, int asked)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;

	if ((__u32)(end - data) != config.length) {
		if (bpf_xdp_adjust_head(ctx, (int)(end - data) - (int)config.length))
			return XDP_ABORTED;
		data = (void *)(long)ctx->data;
		end = (void *)(long)ctx->data_end;
	}
	if (rewrite(data, end, words, address, port, asked))
		return XDP_ABORTED;
	bpf_tail_call(ctx, &target, 0);
	return XDP_ABORTED;
}

SEC("xdp") int wrap_v4(struct xdp_md *ctx)
{
	return wrap(ctx, 8, 26, 34, 0);
}
SEC("xdp") int wrap_v4_reply(struct xdp_md *ctx)
{
	return wrap(ctx, 8, 30, 36, 0);
}
SEC("xdp") int wrap_v6(struct xdp_md *ctx)
{
	return wrap(ctx, 10, 34, 54, 0);
}
SEC("xdp") int wrap_v4_targets(struct xdp_md *ctx)
{
	return wrap(ctx, 8, 26, 34, 30);
}
SEC("xdp") int bare_push(struct xdp_md *ctx)
{
	return bpf_xdp_adjust_head(ctx, -OUTER_IPV4) ? XDP_ABORTED : XDP_TX;
}
SEC("xdp") int bare_push_v6(struct xdp_md *ctx)
{
	return bpf_xdp_adjust_head(ctx, -OUTER_IPV6) ? XDP_ABORTED : XDP_TX;
}
SEC("xdp") int bare_end(struct xdp_md *ctx)
{
	return XDP_TX;
}

char _license[] SEC("license") = "Dual MIT/GPL";
