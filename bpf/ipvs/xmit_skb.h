/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Sending at tc. Its twin is xmit_xdp.h. */
#ifndef XLVS_XMIT_H
#define XLVS_XMIT_H

#include "route.h"

/* In `tc_index` of what the host itself sends: it was judged, let it out. No datagram is as short as that: the number
 * means something else there on the way in, see fragment.h. */
#define OUTPUT_JUDGED 1

/* tc finishes every packet. */
static __always_inline int xmit_can(ctx_t *ctx, const struct packet *p, long rc, const struct bpf_fib_lookup *fib)
{
	return 1;
}

/* A packet on its way out has a route of the stack's already, by which the kernel would look for another neighbour once
 * the one that we name is found. No helper takes it away, but that for tunnel devices puts one in its place that has no
 * neighbours at all. */
static __always_inline void xmit_forget_route(ctx_t *ctx)
{
	__u64 none = 0; /* the shortest form that the helper takes: the stack is full */

	bpf_skb_set_tunnel_key(ctx, (struct bpf_tunnel_key *)&none, sizeof(none), 0);
}

/* Let the kernel find the neighbour: it queues the packet while it asks. */
static __always_inline int xmit_resolve(ctx_t *ctx, const struct packet *p, const struct bpf_fib_lookup *fib)
{
	struct bpf_redir_neigh neighbour = { .nh_family = fib->family };

	if (p->detour || ctx_is_output(ctx))
		xmit_forget_route(ctx);
	if (fib->family == FAMILY_IPV4)
		neighbour.ipv4_nh = fib->ipv4_dst;
	else
		__builtin_memcpy(neighbour.ipv6_nh, fib->ipv6_dst, sizeof(neighbour.ipv6_nh));
	return bpf_redirect_neigh(fib->ifindex, &neighbour, sizeof(neighbour), 0);
}

/* Write the link-layer addresses and choose the interface. `rc` is the route's. */
static __always_inline int xmit(ctx_t *ctx, struct packet *p, long rc, const struct bpf_fib_lookup *fib)
{
	struct ethhdr *eth;

	/* The tag is the ingress network's. */
	if (ctx->vlan_present && bpf_skb_vlan_pop(ctx))
		return -1;
	if (ctx_is_output(ctx))
		ctx->tc_index = OUTPUT_JUDGED;
	if (rc != BPF_FIB_LKUP_RET_SUCCESS) {
		p->action = xmit_resolve(ctx, p, fib);
		return 0;
	}
	eth = ctx_data(ctx);
	if ((void *)(eth + 1) > ctx_data_end(ctx))
		return -1;
	__builtin_memcpy(eth->h_dest, fib->dmac, ETH_ALEN);
	__builtin_memcpy(eth->h_source, fib->smac, ETH_ALEN);
	p->action = bpf_redirect(fib->ifindex, 0);
	return 0;
}

#endif
