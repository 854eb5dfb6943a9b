// SPDX-License-Identifier: MIT OR GPL-2.0-only
// A source of frames (run as live frames, each is sent out of a veth), a sink that counts them, and the least that a
// director can do with them: drop them, or send them on as they came.
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_endian.h>

#define WORDS 8
#define FRAME (8 * WORDS)

struct state {
	__u64 arrived;
	__u64 awaited; // number of the last frame
	__u64 begin, end; // ns, of the first frame's departure and the last one's arrival
	__u64 last[WORDS]; // the frame that arrived last
	__u64 head[WORDS]; // what is sent, with port 0 in its checksum
	__u32 ifindex; // the source's interface
	__u32 onward; // where frames go on as they came
	__u32 counter;
	__u32 connections;
	__u32 first_port;
	__u32 port_at; // offsets
	__u32 check_at;
};
volatile struct state state;

static __always_inline __u16 *half_at(void *data, void *end, __u32 at)
{
	__u16 *half = data + (at & (FRAME - 1));

	return (void *)(half + 1) > end ? 0 : half;
}

// Frames are used again as the receiver left them, so all headers are written each time.
SEC("xdp") int source(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	__u16 *port = half_at(data, end, state.port_at), *check = half_at(data, end, state.check_at);
	__u32 counter = state.counter, sum;
	__u64 *word = data;

	if (data + FRAME > end || !port || !check || !state.connections)
		return XDP_ABORTED;
#pragma unroll
	for (int i = 0; i < WORDS; i++)
		word[i] = state.head[i];
	if (!state.begin)
		state.begin = bpf_ktime_get_ns();
	state.counter = counter + 1;
	*port = bpf_htons(state.first_port + counter % state.connections);
	sum = (__u16) ~*check + *port;
	*check = ~(sum + (sum >> 16));
	return bpf_redirect(state.ifindex, 0);
}

static __always_inline void arrive(void *data, void *end)
{
	__u64 *word = data;

	if (data + FRAME > end || *(__u16 *)(data + 12) != bpf_htons(0x0800))
		return;
#pragma unroll
	for (int i = 0; i < WORDS; i++)
		state.last[i] = word[i];
	if (++state.arrived == state.awaited)
		state.end = bpf_ktime_get_ns();
}

SEC("xdp") int sink(struct xdp_md *ctx)
{
	arrive((void *)(long)ctx->data, (void *)(long)ctx->data_end);
	return XDP_DROP;
}

SEC("tc") int drop(struct __sk_buff *ctx)
{
	arrive((void *)(long)ctx->data, (void *)(long)ctx->data_end);
	return TC_ACT_SHOT;
}

SEC("xdp") int onward_xdp(struct xdp_md *ctx)
{
	return bpf_redirect(state.onward, 0);
}

SEC("tc") int onward_tc(struct __sk_buff *ctx)
{
	return bpf_redirect(state.onward, 0);
}

char _license[] SEC("license") = "Dual MIT/GPL";
