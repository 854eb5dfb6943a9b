// SPDX-License-Identifier: MIT OR GPL-2.0-only
// A source of UDP frames: run as live frames, each is sent out of a veth.  Frames are used again as the receiver left
// them, so all headers are written each time.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_endian.h>

struct source {
	__u32 ifindex;
	__u32 connections; // source ports, from 1024 on
	__u32 counter;
	__u32 unused;
	__u64 head[6];
};
volatile struct source source;

SEC("xdp") int send_udp(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	__u64 *word = data;
	__u32 counter = source.counter;

	if (data + 48 > end || !source.connections)
		return XDP_ABORTED;
#pragma unroll
	for (int i = 0; i < 6; i++)
		word[i] = source.head[i];
	source.counter = counter + 1;
	*(__u16 *)(data + 34) = bpf_htons(1024 + counter % source.connections % 60000);
	return bpf_redirect(source.ifindex, 0);
}

char _license[] SEC("license") = "Dual MIT/GPL";
