/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Splitting an IPv4 packet that may be split and does not fit the next link (RFC 791 3.2). The payload is
 * put aside, and the packet is sent once per fragment with its part of it. */
#ifndef XLVS_SPLIT_H
#define XLVS_SPLIT_H

#include "xmit_nat.h"
#include "xmit_skb.h"

#define SPLIT_MAX 128
#define SPLIT_MTU_MIN 68 /* RFC 791: the smallest MTU of a link */
#define SPLIT_HEADER (L3 + sizeof(struct iphdr))

struct split_walk {
	ctx_t *ctx;
	__u32 ifindex;
	__u32 part; /* payload of every fragment but the last */
	__u32 start; /* of the next fragment's payload */
	__u32 left;
	__u32 bits; /* flags and offset of the packet that is split, which may be a fragment itself */
	int failed;
};

/* Make the packet the fragment that holds `length` bytes of the payload from `walk->start` on. */
static __always_inline int split_shape(const struct split_walk *walk, struct scratch *scratch, __u32 length)
{
	__u32 more = walk->left > length ? 0x2000 : walk->bits & 0x2000;
	__be16 bits = bpf_htons(((walk->bits & 0x1fff) + walk->start / 8) | more);
	__be16 total = bpf_htons(length + sizeof(struct iphdr));
	__u32 change, start = bounded(walk->start, SCRATCH_BYTES / 2 - 1);
	ctx_t *ctx = walk->ctx;
	struct iphdr *ip;

	if (bpf_skb_change_tail(ctx, SPLIT_HEADER + length, 0))
		return -1;
	length = bounded_size(length, SCRATCH_BYTES / 2);
	if (bpf_skb_store_bytes(ctx, SPLIT_HEADER, scratch->bytes + start, length, 0))
		return -1;
	ip = ctx_data(ctx) + L3;
	if ((void *)(ip + 1) > ctx_data_end(ctx))
		return -1;
	change = csum_add(csum_add((__u16)~ip->tot_len, total), csum_add((__u16)~ip->frag_off, bits));
	ip->check = csum_update(ip->check, change);
	ip->tot_len = total;
	ip->frag_off = bits;
	return 0;
}

static long split_step(__u32 i, void *data)
{
	struct split_walk *walk = data;
	__u32 zero = 0, length = walk->left < walk->part ? walk->left : walk->part;
	struct scratch *scratch = bpf_map_lookup_elem(&scratches, &zero);

	if (!walk->left || !scratch)
		return 1;
	if (split_shape(walk, scratch, length) || bpf_clone_redirect(walk->ctx, walk->ifindex, 0)) {
		walk->failed = 1;
		return 1;
	}
	walk->start += length;
	walk->left -= length;
	return 0;
}

static __always_inline int split_send(ctx_t *ctx, const struct packet *p, __u32 ifindex, __u32 mtu)
{
	struct split_walk walk = { .ctx = ctx, .ifindex = ifindex, .part = (mtu - sizeof(struct iphdr)) & ~7u };
	struct scratch *scratch;
	__u32 zero = 0, left;
	struct iphdr *ip = ctx_data(ctx) + L3;

	scratch = bpf_map_lookup_elem(&scratches, &zero);
	if (!p || !scratch || mtu < SPLIT_MTU_MIN || (void *)(ip + 1) > ctx_data_end(ctx) || ip->ihl != 5)
		return -1;
	walk.bits = bpf_ntohs(ip->frag_off);
	left = p->segment - sizeof(*ip);
	if (left >= SCRATCH_BYTES / 2)
		return -1;
	walk.left = left;
	if (!left)
		return -1;
	left = bounded_size(left, SCRATCH_BYTES / 2);
	if (bpf_skb_load_bytes(ctx, SPLIT_HEADER, scratch->bytes, left))
		return -1;
	bpf_loop(SPLIT_MAX, split_step, &walk, 0);
	return walk.failed || walk.left ? -1 : 0;
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
	rc = nat->side == NAT_SOURCE ? route(ctx, fib, p, &nat->to, &p->dst, 1) :
				       route(ctx, fib, p, &p->src, &nat->to, 1);
	if (!route_is_found(rc))
		return DROP_TOO_BIG;
	if (rc != BPF_FIB_LKUP_RET_SUCCESS)
		mtu = 0;
	if (nat_translate(ctx, p, nat) || xmit(ctx, p, rc, fib))
		return DROP_INTERNAL;
	/* The kernel asks for an unknown neighbour and sends this packet in whole: should the link refuse it, the next
	 * one is split, where without the question none ever would be. */
	if (mtu) {
		if (split_send(ctx, p, fib->ifindex, mtu))
			return DROP_TOO_BIG;
		/* The clones are on their way; this one has done its duty. */
		p->action = CTX_DROP;
	}
	return nat->side == NAT_SOURCE ? VERDICT_REPLY : VERDICT_FORWARD;
}

#endif
