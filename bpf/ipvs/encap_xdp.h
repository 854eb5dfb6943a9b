/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Putting a packet into a tunnel in XDP. Its twin is encap_skb.h. */
#ifndef XLVS_ENCAP_H
#define XLVS_ENCAP_H

#include "tunnel_head.h"
#include "xmit_xdp.h"

/* The frame may be padded behind its packet, which an outer header would make part of it. */
static __always_inline int encap_trim(ctx_t *ctx, const struct packet *p)
{
	__u64 frame = ctx_data_end(ctx) - ctx_data(ctx);
	__u32 padding;

	/* Not until then may it be taken for a number: the verifier refuses sums with pointers of 32 bits. */
	asm volatile("" : "+r"(frame));
	padding = frame - L3 - p->length;
	return padding ? bpf_xdp_adjust_tail(ctx, -(int)padding) : 0;
}

/* Make room for the outer headers. XDP leaves to tc what does not fit, whose bytes must be summed, or for which the
 * driver has no room; nothing of the packet has changed then. */
static __always_inline int encap_begin(ctx_t *ctx, struct work *work, const struct tunnel_way *way)
{
	struct packet *p = &work->packet;

	if (p->ttl <= 1 || p->length + way->room > way->mtu)
		return -1;
	if (tunnel_is_summed(way) && head_sum_inner(ctx, p, &work->head.sum))
		return -1;
	work->head.length = p->length;
	return encap_trim(ctx, p) || bpf_xdp_adjust_head(ctx, -(int)way->room);
}

static __always_inline enum verdict encap_send(ctx_t *ctx, struct work *work, const struct tunnel_way *way, long rc)
{
	struct packet *p = &work->packet;

	if (head_write(ctx, way, &work->head) || head_age(ctx, p, L3 + way->room))
		return DROP_INTERNAL;
	p->action = xmit_action(ctx, way->ifindex);
	return VERDICT_FORWARD;
}

static __always_inline enum verdict encap_split(ctx_t *ctx, struct work *work, const struct tunnel_way *way)
{
	return DROP_INTERNAL;
}

#endif
