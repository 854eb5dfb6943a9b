/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Where a packet goes next: the host's routing table decides, per packet. */
#ifndef XLVS_ROUTE_H
#define XLVS_ROUTE_H

#include "parse.h"

/* Route a packet of `length` bytes from `src` to `dst` as one that came in on this interface. Returns
 * BPF_FIB_LKUP_RET_*, or a negative error; with FRAG_NEEDED `fib->mtu_result` is the MTU. */
static __always_inline long route(ctx_t *ctx, struct bpf_fib_lookup *fib, const struct packet *p,
				  const struct addr *src, const struct addr *dst, __u32 length)
{
	__builtin_memset(fib, 0, sizeof(*fib));
	fib->family = p->family;
	fib->l4_protocol = p->protocol;
	fib->tot_len = length > 0xffff ? 0xffff : length;
	fib->ifindex = ctx_ifindex(ctx);
	if (p->family == FAMILY_IPV4) {
		fib->tos = p->tos;
		fib->ipv4_src = src->words[3];
		fib->ipv4_dst = dst->words[3];
	} else {
		fib->flowinfo = bpf_htonl((__u32)p->tos << 20);
		__builtin_memcpy(fib->ipv6_src, src, sizeof(*src));
		__builtin_memcpy(fib->ipv6_dst, dst, sizeof(*dst));
	}
	return ctx_fib_lookup(ctx, fib);
}

static __always_inline int route_is_found(long rc)
{
	return rc == BPF_FIB_LKUP_RET_SUCCESS || rc == BPF_FIB_LKUP_RET_NO_NEIGH;
}

static __always_inline enum verdict route_drop_reason(long rc)
{
	return rc == BPF_FIB_LKUP_RET_FWD_DISABLED ? DROP_FORWARDING_OFF : DROP_NO_ROUTE;
}

#endif
