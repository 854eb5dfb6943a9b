/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Both ends of the detour by the mark device. The stack forwards packets there as a router does; here it is undone, so
 * that the packet is judged as the one that came in. */
#ifndef XLVS_MARK_SKB_H
#define XLVS_MARK_SKB_H

#include "csum.h"
#include "mark.h"
#include "proto.h"
#include "route.h"
#include "work.h"

/* In `tc_index`, where the first of a datagram's fragments has the length of the whole: no datagram is that short. */
#define MARK_TTL_RAISED 1

static __always_inline int mark_add_ttl(ctx_t *ctx, const struct packet *p)
{
	void *header = ctx_data(ctx) + L3;
	struct ipv6hdr *ip6 = header;
	struct iphdr *ip = header;

	if (p->family == FAMILY_IPV6) {
		if ((void *)(ip6 + 1) > ctx_data_end(ctx))
			return -1;
		ip6->hop_limit++;
		return 0;
	}
	if ((void *)(ip + 1) > ctx_data_end(ctx))
		return -1;
	ip->ttl++;
	ip->check = csum_update(ip->check, bpf_htons(0x0100));
	return 0;
}

/* A packet that leaves through the mark device. What the host itself sends has not been forwarded yet. */
static __always_inline void mark_arrive(ctx_t *ctx, struct packet *p)
{
	p->detour = 1;
	p->mark = ctx->mark;
}

/* The same once its headers were read: give back the TTL that forwarding took. */
static __always_inline void mark_undo(ctx_t *ctx, struct packet *p)
{
	if (ctx->tc_index == MARK_TTL_RAISED)
		ctx->tc_index = 0;
	else if (p->family && ctx->ingress_ifindex && !mark_add_ttl(ctx, p))
		p->ttl++;
}

/* A packet that netfilter is to see first. One that may go no further is answered in the name of the virtual address,
 * or delivered here, and the stack would refuse to forward it before we know: it is lent a hop. */
static __noinline enum verdict mark_leave(ctx_t *ctx, struct work *work, const struct settings *set)
{
	struct packet *p = &work->packet;
	long rc;

	if (!set || p->ttl > 1 || p->part != FRAGMENT_NONE || !parse_is_ours(p) || !proto_begins(p, set))
		return VERDICT_PASS;
	rc = route(ctx, &work->fib, p, &p->src, &p->dst, p->length);
	if (rc != BPF_FIB_LKUP_RET_NOT_FWDED && !(route_is_found(rc) && work->fib.ifindex == set->mark_device))
		return VERDICT_PASS;
	if (!mark_add_ttl(ctx, p))
		mark_note(ctx, MARK_TTL_RAISED);
	return VERDICT_PASS;
}

/* No service wants it: the host's stack goes on with it, as one that came in by the mark device, which the rules of the
 * routing table do not lead here again. One that was here before is lost in a circle. */
static __always_inline enum verdict mark_back(ctx_t *ctx, struct packet *p)
{
	if (ctx->ingress_ifindex == ctx->ifindex)
		return DROP_MARK_LOOP;
	p->action = bpf_redirect(ctx->ifindex, BPF_F_INGRESS);
	return VERDICT_BACK;
}

#endif
