// SPDX-License-Identifier: MIT OR GPL-2.0-only
/* The director at tc: the complete packet path, and the clockwork that gives back what expired and keeps
 * the statistics with no process running. */
#include "ipvs/ctx_skb.h"
#include "ipvs/toa.h"
#include "ipvs/fragment.h"
#include "ipvs/encap_skb.h"
#include "ipvs/icmp.h"
#include "ipvs/icmp_send.h"
#include "ipvs/mark_skb.h"
#include "ipvs/split.h"
#include "ipvs/reset_skb.h"
#include "ipvs/stray.h"
#include "ipvs/server_request.h"
#include "ipvs/core.h"
#include "ipvs/egress.h"
#include "ipvs/expire.h"
#include "ipvs/estimate.h"
#include "ipvs/locality_sweep.h"
#include "ipvs/tick_times.h"

#define HEADERS_MAX 128
#define CLOCK_MONOTONIC 1

char _license[] SEC("license") = "Dual MIT/GPL";

/* Of the usual packets just the headers lie in the linear part. To pull more there costs a copy of all that TCP still
 * holds on to. */
static __always_inline int headers_are_linear(const struct __sk_buff *ctx)
{
	const struct ethhdr *eth = ctx_data(ctx);
	const void *end = ctx_data_end(ctx), *header = eth + 1;
	const struct ipv6hdr *ip6 = header;
	const struct iphdr *ip = header;
	__u8 protocol;

	if ((const void *)(ip + 1) > end)
		return 0;
	if (eth->h_proto == bpf_htons(ETH_P_IP)) {
		protocol = ip->ihl == sizeof(*ip) / 4 ? ip->protocol : 0;
		header = ip + 1;
	} else {
		if (eth->h_proto != bpf_htons(ETH_P_IPV6) || (const void *)(ip6 + 1) > end)
			return 0;
		protocol = ip6->nexthdr;
		header = ip6 + 1;
	}
	return (protocol == IPPROTO_TCP && header + sizeof(struct tcphdr) <= end) ||
	       (protocol == IPPROTO_UDP && header + sizeof(struct udphdr) <= end);
}

SEC("tc")
int director_tc(struct __sk_buff *ctx)
{
	struct work *work = work_begin();
	enum verdict verdict;

	/* Headers may lie outside the linear part of the packet. */
	if (ctx->data + HEADERS_MAX > ctx->data_end && ctx->len > ctx->data_end - ctx->data && !headers_are_linear(ctx))
		ctx_pull(ctx, HEADERS_MAX);
	if (!work)
		return CTX_PASS;
	verdict = handle(ctx, work);
	/* What the host itself sends there is nobody's. */
	if (work->packet.detour && ctx->ingress_ifindex && (verdict <= VERDICT_PASS || verdict == VERDICT_STACK))
		verdict = mark_back(ctx, &work->packet);
	return conclude(&work->packet, verdict);
}

/* Where the program on the way out goes on: it is verified by itself, and stays as small as it is often run. */
struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(__u32));
	__array(values, int(void *));
} onward SEC(".maps") = { .values = { [0] = (void *)&director_tc } };

/* What leaves. Whatever came in was judged there; what the host itself sends is judged here, once. */
SEC("tc")
int director_egress(struct __sk_buff *ctx)
{
	if (ctx->ingress_ifindex)
		return CTX_PASS;
	if (ctx->tc_index == OUTPUT_JUDGED)
		ctx->tc_index = 0;
	else if (egress_is_ours(ctx))
		bpf_tail_call(ctx, &onward, 0);
	return CTX_PASS;
}

static int clock_tick(void *map, __u32 *key, struct clockwork *clock)
{
	struct settings *set = settings_get();
	__u64 pause = SWEEP_NS, begin = bpf_ktime_get_ns();

	clock->ticks++;
	if (!set)
		goto again;
	if (ticks_now() - clock->defended >= ticks_per_second) {
		clock->defended = ticks_now();
		defence_update(set);
	}
	pause = sweep_slice(clock, set);
	estimate_slice(clock, set);
	localities_sweep(set);
again:
	tick_note(begin);
	bpf_timer_start(&clock->timer, pause, 0);
	return 0;
}

/* Run once by the loader, again after an upgrade: the callback is then the new program's. Returns 0, or
 * the helper's error. */
SEC("tc")
int clock_start(struct __sk_buff *ctx)
{
	__u32 zero = 0;
	struct clockwork *clock = bpf_map_lookup_elem(&clockworks, &zero);
	long rc;

	if (!clock)
		return 1;
	rc = bpf_timer_init(&clock->timer, &clockworks, CLOCK_MONOTONIC);
	if (rc && rc != -16 /* EBUSY: it is there already */)
		return -rc;
	if (!clock->ticks)
		clock->estimate_next = ~0u;
	rc = bpf_timer_set_callback(&clock->timer, clock_tick);
	if (rc)
		return -rc;
	return -bpf_timer_start(&clock->timer, SWEEP_NS, 0);
}

/* Run by who lists: counts and memory of what expired are given back before it reads. Run with a mark by who deletes
 * a destination while expire_nodest_conn is set: its connections end now. */
SEC("tc")
int sweep_now(struct __sk_buff *ctx)
{
	sweep_whole(!!ctx->mark);
	return 0;
}

/* Run by who sets one of the defences: it has its effect at once. */
SEC("tc")
int defend_now(struct __sk_buff *ctx)
{
	return defence_update(settings_get());
}

/* The time of the expiries, in ticks. */
SEC("tc")
int clock_read(struct __sk_buff *ctx)
{
	return ticks_now();
}

/* Wakes the process of a synchronisation daemon up: there is something to do besides connections. */
SEC("tc")
int sync_wake(struct __sk_buff *ctx)
{
	__u32 zero = 0;
	void *ring = bpf_map_lookup_elem(&sync_rings, &zero);
	struct sync_entry *entry = ring ? bpf_ringbuf_reserve(ring, sizeof(*entry), 0) : 0;

	if (!entry)
		return 1;
	__builtin_memset(entry, 0, sizeof(*entry));
	bpf_ringbuf_submit(entry, BPF_RB_FORCE_WAKEUP);
	return 0;
}
