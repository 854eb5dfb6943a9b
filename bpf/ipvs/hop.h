/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* The way a connection's packets go on, remembered for a moment.
 *
 * The routing table is asked per connection and direction, so that rules by source or mark hold for answers; requests are
 * routed with their source open, so what one of them found is good for all to its destination. It is good for a tenth of
 * a second, so that a route or neighbour that changes is followed within it. With hundreds of thousands of connections
 * that would be a question for every answer: while the answers to others confirm a way, it is good for a second. Ways out
 * are few: they stand in a table of their own, found by their contents, and never change. */
#ifndef XLVS_HOP_H
#define XLVS_HOP_H

#include "conn.h"
#include "route.h"

#define HOP_LIFE_FRACTION 10 /* of a second */
#define HOP_CONFIRMED_LIFE_S 1
#define HOP_PROBES 8
#define HOP_HAND_UP -1000 /* not a value of the routing table: XDP cannot send it */

/* The three words with the source's and the destination's link-layer address. */
static __always_inline __u32 *fib_macs(const struct bpf_fib_lookup *fib)
{
	_Static_assert(__builtin_offsetof(struct bpf_fib_lookup, dmac) ==
			       __builtin_offsetof(struct bpf_fib_lookup, smac) + 6,
		       "the addresses stand side by side");
	return (__u32 *)fib->smac;
}

static __always_inline int hop_equal(const struct hop *hop, const struct bpf_fib_lookup *fib)
{
	const __u32 *macs = fib_macs(fib);

	return hop->state == HOP_READY && hop->ifindex == fib->ifindex && hop->mtu == fib->mtu_result &&
	       hop->macs[0] == macs[0] && hop->macs[1] == macs[1] && hop->macs[2] == macs[2];
}

static __always_inline void hop_copy_macs(__u32 *to, const __u32 *from)
{
	to[0] = from[0];
	to[1] = from[1];
	to[2] = from[2];
}

static __always_inline void hop_fill(struct hop *hop, const struct bpf_fib_lookup *fib)
{
	hop->ifindex = fib->ifindex;
	hop->mtu = fib->mtu_result;
	hop_copy_macs(hop->macs, fib_macs(fib));
	hop->xdp = 0;
	hop->state = HOP_READY;
}

/* Number of the way out that a look-up found, put into the table when it is new; 0: no room. */
__noinline __u32 hop_number(const struct bpf_fib_lookup *fib)
{
	__u32 hash;

	if (!fib)
		return 0;
	hash = (fib->ifindex ^ fib_macs(fib)[2]) * 0x9e3779b1u >> 16;
	for (__u32 i = 0; i < HOP_PROBES; i++) {
		__u32 number = (hash + i) & (HOPS - 1);
		struct hop *hop = bpf_map_lookup_elem(&hops, &number);

		if (!hop)
			return 0;
		if (!number)
			continue;
		if (hop_equal(hop, fib))
			return number;
		if (hop->state == HOP_EMPTY &&
		    __sync_val_compare_and_swap(&hop->state, HOP_EMPTY, HOP_FILLING) == HOP_EMPTY) {
			hop_fill(hop, fib);
			return number;
		}
	}
	return 0;
}

static __always_inline struct hop *hop_get(__u32 number)
{
	return bpf_map_lookup_elem(&hops, &number);
}

static __noinline __u32 path_mtu_ask(const struct addr *host, __u32 now)
{
	/* On the stack: Linux 6.1 takes no key from where a verified function's argument points. */
	struct addr key = *host;
	struct path_mtu *path = bpf_map_lookup_elem(&path_mtus, &key);

	return path && (__s32)(path->expires - now) > 0 ? path->mtu : 0;
}

/* The MTU of the path to a host where an ICMP error told it, or 0. Mostly none is known of any. */
static __always_inline __u32 path_mtu_find(const struct addr *host, __u32 now)
{
	struct pool *pool_state = pool_get();

	return pool_state && (__s32)(pool_state->path_mtus_until - now) > 0 ? path_mtu_ask(host, now) : 0;
}

/* Is the answer of `age` ticks ago that led to a way still good? A path MTU is learned per host, not per way: as long as
 * there is one, nothing is confirmed by others. */
static __always_inline int hop_is_good(const struct hop *hop, __u16 age, __u32 now)
{
	const struct pool *pool_state;

	if (age <= ticks_per_second / HOP_LIFE_FRACTION)
		return 1;
	if (age > ticks_per_second * HOP_CONFIRMED_LIFE_S ||
	    now - hop->confirmed > ticks_per_second / HOP_LIFE_FRACTION)
		return 0;
	pool_state = pool_get();
	return pool_state && (__s32)(pool_state->path_mtus_until - now) <= 0;
}

/* May the packet take the way that its connection took before? */
static __always_inline int hop_is_usable(const ctx_t *ctx, const struct hop *hop, const struct packet *p, __u16 age,
					 __u32 now)
{
	return hop && hop->state == HOP_READY && hop_is_good(hop, age, now) && p->segment <= hop->mtu &&
	       (hop->xdp || !CTX_IS_XDP || hop->ifindex == ctx_ifindex(ctx));
}

/* Requests are routed with their source open, so the way that one of them found is that of all to its destination. */
static __always_inline int hop_of_dest(const ctx_t *ctx, const struct dest *dest, const struct packet *p,
				       struct conn *conn, __u32 now)
{
	struct dest_hop noted = { .all = dest->hop };
	__u16 age = now - noted.tick;

	if (!noted.number || age > ticks_per_second / HOP_LIFE_FRACTION || noted.tos != p->tos ||
	    noted.generation != (__u8)dest->generation || noted.from != (__u16)ctx_ifindex(ctx))
		return 0;
	conn->hop[DIRECTION_FORWARD].number = noted.number;
	conn->hop[DIRECTION_FORWARD].tick = noted.tick;
	return 1;
}

static __always_inline void hop_note_dest(const ctx_t *ctx, struct dest *dest, const struct packet *p, __u32 number,
					  __u32 now)
{
	struct dest_hop noted = {
		.number = number,
		.tick = now,
		.tos = p->tos,
		.generation = dest->generation,
		.from = ctx_ifindex(ctx),
	};

	dest->hop = noted.all;
}

/* Note what the routing table said; its result, or HOP_HAND_UP. */
static __always_inline long hop_note(ctx_t *ctx, struct bpf_fib_lookup *fib, const struct packet *p, struct conn *conn,
				     int direction, long rc, __u32 now)
{
	struct hop *hop;
	__u32 number;

	if (!xmit_can(ctx, p, rc, fib))
		return HOP_HAND_UP;
	if (rc != BPF_FIB_LKUP_RET_SUCCESS)
		return rc;
	number = hop_number(fib);
	hop = hop_get(number);
	/* The way back through the interface itself is open to that one alone. */
	if (hop && CTX_IS_XDP && number && fib->ifindex != ctx_ifindex(ctx))
		hop->xdp = 1;
	if (hop && hop->confirmed != now)
		hop->confirmed = now;
	conn->hop[direction].number = number;
	conn->hop[direction].tick = now;
	return rc;
}

/* Route a packet of a connection: the result is that of route_own(), or HOP_HAND_UP. `own` 0: that of
 * route(). `dest`: a request's destination, or null. */
static __always_inline long hop_find(ctx_t *ctx, struct bpf_fib_lookup *fib, const struct packet *p, struct conn *conn,
				     struct dest *dest, int direction, const struct addr *src, const struct addr *dst,
				     int own, __u32 now)
{
	struct hop *hop = hop_get(conn->hop[direction].number);
	int usable = hop_is_usable(ctx, hop, p, now - conn->hop[direction].tick, now);
	long rc;

	if (!usable && dest && hop_of_dest(ctx, dest, p, conn, now)) {
		hop = hop_get(conn->hop[direction].number);
		usable = hop_is_usable(ctx, hop, p, now - conn->hop[direction].tick, now);
	}
	if (usable && hop) {
		/* All that xmit() looks at. */
		fib->ifindex = hop->ifindex;
		hop_copy_macs(fib_macs(fib), hop->macs);
		return p->ttl <= 1 && CTX_IS_XDP ? HOP_HAND_UP : BPF_FIB_LKUP_RET_SUCCESS;
	}
	rc = own ? route_own(ctx, fib, p, src, dst, p->segment) : route(ctx, fib, p, src, dst, p->segment);
	if (direction == DIRECTION_FORWARD && rc == BPF_FIB_LKUP_RET_SUCCESS) {
		__u32 mtu = path_mtu_find(dst, now);

		if (mtu && mtu < fib->mtu_result)
			fib->mtu_result = mtu;
		if (p->segment > fib->mtu_result)
			rc = BPF_FIB_LKUP_RET_FRAG_NEEDED;
	}
	rc = hop_note(ctx, fib, p, conn, direction, rc, now);
	if (dest && rc == BPF_FIB_LKUP_RET_SUCCESS)
		hop_note_dest(ctx, dest, p, conn->hop[direction].number, now);
	return rc;
}

#endif
