/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Where a packet goes next: the host's routing table decides, per packet. */
#ifndef XLVS_ROUTE_H
#define XLVS_ROUTE_H

#include "parse.h"

/* Route a packet of `length` bytes from `src` to `dst`. Returns BPF_FIB_LKUP_RET_*, or a negative error; with
 * FRAG_NEEDED `fib->mtu_result` is the MTU. */
static __always_inline long route_from(ctx_t *ctx, struct bpf_fib_lookup *fib, const struct packet *p,
				       const struct addr *src, const struct addr *dst, __u32 length, __u32 from)
{
	long rc;

	__builtin_memset(fib, 0, sizeof(*fib));
	fib->family = p->family;
	fib->l4_protocol = p->protocol;
	fib->tot_len = length > 0xffff ? 0xffff : length;
	fib->ifindex = from;
	if (p->family == FAMILY_IPV4) {
		fib->tos = p->tos;
		fib->ipv4_src = src->words[3];
		fib->ipv4_dst = dst->words[3];
	} else {
		fib->flowinfo = bpf_htonl((__u32)p->tos << 20);
		__builtin_memcpy(fib->ipv6_src, src, sizeof(*src));
		__builtin_memcpy(fib->ipv6_dst, dst, sizeof(*dst));
	}
	rc = ctx_fib_lookup(ctx, fib);
	if (rc != BPF_FIB_LKUP_RET_FWD_DISABLED || from == ctx_ifindex(ctx))
		return rc;
	fib->ifindex = ctx_ifindex(ctx);
	return ctx_fib_lookup(ctx, fib);
}

/* The way of a packet that came in and is forwarded. */
static __always_inline long route(ctx_t *ctx, struct bpf_fib_lookup *fib, const struct packet *p,
				  const struct addr *src, const struct addr *dst, __u32 length)
{
	return route_from(ctx, fib, p, src, dst, length, ctx_ifindex(ctx));
}

/* The way of a packet that the host itself sends. So the kernel routes requests, their source still open, and answers
 * from the virtual address. Where the loopback interface does not forward, which the look-up insists on, it is that
 * of route(). */
static __always_inline long route_own(ctx_t *ctx, struct bpf_fib_lookup *fib, const struct packet *p,
				      const struct addr *src, const struct addr *dst, __u32 length)
{
	return route_from(ctx, fib, p, src, dst, length, LOOPBACK_IFINDEX);
}

static const struct addr addr_open;

/* The receiver is the director itself, or nobody: the routing table does not tell the two apart. */
static __always_inline int route_is_local(long rc)
{
	return rc == BPF_FIB_LKUP_RET_NOT_FWDED;
}

/* A route says that there is none. */
static __always_inline int route_is_barred(long rc)
{
	return rc == BPF_FIB_LKUP_RET_BLACKHOLE || rc == BPF_FIB_LKUP_RET_UNREACHABLE ||
	       rc == BPF_FIB_LKUP_RET_PROHIBIT;
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
