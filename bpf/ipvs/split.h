/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Splitting a packet that may be split and does not fit the next link (RFC 791 3.2); an IPv6 packet, of the director's
 * own, has its fragment header already (RFC 8200 4.5). The payload is put aside, and the packet is sent once per
 * fragment with its part of it. */
#ifndef XLVS_SPLIT_H
#define XLVS_SPLIT_H

#include "copy_skb.h"
#include "sum_skb.h"
#include "xmit_nat.h"
#include "xmit_skb.h"

#define SPLIT_MAX 128
#define SPLIT_MTU_MIN 68 /* RFC 791: the smallest MTU of a link */
#define SPLIT_HEADER (L3 + sizeof(struct iphdr))
#define SPLIT_HEADER_IPV6 (L3 + sizeof(struct ipv6hdr) + FRAGMENT_HEADER)

struct split_walk {
	ctx_t *ctx;
	__u32 ifindex;
	__u32 header; /* offset of the payload in the frame: SPLIT_HEADER, SPLIT_HEADER_IPV6 */
	__u32 least; /* length that no frame may fall short of: what is behind the packet is padding */
	__u32 part; /* payload of every fragment but the last */
	__u32 start; /* of the next fragment's payload */
	__u32 left;
	__u32 bits; /* flags and offset of the packet that is split, which may be a fragment itself */
	int failed;
};

static __always_inline int split_mark_ipv4(const struct split_walk *walk, __u32 length, __u32 more)
{
	__be16 bits = bpf_htons(((walk->bits & 0x1fff) + walk->start / 8) | (more ? 0x2000 : walk->bits & 0x2000));
	__be16 total = bpf_htons(length + sizeof(struct iphdr));
	struct iphdr *ip = ctx_data(walk->ctx) + L3;
	__u32 change;

	if ((void *)(ip + 1) > ctx_data_end(walk->ctx))
		return -1;
	change = csum_add(csum_add((__u16)~ip->tot_len, total), csum_add((__u16)~ip->frag_off, bits));
	ip->check = csum_update(ip->check, change);
	ip->tot_len = total;
	ip->frag_off = bits;
	return 0;
}

static __always_inline int split_mark_ipv6(const struct split_walk *walk, __u32 length, __u32 more)
{
	struct ipv6hdr *ip = ctx_data(walk->ctx) + L3;
	__be16 *fragment = (void *)(ip + 1);

	if ((void *)fragment + FRAGMENT_HEADER > ctx_data_end(walk->ctx))
		return -1;
	ip->payload_len = bpf_htons(length + FRAGMENT_HEADER);
	fragment[1] = bpf_htons(walk->start | more);
	return 0;
}

/* Make the packet the fragment that holds `length` bytes of the payload from `walk->start` on. */
static __always_inline int split_shape(const struct split_walk *walk, struct scratch *scratch, __u32 length)
{
	__u32 more = walk->left > length, start = bounded(walk->start, SCRATCH_BYTES / 2 - 1);
	__u32 frame = walk->header + length;

	if (bpf_skb_change_tail(walk->ctx, frame < walk->least ? walk->least : frame, 0))
		return -1;
	if (walk->header == SPLIT_HEADER ? split_mark_ipv4(walk, length, more) : split_mark_ipv6(walk, length, more))
		return -1;
	length = bounded_size(length, SCRATCH_BYTES / 2);
	return bpf_skb_store_bytes(walk->ctx, walk->header, scratch->bytes + start, length, 0);
}

static long split_step(__u32 i, void *data)
{
	struct split_walk *walk = data;
	__u32 zero = 0, length = walk->left < walk->part ? walk->left : walk->part;
	struct scratch *scratch = bpf_map_lookup_elem(&scratches, &zero);

	if (!walk->left || !scratch)
		return 1;
	if (split_shape(walk, scratch, length) || copy_send(walk->ctx, walk->ifindex, 0)) {
		walk->failed = 1;
		return 1;
	}
	walk->start += length;
	walk->left -= length;
	return 0;
}

/* Send the packet, whose payload has `left` bytes, in fragments. */
static __noinline int split_all(ctx_t *ctx, struct split_walk *walk, __u32 left)
{
	struct scratch *scratch;
	__u32 zero = 0;

	scratch = bpf_map_lookup_elem(&scratches, &zero);
	if (!scratch || !left || left >= SCRATCH_BYTES / 2)
		return -1;
	walk->left = left;
	left = bounded_size(left, SCRATCH_BYTES / 2);
	if (bpf_skb_load_bytes(ctx, walk->header, scratch->bytes, left))
		return -1;
	bpf_loop(SPLIT_MAX, split_step, walk, 0);
	return walk->failed || walk->left ? -1 : 0;
}

static __always_inline int split_send(ctx_t *ctx, const struct packet *p, __u32 ifindex, __u32 mtu, __u32 least)
{
	struct split_walk walk = { .ctx = ctx, .ifindex = ifindex, .header = SPLIT_HEADER, .least = least };
	struct iphdr *ip = ctx_data(ctx) + L3;

	if (mtu < SPLIT_MTU_MIN || (void *)(ip + 1) > ctx_data_end(ctx) || ip->ihl != 5)
		return -1;
	walk.part = (mtu - sizeof(*ip)) & ~7u;
	walk.bits = bpf_ntohs(ip->frag_off);
	return split_all(ctx, &walk, p->segment - sizeof(*ip));
}

/* The packet has a fragment header; `length` is that of its payload behind it. */
static __always_inline int split_send_ipv6(ctx_t *ctx, __u32 length, __u32 ifindex, __u32 mtu, __u32 least)
{
	struct split_walk walk = { .ctx = ctx, .ifindex = ifindex, .header = SPLIT_HEADER_IPV6, .least = least };

	walk.part = (mtu - sizeof(struct ipv6hdr) - FRAGMENT_HEADER) & ~7u;
	return split_all(ctx, &walk, length);
}

/* Translate and send in fragments. */
static __noinline enum verdict split_translated(ctx_t *ctx, struct packet *p, const struct nat *nat,
						struct bpf_fib_lookup *fib)
{
	__u32 mtu;
	long rc;

	if (!p || !nat || !fib)
		return DROP_INTERNAL;
	if (p->family != FAMILY_IPV4 || ctx_segment(ctx))
		return DROP_TOO_BIG;
	mtu = fib->mtu_result;
	rc = nat->side == NAT_SOURCE ? route_own(ctx, fib, p, &nat->to, &p->dst, 1) :
				       route_own(ctx, fib, p, &addr_open, &nat->to, 1);
	if (!route_is_found(rc))
		return DROP_TOO_BIG;
	if (rc != BPF_FIB_LKUP_RET_SUCCESS)
		mtu = 0;
	if (nat_translate(ctx, p, nat) || xmit(ctx, p, rc, fib))
		return DROP_INTERNAL;
	/* The kernel asks for an unknown neighbour and sends this packet in whole: should the link refuse it, the next
	 * one is split, where without the question none ever would be. */
	if (mtu) {
		if (split_send(ctx, p, fib->ifindex, mtu, 0))
			return DROP_TOO_BIG;
		/* The clones are on their way; this one has done its duty. */
		p->action = p->own ? CTX_CONSUMED : CTX_DROP;
	}
	return nat->side == NAT_SOURCE ? VERDICT_REPLY : VERDICT_FORWARD;
}

#endif
