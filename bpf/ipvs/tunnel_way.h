/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* The way to the far end of a tunnel.
 *
 * It depends on the destination alone: the outer packet is the director's own. A destination notes the number of its
 * way, which is good for a tenth of a second like every other (hop.h). Ways stand in a table of their own, found by
 * their contents, and do not change while they are in use: a place is taken over when its way has not been confirmed
 * for so long that no packet can still be on it. */
#ifndef XLVS_TUNNEL_WAY_H
#define XLVS_TUNNEL_WAY_H

#include "hop.h"
#include "work.h"

#define WAY_PROBES 8
#define WAY_NUMBER_SHIFT 16
#define FIB_LOOKUP_SRC (1u << 4) /* BPF_FIB_LOOKUP_SRC, since Linux 6.7 */
#define NOT_KNOWN_FLAG -22 /* EINVAL: what an older kernel says to it */
#define PROTOCOL_IPIP 4
#define PROTOCOL_IPV6 41
#define PROTOCOL_GRE 47
#define GRE_CHECKSUM 0x8000

/* Numbers as in <linux/ip_vs.h>. */
enum tunnel_type {
	TUNNEL_IPIP = 0,
	TUNNEL_GUE = 1,
	TUNNEL_GRE = 2,
};

enum tunnel_flag {
	TUNNEL_CHECKSUM = 1,
	TUNNEL_REMOTE_CHECKSUM = 2,
};

/* A destination's type, flags and port in one word. */
struct tunnel_kind {
	union {
		struct {
			__u8 type; /* enum tunnel_type */
			__u8 flags; /* enum tunnel_flag */
			__be16 port;
		};
		__u32 all;
	};
};

static __always_inline __u32 tunnel_kind_of(const struct dest *dest)
{
	_Static_assert(__builtin_offsetof(struct dest, tunnel_port) == __builtin_offsetof(struct dest, tunnel_type) + 2,
		       "type, flags and port are one word");
	_Static_assert(__builtin_offsetof(struct dest, tunnel_type) % 4 == 0, "and it is aligned");
	return *(const __u32 *)&dest->tunnel_type;
}

/* Remote checksum offload saves the sender a sum that is never open in packets that came over a wire: then it is the
 * checksum flag by another name, as in the kernel. */
static __always_inline int tunnel_is_summed(const struct tunnel_way *way)
{
	struct tunnel_kind kind = { .all = way->kind };

	return kind.type != TUNNEL_IPIP && kind.flags & (TUNNEL_CHECKSUM | TUNNEL_REMOTE_CHECKSUM);
}

static __always_inline __u32 addr_sum(const struct addr *addr, __u8 family)
{
	__u32 sum = addr->words[3];

	if (family == FAMILY_IPV6)
		sum = csum_add(csum_add(sum, addr->words[0]), csum_add(addr->words[1], addr->words[2]));
	return sum;
}

/* What follows the outer IP header: GUE's version 0 header names the inner protocol by its number, GRE's by its Ethernet
 * type (RFC 2784). */
static __always_inline void way_shape(struct tunnel_way *way, __u8 inner)
{
	struct tunnel_kind kind = { .all = way->kind };
	int ipv4 = inner == FAMILY_IPV4;

	way->protocol = ipv4 ? PROTOCOL_IPIP : PROTOCOL_IPV6;
	way->shim = 0;
	way->room = way->family == FAMILY_IPV4 ? sizeof(struct iphdr) : sizeof(struct ipv6hdr);
	if (kind.type == TUNNEL_GUE) {
		way->shim = bpf_htonl((__u32)way->protocol << 16);
		way->protocol = IPPROTO_UDP;
		way->room += sizeof(struct udphdr) + sizeof(way->shim);
	} else if (kind.type == TUNNEL_GRE) {
		int summed = kind.flags & TUNNEL_CHECKSUM;

		way->shim = bpf_htonl((ipv4 ? ETH_P_IP : ETH_P_IPV6) | (summed ? (__u32)GRE_CHECKSUM << 16 : 0));
		way->protocol = PROTOCOL_GRE;
		way->room += summed ? 8 : 4;
	}
	way->sum = csum_add(addr_sum(&way->src, way->family), addr_sum(&way->dst, way->family));
}

/* Ask the routing table, as for a packet of the director's own: no source, no type of service. The source that it
 * chooses is left in the way. */
static __always_inline long way_route(ctx_t *ctx, struct bpf_fib_lookup *fib, struct tunnel_way *way,
				      const struct dest *dest)
{
	int ipv4 = dest->family == FAMILY_IPV4;
	long rc;

	__builtin_memset(fib, 0, sizeof(*fib));
	fib->family = dest->family;
	fib->l4_protocol = way->protocol;
	fib->tot_len = 1;
	fib->ifindex = ctx_ifindex(ctx);
	if (ipv4)
		fib->ipv4_dst = dest->addr.words[3];
	else
		__builtin_memcpy(fib->ipv6_dst, &dest->addr, sizeof(dest->addr));
	rc = bpf_fib_lookup(ctx, fib, sizeof(*fib), FIB_LOOKUP_SRC);
	if (rc == NOT_KNOWN_FLAG) {
		way->src = dest->source;
		rc = bpf_fib_lookup(ctx, fib, sizeof(*fib), 0);
	} else if (ipv4) {
		addr_set_ipv4(&way->src, fib->ipv4_src);
	} else {
		__builtin_memcpy(&way->src, fib->ipv6_src, sizeof(way->src));
	}
	return rc;
}

static __always_inline int way_equal(const struct tunnel_way *a, const struct tunnel_way *b)
{
	const __u32 *x = &a->ifindex, *y = &b->ifindex;
	__u32 differs = 0;

#pragma unroll
	for (__u32 i = 0; i < (sizeof(*a) - __builtin_offsetof(struct tunnel_way, ifindex)) / sizeof(__u32); i++)
		differs |= x[i] ^ y[i];
	return !differs;
}

/* Take over a place that nobody uses. */
static __always_inline int way_claim(struct tunnel_way *place, const struct tunnel_way *way, __u32 now)
{
	__u32 state = place->state;

	if (state == HOP_FILLING || (state == HOP_READY && now - place->used <= ticks_per_second))
		return 0;
	if (__sync_val_compare_and_swap(&place->state, state, HOP_FILLING) != state)
		return 0;
	place->xdp = 0;
	__builtin_memcpy(&place->ifindex, &way->ifindex, sizeof(*way) - __builtin_offsetof(struct tunnel_way, ifindex));
	place->used = now;
	__sync_lock_test_and_set(&place->state, HOP_READY);
	return 1;
}

/* Number of the way with these contents, put into the table when it is new; 0: no room. */
static __always_inline __u32 way_number(const struct tunnel_way *way, __u32 now)
{
	__u32 hash = (way->sum ^ way->kind ^ way->macs[2]) * 0x9e3779b1u >> 16;

#pragma clang loop unroll(disable)
	for (__u32 i = 0; i < WAY_PROBES; i++) {
		__u32 number = (hash + i) & (TUNNEL_WAYS - 1);
		struct tunnel_way *place = bpf_map_lookup_elem(&tunnel_ways, &number);

		if (!place)
			return 0;
		if (!number)
			continue;
		if (place->state == HOP_READY && way_equal(place, way)) {
			place->used = now;
			if (way->xdp)
				place->xdp = 1;
			return number;
		}
		if (way_claim(place, way, now))
			return number;
	}
	return 0;
}

/* The MTU of an interface. Where the neighbour is not known yet, the routing table's answer lacks it. */
static __always_inline __u32 link_mtu(ctx_t *ctx, __u32 ifindex)
{
	__u32 mtu = 0;

	bpf_check_mtu(ctx, ifindex, &mtu, 0, 0);
	return mtu;
}

/* Find the way to a destination, and note it. It is left in `work->way` and `work->fib`; the result is that of route(),
 * or HOP_HAND_UP. */
__noinline long way_make(ctx_t *ctx, struct work *work, struct dest *dest, __u32 now)
{
	struct tunnel_way *way;
	__u32 number, mtu;
	struct addr far;
	long rc;

	if (!work || !dest)
		return HOP_HAND_UP;
	/* Linux 6.1 takes no key for a map from memory that a function of its own was given. */
	far = dest->addr;
	way = &work->way;
	__builtin_memset(way, 0, sizeof(*way));
	way->kind = tunnel_kind_of(dest);
	way->family = dest->family;
	way->dst = dest->addr;
	rc = way_route(ctx, &work->fib, way, dest);
	way_shape(way, work->packet.family);
	way->ifindex = work->fib.ifindex;
	__builtin_memcpy(way->macs, work->fib.dmac, ETH_ALEN);
	__builtin_memcpy((__u8 *)way->macs + ETH_ALEN, work->fib.smac, ETH_ALEN);
	way->mtu = rc == BPF_FIB_LKUP_RET_NO_NEIGH ? link_mtu(ctx, way->ifindex) : work->fib.mtu_result;
	mtu = path_mtu_find(&far, now);
	if (mtu && mtu < way->mtu) {
		way->mtu = mtu;
		way->learned = 1;
	}
	if (!xmit_can(ctx, &work->packet, rc, &work->fib))
		return HOP_HAND_UP;
	if (rc != BPF_FIB_LKUP_RET_SUCCESS)
		return rc;
	way->xdp = CTX_IS_XDP && way->ifindex != ctx_ifindex(ctx);
	number = way_number(way, now);
	dest->way = number ? number << WAY_NUMBER_SHIFT | (now & 0xffff) : 0;
	return rc;
}

/* The way of a destination if it is known and good still, else null. */
static __always_inline struct tunnel_way *way_known(ctx_t *ctx, const struct dest *dest, __u32 now)
{
	__u32 noted = dest->way, number = noted >> WAY_NUMBER_SHIFT;
	__u16 age = now - noted;
	struct tunnel_way *way;

	if (!number || age > ticks_per_second / HOP_LIFE_FRACTION)
		return 0;
	way = bpf_map_lookup_elem(&tunnel_ways, &number);
	/* Its tick comes again after minutes, when the place may be another destination's. */
	if (!way || way->state != HOP_READY || way->kind != tunnel_kind_of(dest) || !addr_equal(&way->dst, &dest->addr))
		return 0;
	return way->xdp || !CTX_IS_XDP || way->ifindex == ctx_ifindex(ctx) ? way : 0;
}

#endif
