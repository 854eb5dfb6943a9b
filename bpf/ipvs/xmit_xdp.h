/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Sending in XDP: only with a known neighbour, through an interface whose driver can. */
#ifndef XLVS_XMIT_H
#define XLVS_XMIT_H

#include "maps.h"
#include "route.h"

/* Interfaces that XDP may send through: those with native XDP of their own. */
struct {
	__uint(type, BPF_MAP_TYPE_DEVMAP_HASH);
	__uint(max_entries, 1024);
	__type(key, __u32);
	__type(value, __u32);
} xdp_ports SEC(".maps");

static __always_inline int xmit_can(ctx_t *ctx, const struct packet *p, long rc, const struct bpf_fib_lookup *fib)
{
	__u32 ifindex = fib->ifindex;

	if (rc != BPF_FIB_LKUP_RET_SUCCESS || p->ttl <= 1)
		return 0;
	return ifindex == ctx_ifindex(ctx) || bpf_map_lookup_elem(&xdp_ports, &ifindex);
}

/* Out through an interface, perhaps that where the packet came in. A veth wakes nobody for what XDP_TX gives back unless
 * an XDP program runs at its other end as well: the packet would wait there for the next one. */
static __always_inline int xmit_action(ctx_t *ctx, __u32 ifindex)
{
	const struct settings *set;

	if (ifindex != ctx_ifindex(ctx))
		return bpf_redirect_map(&xdp_ports, ifindex, 0);
	set = settings_get();
	return set && set->turn_by_redirect ? bpf_redirect_map(&xdp_ports, ifindex, XDP_TX) : XDP_TX;
}

static __always_inline int xmit(ctx_t *ctx, struct packet *p, long rc, const struct bpf_fib_lookup *fib)
{
	struct ethhdr *eth = ctx_data(ctx);

	if ((void *)(eth + 1) > ctx_data_end(ctx))
		return -1;
	__builtin_memcpy(eth->h_dest, fib->dmac, ETH_ALEN);
	__builtin_memcpy(eth->h_source, fib->smac, ETH_ALEN);
	p->action = xmit_action(ctx, fib->ifindex);
	return 0;
}

#endif
