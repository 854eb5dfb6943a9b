/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Resets for both ends of a TCP connection that was ended on command, made of a late packet of it. At tc alone; XDP
 * leaves such packets to it. */
#ifndef XLVS_RESET_H
#define XLVS_RESET_H

#include "copy_skb.h"
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

/* A process of the host's own is told by the loopback interface, as in local.h. */
static __always_inline int reset_copy_to(ctx_t *ctx, const struct bpf_fib_lookup *fib, int own)
{
	struct ethhdr *eth = ctx_data(ctx);

	if ((void *)(eth + 1) > ctx_data_end(ctx))
		return -1;
	if (own) {
		__builtin_memset(eth, 0, 2 * ETH_ALEN);
		return copy_send(ctx, LOOPBACK_IFINDEX, BPF_F_INGRESS);
	}
	__builtin_memcpy(eth->h_dest, fib->dmac, ETH_ALEN);
	__builtin_memcpy(eth->h_source, fib->smac, ETH_ALEN);
	return copy_send(ctx, fib->ifindex, 0);
}

/* Send a copy of what is in the packet to its sender: VERDICT_CONTINUE. A neighbour that is not known yet is found only
 * for a packet that is not a copy: the sender is told alone then, and the other end by its own next packet. */
__noinline enum verdict reset_send_copy(ctx_t *ctx)
{
	struct work *work = work_get();
	struct packet *p;
	int own;
	long rc;

	if (!work)
		return DROP_INTERNAL;
	p = &work->packet;
	rc = route(ctx, &work->fib, p, &p->dst, &p->src, p->length);
	own = p->own && route_is_local(rc);
	if (own && p->detour)
		return local_send(ctx, p, rc, &work->fib, 1) ? DROP_INTERNAL : VERDICT_ANSWERED;
	if (own || rc == BPF_FIB_LKUP_RET_SUCCESS)
		reset_copy_to(ctx, &work->fib, own);
	else if (route_is_found(rc))
		return xmit(ctx, p, rc, &work->fib) ? DROP_INTERNAL : VERDICT_ANSWERED;
	return VERDICT_CONTINUE;
}

/* Tell the sender, and make the packet a reset for the other end of the connection `number`, which is left in `work`:
 * VERDICT_RESET. Other verdicts are final. */
static __noinline enum verdict ended_turn(ctx_t *ctx, struct work *work, __u32 number, const struct settings *set)
{
	struct packet *p = &work->packet;
	struct reset reset = {};
	enum verdict verdict;
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
		verdict = reset_send_copy(ctx);
		if (verdict != VERDICT_CONTINUE)
			return verdict;
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
