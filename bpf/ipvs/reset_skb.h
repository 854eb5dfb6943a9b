/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Resets for both ends of a TCP connection that was ended on command, made of a late packet of it. At tc alone; XDP
 * leaves such packets to it. */
#ifndef XLVS_RESET_H
#define XLVS_RESET_H

#include "ended.h"
#include "local.h"
#include "sum_skb.h"
#include "work.h"

#define RESET_TTL 64
#define TCP_BYTES sizeof(struct tcphdr)
#define TCP_OFFSET_BITS bpf_htonl(0x50000000) /* a header without options */

/* A TCP header without options, in words. */
struct reset {
	__be16 sport;
	__be16 dport;
	__be32 seq;
	__be32 ack;
	__be32 flags; /* with the header's length, window 0 */
	__u16 check;
	__u16 urgent;
};

_Static_assert(sizeof(struct reset) == TCP_BYTES, "a TCP header");

static __always_inline __be32 reset_flags(__u8 flags)
{
	return TCP_OFFSET_BITS | bpf_htonl((__u32)flags << 16);
}

/* What answers the packet: the sequence number is the one that its sender waits for. */
static __always_inline void reset_answer(struct reset *reset, const struct packet *p, const struct tcphdr *tcp)
{
	__u32 length = p->length - (p->l4 - L3) - tcp->doff * 4 + (tcp->syn || tcp->fin);

	reset->sport = p->dport;
	reset->dport = p->sport;
	if (tcp->ack) {
		reset->seq = tcp->ack_seq;
		reset->flags = reset_flags(TCP_RST);
	} else {
		reset->ack = bpf_htonl(bpf_ntohl(tcp->seq) + length);
		reset->flags = reset_flags(TCP_RST | TCP_ACK);
	}
}

/* What the packet becomes for the other end. */
static __always_inline void reset_onward(struct reset *reset, const struct packet *p, const struct tcphdr *tcp)
{
	reset->sport = p->sport;
	reset->dport = p->dport;
	reset->seq = tcp->seq;
	reset->ack = tcp->ack ? tcp->ack_seq : 0;
	reset->flags = reset_flags(tcp->ack ? TCP_RST | TCP_ACK : TCP_RST);
}

static __always_inline int reset_write_ipv4(ctx_t *ctx, const struct addr *src, const struct addr *dst, __u8 ttl,
					    __u32 length)
{
	struct iphdr *ip = ctx_data(ctx) + L3;
	__be16 total = bpf_htons(length);
	__u32 change;

	if ((void *)(ip + 1) > ctx_data_end(ctx))
		return -1;
	/* TTL is the upper byte of its 16-bit word; the sum does not see the addresses change places. */
	change = csum_add(csum_add((__u16)~ip->tot_len, total), (__u16)~bpf_htons(ip->ttl << 8));
	ip->check = csum_update(ip->check, csum_add(change, bpf_htons(ttl << 8)));
	ip->tot_len = total;
	ip->ttl = ttl;
	ip->saddr = src->words[3];
	ip->daddr = dst->words[3];
	return 0;
}

static __always_inline int reset_write_ipv6(ctx_t *ctx, const struct addr *src, const struct addr *dst, __u8 ttl,
					    __u32 length)
{
	struct ipv6hdr *ip = ctx_data(ctx) + L3;

	if ((void *)(ip + 1) > ctx_data_end(ctx))
		return -1;
	ip->payload_len = bpf_htons(length - sizeof(*ip));
	ip->hop_limit = ttl;
	__builtin_memcpy(&ip->saddr, src, sizeof(*src));
	__builtin_memcpy(&ip->daddr, dst, sizeof(*dst));
	return 0;
}

/* Write a reset in the place of the packet, which has room for just that. `open`: the sum is left to who sends it. */
__noinline int reset_write(ctx_t *ctx, const struct packet *p, struct reset *reset, __u32 swapped, __u32 open)
{
	const struct addr *src, *dst;
	__u32 length, sum;

	if (!p || !reset)
		return -1;
	src = swapped ? &p->dst : &p->src;
	dst = swapped ? &p->src : &p->dst;
	length = p->l4 - L3 + TCP_BYTES;
	sum = sum_pseudo(p, src, dst, IPPROTO_TCP, TCP_BYTES);
	reset->check = open ? csum_fold(sum) : 0;
	reset->urgent = 0;
	if (!open)
		reset->check = ~csum_fold(bpf_csum_diff(0, 0, (__be32 *)reset, sizeof(*reset), sum));
	if (bpf_skb_store_bytes(ctx, p->l4, reset, sizeof(*reset), 0))
		return -1;
	return p->family == FAMILY_IPV4 ? reset_write_ipv4(ctx, src, dst, swapped ? RESET_TTL : p->ttl, length) :
					  reset_write_ipv6(ctx, src, dst, swapped ? RESET_TTL : p->ttl, length);
}

/* Send a copy of what is in the packet to its sender. Without a known neighbour it gets none: it sends again. */
__noinline int reset_send_copy(ctx_t *ctx)
{
	struct work *work = work_get();
	struct ethhdr *eth;
	struct packet *p;

	if (!work)
		return -1;
	p = &work->packet;
	if (route(ctx, &work->fib, p, &p->dst, &p->src, p->length) != BPF_FIB_LKUP_RET_SUCCESS)
		return -1;
	eth = ctx_data(ctx);
	if ((void *)(eth + 1) > ctx_data_end(ctx))
		return -1;
	__builtin_memcpy(eth->h_dest, work->fib.dmac, ETH_ALEN);
	__builtin_memcpy(eth->h_source, work->fib.smac, ETH_ALEN);
	return bpf_clone_redirect(ctx, work->fib.ifindex, 0);
}

/* A packet of the host's own process is answered alone: the other end is told by its own next packet. */
static __always_inline enum verdict reset_own(ctx_t *ctx, struct work *work)
{
	struct packet *p = &work->packet;
	long rc = route(ctx, &work->fib, p, &p->dst, &p->src, p->length);

	if (!route_is_local(rc))
		return DROP_NO_ROUTE;
	return local_send(ctx, p, rc, &work->fib, 1) ? DROP_INTERNAL : VERDICT_ANSWERED;
}

/* Tell the sender, and make the packet a reset for the other end of the connection `number`, which is left in `work`:
 * VERDICT_RESET. Other verdicts are final. */
static __noinline enum verdict ended_turn(ctx_t *ctx, struct work *work, __u32 number, const struct settings *set)
{
	struct packet *p = &work->packet;
	struct reset reset = {};
	struct tcphdr tcp;
	__u32 open;

	if (bpf_skb_load_bytes(ctx, p->l4, &tcp, sizeof(tcp)))
		return DROP_INTERNAL;
	open = sum_open(ctx, p, p->l4) >= 0;
	if ((ctx->vlan_present && bpf_skb_vlan_pop(ctx)) || bpf_skb_change_tail(ctx, p->l4 + TCP_BYTES, 0))
		return DROP_INTERNAL;
	if (!tcp.rst) {
		reset_answer(&reset, p, &tcp);
		p->length = p->segment = p->l4 - L3 + TCP_BYTES;
		if (reset_write(ctx, p, &reset, 1, open))
			return DROP_INTERNAL;
		if (p->own)
			return reset_own(ctx, work);
		reset_send_copy(ctx);
	}
	p->length = p->segment = p->l4 - L3 + TCP_BYTES;
	reset_onward(&reset, p, &tcp);
	if (reset_write(ctx, p, &reset, 0, open))
		return DROP_INTERNAL;
	p->tcp_flags = TCP_RST;
	work->choice.begun = number;
	work->choice.one_packet = 0;
	return VERDICT_RESET;
}

#endif
