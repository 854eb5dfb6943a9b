/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Putting a packet into a tunnel at tc. Its twin is encap_xdp.h. */
#ifndef XLVS_ENCAP_H
#define XLVS_ENCAP_H

#include "split.h"
#include "sum_skb.h"
#include "tunnel_head.h"
#include "xmit_skb.h"

/* tc finishes every packet, and changes it later. */
static __always_inline int encap_begin(ctx_t *ctx, struct work *work, const struct tunnel_way *way)
{
	return 0;
}

static __always_inline int encap_sum(ctx_t *ctx, struct work *work)
{
	struct tunnel_head *head = &work->head;
	int failed = 0;

	if (head_sum_inner(ctx, &work->packet, &head->sum))
		head->sum = head_sum_aged(&work->packet, sum_bytes(ctx, L3, head->length, 0, &failed));
	return failed;
}

/* Make room, and tell the kernel what lies where: it cuts GSO packets into segments by that. What is to be split must
 * not be known as a tunnel's, or its length could not change any more. */
static __always_inline int encap_push(ctx_t *ctx, const struct tunnel_way *way, __u32 room, int splits)
{
	__u64 flags = way->family == FAMILY_IPV4 ? BPF_F_ADJ_ROOM_ENCAP_L3_IPV4 : BPF_F_ADJ_ROOM_ENCAP_L3_IPV6;

	if (way->protocol == IPPROTO_UDP)
		flags |= BPF_F_ADJ_ROOM_ENCAP_L4_UDP;
	else if (way->protocol == PROTOCOL_GRE)
		flags |= BPF_F_ADJ_ROOM_ENCAP_L4_GRE;
	return bpf_skb_adjust_room(ctx, room, BPF_ADJ_ROOM_MAC, splits ? 0 : flags | BPF_F_ADJ_ROOM_FIXED_GSO);
}

/* Send the outer packet in fragments. The clones are on their way then; this one has done its duty. */
static __noinline enum verdict encap_split(ctx_t *ctx, struct work *work, const struct tunnel_way *way)
{
	__u32 least = L3 + way->room + FRAGMENT_HEADER + sizeof(struct ipv6hdr), ifindex = way->ifindex, mtu = way->mtu;
	struct packet *p = &work->packet;
	int failed;

	p->segment = work->head.length + way->room;
	failed = way->family == FAMILY_IPV4 ?
			 split_send(ctx, p, ifindex, mtu, least) :
			 split_send_ipv6(ctx, p->segment - sizeof(struct ipv6hdr), ifindex, mtu, least);
	p->action = p->own ? CTX_CONSUMED : CTX_DROP;
	return failed ? DROP_TOO_BIG : VERDICT_FORWARD;
}

/* VERDICT_CONTINUE: it does not fit, split it. */
static __noinline enum verdict encap_send(ctx_t *ctx, struct work *work, const struct tunnel_way *way, long rc)
{
	struct tunnel_head *head = &work->head;
	struct packet *p = &work->packet;
	__u32 room = way->room;

	/* With GSO all segments, of a fragment only its own bytes. */
	head->length = ctx_segment(ctx) ? p->length : p->segment;
	head->splits = p->segment + room > way->mtu;
	if (head->splits && (ctx_segment(ctx) || rc != BPF_FIB_LKUP_RET_SUCCESS))
		return DROP_TOO_BIG;
	if (head->splits && way->family == FAMILY_IPV6)
		room += FRAGMENT_HEADER;
	if (tunnel_is_summed(way) && encap_sum(ctx, work))
		return DROP_INTERNAL;
	/* The tag is the ingress network's; padding would become part of the packet. */
	if ((ctx->vlan_present && bpf_skb_vlan_pop(ctx)) ||
	    (ctx->len > L3 + head->length && bpf_skb_change_tail(ctx, L3 + head->length, 0)))
		return DROP_INTERNAL;
	if (encap_push(ctx, way, room, head->splits) || head_write(ctx, way, head) || head_age(ctx, p, L3 + room))
		return DROP_INTERNAL;
	if (p->own)
		ctx->tc_index = OUTPUT_JUDGED;
	if (head->splits)
		return VERDICT_CONTINUE;
	p->action = rc == BPF_FIB_LKUP_RET_SUCCESS ? bpf_redirect(way->ifindex, 0) : xmit_resolve(p, &work->fib);
	return VERDICT_FORWARD;
}

#endif
