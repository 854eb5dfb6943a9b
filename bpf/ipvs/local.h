/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Packets that begin or end on the director itself: clients and destinations here. They do not pass the director, so
 * they lose no hop, and their way is the host's own one where it has one. At tc alone; XDP leaves them to it.
 *
 * What a local client gets bears the virtual address as its source, which mostly is an address of the host: from a
 * wire the stack would take none such. It enters by the loopback interface, which is set to let it in. */
#ifndef XLVS_LOCAL_H
#define XLVS_LOCAL_H

#include "conn.h"
#include "fullnat.h"
#include "proto.h"
#include "stats.h"
#include "xmit_nat.h"
#include "xmit_skb.h"

static __always_inline void local_begin(ctx_t *ctx, struct packet *p)
{
	p->own = 1;
	p->mark = ctx->mark;
}

static __always_inline int local_deliver(ctx_t *ctx, struct packet *p)
{
	struct ethhdr *eth = ctx_data(ctx);

	p->inward = 1;
	/* As one that came in by the mark device, from which no mark leads back to it. */
	if (p->detour) {
		p->action = bpf_redirect(ctx->ifindex, BPF_F_INGRESS);
		return 0;
	}
	/* It is on its way in already, with a route to prove it. */
	if (p->own && ctx->ifindex == LOOPBACK_IFINDEX) {
		p->action = CTX_PASS;
		return 0;
	}
	if (ctx->vlan_present && bpf_skb_vlan_pop(ctx))
		return -1;
	eth = ctx_data(ctx);
	if ((void *)(eth + 1) > ctx_data_end(ctx))
		return -1;
	/* To nobody else: those of the loopback interface are zero. */
	__builtin_memset(eth->h_dest, 0, ETH_ALEN);
	__builtin_memset(eth->h_source, 0, ETH_ALEN);
	p->action = bpf_redirect(LOOPBACK_IFINDEX, BPF_F_INGRESS);
	return 0;
}

/* Send a packet on that begins or ends here. `renamed`: its source has become the virtual address. */
static __always_inline int local_send(ctx_t *ctx, struct packet *p, long rc, const struct bpf_fib_lookup *fib,
				      int renamed)
{
	if (route_is_local(rc) && (renamed || p->own || p->detour))
		return local_deliver(ctx, p);
	if (p->own && route_is_found(rc))
		return xmit(ctx, p, rc, fib);
	p->action = CTX_PASS;
	return 0;
}

/* The sum of an IPv6 packet that an interface took covers the header, whose change the update of the transport
 * checksum makes up for; the helper which did that knows of IPv4 only, where the header's own checksum does. */
static __always_inline void local_correct_sum(ctx_t *ctx, const struct packet *p, const struct nat *nat)
{
	if (p->family == FAMILY_IPV6 && p->part != FRAGMENT_LATER)
		bpf_csum_update(ctx, csum_change_addr(nat->side == NAT_SOURCE ? &p->src : &p->dst, &nat->to));
}

/* Translate what begins or ends here. */
static __always_inline int local_translate(ctx_t *ctx, struct work *work)
{
	struct packet *p = &work->packet;
	struct nat *nat = &work->nat;

	if (nat->both) {
		if (fullnat_change_options(ctx, work, 0xffff))
			return -1;
		local_correct_sum(ctx, p, nat_other_side(work));
		if (nat_translate_also(ctx, work))
			return -1;
	}
	if (nat_translate(ctx, p, nat))
		return -1;
	local_correct_sum(ctx, p, nat);
	return 0;
}

/* A request to the director itself. Only masquerading sends one here that was to leave. */
static __noinline enum verdict local_forward(ctx_t *ctx, struct work *work)
{
	struct packet *p = &work->packet;

	work->nat.keeps_ttl = 1;
	if (work->nat.side == NAT_DESTINATION) {
		if (local_translate(ctx, work))
			return DROP_INTERNAL;
	} else if (p->own && ctx->ifindex != LOOPBACK_IFINDEX) {
		return DROP_NO_ROUTE;
	}
	/* Of full NAT the source is an address of the host, as that of an answer to a local client. */
	return local_send(ctx, p, BPF_FIB_LKUP_RET_NOT_FWDED, &work->fib, work->nat.both) ? DROP_INTERNAL :
											    VERDICT_FORWARD;
}

/* An answer of a process of the director's, or to one. */
static __noinline enum verdict local_reply(ctx_t *ctx, struct work *work, long rc, const struct settings *set)
{
	struct packet *p = &work->packet;

	work->nat.keeps_ttl = 1;
	if (!set || local_translate(ctx, work))
		return DROP_INTERNAL;
	/* It goes on in the way that the stack found before it was translated. */
	if (!route_is_local(rc) && !set->sysctls[SYSCTL_SNAT_REROUTE] && !work->nat.both) {
		p->action = CTX_PASS;
		return VERDICT_REPLY;
	}
	return local_send(ctx, p, rc, &work->fib, 1) ? DROP_INTERNAL : VERDICT_REPLY;
}

#endif
