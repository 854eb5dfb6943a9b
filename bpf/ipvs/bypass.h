/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Without a destination: the sender is told, or (sysctl cache_bypass) the packet of a mark goes on to where it was
 * sent, as if the cache that the mark leads to were not there. */
#ifndef XLVS_BYPASS_H
#define XLVS_BYPASS_H

#include "conn.h"
#include "hop.h"
#include "proto.h"
#include "work.h"

static enum verdict send_translated(ctx_t *ctx, struct work *work, long rc);

/* Destination 0 is nobody's: connections that bypass the destinations have it, and nothing counts for them. */
static __always_inline struct dest *bypass_dest(void)
{
	struct dest *dest = dest_get(0);

	if (dest)
		dest->method = METHOD_BYPASS;
	return dest;
}

/* Whether the packet is addressed to somebody else than this host. */
static __always_inline int bypass_is_elsewhere(ctx_t *ctx, struct work *work, const struct settings *set)
{
	struct packet *p = &work->packet;
	long rc = route(ctx, &work->fib, p, &p->src, &p->dst, p->length);

	return rc != BPF_FIB_LKUP_RET_NOT_FWDED && !(route_is_found(rc) && work->fib.ifindex == set->mark_device);
}

/* A packet that may begin a connection of service `svc`, which has no destination for it. The kernel answers in the
 * name of the address that was spoken to, and can do so only if it is its own. */
static __noinline enum verdict refuse(ctx_t *ctx, struct work *work, const struct service *svc,
				      const struct settings *set)
{
	struct packet *p = &work->packet;
	struct dest *dest;

	if (!set || !svc)
		return VERDICT_PASS;
	if (!svc->key.fwmark || !bypass_is_elsewhere(ctx, work, set))
		return answer_unreachable(ctx, p);
	dest = bypass_dest();
	if (!set->sysctls[SYSCTL_CACHE_BYPASS] || !dest)
		return p->family == FAMILY_IPV4 ? DROP_NO_DESTINATION : answer_unreachable(ctx, p);
	work->choice.dest = 0;
	work->choice.control = 0;
	work->choice.dport = 0;
	return VERDICT_CONTINUE;
}

/* Send a packet of such a connection on. */
static __noinline enum verdict bypass(ctx_t *ctx, struct work *work, struct conn *conn, const struct settings *set,
				      __u32 now)
{
	struct packet *p = &work->packet;
	long rc;

	rc = hop_find(ctx, &work->fib, p, conn, 0, DIRECTION_FORWARD, &p->src, &p->dst, 0, now);
	if (rc == HOP_HAND_UP)
		return VERDICT_HAND_UP;
	if (p->part != FRAGMENT_LATER)
		proto_update(conn, p, DIRECTION_FORWARD, set, now);
	/* The stack of a router would answer in its own name, and so does ours on the way to the mark device. */
	if (p->ttl <= 1)
		return DROP_TTL;
	if (rc == BPF_FIB_LKUP_RET_FRAG_NEEDED && p->dont_fragment)
		return p->part == FRAGMENT_LATER ? DROP_TOO_BIG : answer_too_big(ctx, p, work->fib.mtu_result);
	work->nat.side = NAT_NOTHING;
	work->nat.to = p->dst;
	return send_translated(ctx, work, rc);
}

#endif
