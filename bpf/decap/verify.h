/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Whether the outer checksums hold. A packet that never crossed a wire may still lack its inner checksum, which the
 * sender's hardware would have filled in; an outer one is then right for the packet as it would have been sent. */
#ifndef XLVS_DECAP_VERIFY_H
#define XLVS_DECAP_VERIFY_H

#include "tunnel.h"

struct inner_l4 {
	__u32 offset;
	__u32 place; /* of its checksum in the frame */
	__u32 pseudo;
};

/* The inner layer-4 header and the sum of its pseudo-header; 0 when there is none that could be left to hardware. */
static __always_inline int inner_l4_find(struct __sk_buff *ctx, const struct tunnel *t, struct inner_l4 *l4)
{
	__u32 length;
	__u8 protocol;

	if (t->inner_protocol == bpf_htons(ETH_P_IP)) {
		struct iphdr *ip = header_at(ctx, t->inner, sizeof(*ip));

		if (!ip)
			return 0;
		protocol = ip->protocol;
		l4->offset = t->inner + ip->ihl * 4;
		length = bpf_ntohs(ip->tot_len) - ip->ihl * 4;
		l4->pseudo = csum_add(ip->saddr, ip->daddr);
	} else {
		struct ipv6hdr *ip = header_at(ctx, t->inner, sizeof(*ip));
		__be32 *words = (__be32 *)ip + 2;

		if (!ip)
			return 0;
		protocol = ip->nexthdr;
		l4->offset = t->inner + sizeof(*ip);
		length = bpf_ntohs(ip->payload_len);
		l4->pseudo = 0;
		for (int i = 0; i < 8; i++)
			l4->pseudo = csum_add(l4->pseudo, words[i]);
	}
	l4->pseudo = csum_add(l4->pseudo, csum_add(bpf_htonl(protocol), bpf_htonl(length)));
	l4->place = l4->offset + l4_checksum_offset(protocol);
	return protocol == IPPROTO_TCP || protocol == IPPROTO_UDP;
}

/* Left to hardware: the place of the inner checksum holds the sum of the pseudo-header, and the sum of the rest will
 * be its complement. */
static __always_inline int verify_partial(struct __sk_buff *ctx, const struct tunnel *t)
{
	struct inner_l4 l4 = {};
	__u16 check;

	if (!inner_l4_find(ctx, t, &l4) || bpf_skb_load_bytes(ctx, l4.place, &check, sizeof(check)) ||
	    check != csum_fold(l4.pseudo))
		return 0;
	return sum_holds(csum_add(sum_bytes(ctx, t->summed, l4.offset, t->pseudo), (__u16)~csum_fold(l4.pseudo)));
}

/* The checksum of GRE or UDP. Large packets are put together from segments that were checked, or were never split. */
static __always_inline int verify(struct __sk_buff *ctx, const struct tunnel *t)
{
	if (!t->summed || ctx->gso_size)
		return 1;
	return sum_holds(sum_bytes(ctx, t->summed, t->end, t->pseudo)) || verify_partial(ctx, t);
}

/* The outer IPv4 header, which the host's stack would have checked. */
static __always_inline int verify_header(struct __sk_buff *ctx, const struct tunnel *t)
{
	return t->family != FAMILY_IPV4 || sum_holds(sum_bytes(ctx, L3, t->l4, 0));
}

#endif
