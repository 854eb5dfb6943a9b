/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Putting a packet into a tunnel at tc. Its twin is encap_xdp.h. */
#ifndef XLVS_ENCAP_H
#define XLVS_ENCAP_H

#include "segment_skb.h"
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

/* Make room, and tell the kernel what lies where: it cuts GSO packets into segments by that, which become shorter where
 * they would not fit. What is cut here must not be known as a tunnel's, or its length could not change any more. */
static __always_inline int encap_push(ctx_t *ctx, const struct tunnel_way *way, __u32 room,
				      const struct tunnel_head *head)
{
	__u64 flags = head->shrinks ? 0 : BPF_F_ADJ_ROOM_FIXED_GSO;

	if (!head->splits && !head->segments) {
		flags |= way->family == FAMILY_IPV4 ? BPF_F_ADJ_ROOM_ENCAP_L3_IPV4 : BPF_F_ADJ_ROOM_ENCAP_L3_IPV6;
		if (way->protocol == IPPROTO_UDP)
			flags |= BPF_F_ADJ_ROOM_ENCAP_L4_UDP;
		else if (way->protocol == PROTOCOL_GRE)
			flags |= BPF_F_ADJ_ROOM_ENCAP_L4_GRE;
	}
	if (!bpf_skb_adjust_room(ctx, room, BPF_ADJ_ROOM_MAC, flags))
		return 0;
	/* What came in a tunnel itself may be known as one already; it is cut nowhere. */
	return ctx_segment(ctx) ? -1 : bpf_skb_adjust_room(ctx, room, BPF_ADJ_ROOM_MAC, 0);
}

/* What has to happen to the packet's size. A neighbour that is not known yet is asked for by a packet in whole: should
 * the link refuse it, the next one is cut. Returns 0, or not. */
static __always_inline int encap_judge(const ctx_t *ctx, struct work *work, const struct tunnel_way *way, long rc)
{
	struct tunnel_head *head = &work->head;
	struct packet *p = &work->packet;
	int large = p->segment + way->room > way->mtu, sure = rc == BPF_FIB_LKUP_RET_SUCCESS;

	head->splits = large && sure && !ctx_segment(ctx);
	head->shrinks = large && ctx_segment(ctx);
	head->segments = sure && segment_must(ctx, p, way);
	return head->shrinks && (p->protocol != IPPROTO_TCP || p->segment > way->mtu);
}

static __noinline enum verdict encap_fragments(ctx_t *ctx, struct work *work, const struct tunnel_way *way)
{
	__u32 least = L3 + way->room + FRAGMENT_HEADER + sizeof(struct ipv6hdr), ifindex = way->ifindex, mtu = way->mtu;
	struct packet *p = &work->packet;
	int failed;

	p->segment = work->head.length + way->room;
	failed = way->family == FAMILY_IPV4 ?
			 split_send(ctx, p, ifindex, mtu, least) :
			 split_send_ipv6(ctx, p->segment - sizeof(struct ipv6hdr), ifindex, mtu, least);
	return failed ? DROP_TOO_BIG : VERDICT_FORWARD;
}

/* Send the outer packet in fragments, or the inner one in segments. The clones are on their way then; this one has done
 * its duty. */
static __always_inline enum verdict encap_split(ctx_t *ctx, struct work *work, const struct tunnel_way *way)
{
	work->packet.action = work->packet.own ? CTX_CONSUMED : CTX_DROP;
	if (!work->head.segments)
		return encap_fragments(ctx, work, way);
	work->way = *way;
	return segment_send(ctx, work) ? DROP_INTERNAL : VERDICT_FORWARD;
}

/* VERDICT_CONTINUE: it is to be split. */
static __noinline enum verdict encap_send(ctx_t *ctx, struct work *work, const struct tunnel_way *way, long rc)
{
	struct tunnel_head *head = &work->head;
	struct packet *p = &work->packet;
	__u32 room = way->room;

	if (encap_judge(ctx, work, way, rc))
		return DROP_TOO_BIG;
	/* With GSO all segments, of a fragment only its own bytes. */
	head->length = ctx_segment(ctx) ? p->length : p->segment;
	/* From here on of a GSO packet: its headers. */
	p->segment -= ctx_segment(ctx);
	if (head->splits && way->family == FAMILY_IPV6)
		room += FRAGMENT_HEADER;
	if (tunnel_is_summed(way) && encap_sum(ctx, work))
		return DROP_INTERNAL;
	/* The tag is the ingress network's; padding would become part of the packet. */
	if ((ctx->vlan_present && bpf_skb_vlan_pop(ctx)) ||
	    (ctx->len > L3 + head->length && bpf_skb_change_tail(ctx, L3 + head->length, 0)))
		return DROP_INTERNAL;
	if (encap_push(ctx, way, room, head) || head_write(ctx, way, head) || head_age(ctx, p, L3 + room))
		return DROP_INTERNAL;
	if (p->own)
		ctx->tc_index = OUTPUT_JUDGED;
	if (head->splits || head->segments)
		return VERDICT_CONTINUE;
	p->action = rc == BPF_FIB_LKUP_RET_SUCCESS ? bpf_redirect(way->ifindex, 0) : xmit_resolve(ctx, p, &work->fib);
	return VERDICT_FORWARD;
}

#endif
