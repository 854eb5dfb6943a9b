// SPDX-License-Identifier: MIT OR GPL-2.0-only
// A source of UDP frames: run as live frames, each is sent out of a veth.  Frames are used again as the receiver left
// them, so all headers are written each time.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_endian.h>

struct source {
	__u32 ifindex;
	__u32 connections; // ends: so many source ports, from 1024 on, then the next address
	__u32 counter;
	__u32 unused;
	__u64 head[6];
};
volatile struct source source;

#define PORTS 60000

SEC("xdp") int send_udp(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	__u64 *word = data;
	__u32 counter = source.counter, number;

	if (data + 48 > end || !source.connections)
		return XDP_ABORTED;
#pragma unroll
	for (int i = 0; i < 6; i++)
		word[i] = source.head[i];
	source.counter = counter + 1;
	number = counter % source.connections;
	*(__u16 *)(data + 34) = bpf_htons(1024 + number % PORTS);
	// What the address gains the packet's number loses, so that the header's sum stays.
	*(__u16 *)(data + 28) = bpf_htons(bpf_ntohs(*(__u16 *)(data + 28)) + number / PORTS);
	*(__u16 *)(data + 18) = bpf_htons(~(number / PORTS));
	return bpf_redirect(source.ifindex, 0);
}

char _license[] SEC("license") = "Dual MIT/GPL";
