/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* The inner packet: for whom it is, what the outer header tells it, and its way into the host's stack. */
#ifndef XLVS_DECAP_INNER_H
#define XLVS_DECAP_INNER_H

#include "tunnel.h"

/* Linux 6.3; older headers do not name them. */
#define DECAP_TO_IPV4 (1ULL << 7) /* BPF_F_ADJ_ROOM_DECAP_L3_IPV4 */
#define DECAP_TO_IPV6 (1ULL << 8) /* BPF_F_ADJ_ROOM_DECAP_L3_IPV6 */
#define EINVAL 22

enum ecn {
	ECN_NONE = 0, /* not capable */
	ECN_ECT1 = 1,
	ECN_ECT0 = 2,
	ECN_CE = 3,
};

/* Whether the inner packet is for a virtual address of ours. */
static __always_inline enum decap_outcome inner_check(struct __sk_buff *ctx, const struct tunnel *t)
{
	struct addr dst;
	__u32 length;

	if (t->inner_protocol == bpf_htons(ETH_P_IP)) {
		struct iphdr *ip = header_at(ctx, t->inner, sizeof(*ip));

		if (!ip || t->inner + sizeof(*ip) > t->end || ip->version != 4 || ip->ihl < 5)
			return DECAP_DROP_MALFORMED;
		addr_set_ipv4(&dst, ip->daddr);
		length = bpf_ntohs(ip->tot_len);
	} else if (t->inner_protocol == bpf_htons(ETH_P_IPV6)) {
		struct ipv6hdr *ip = header_at(ctx, t->inner, sizeof(*ip));

		if (!ip || t->inner + sizeof(*ip) > t->end || ip->version != 6)
			return DECAP_DROP_MALFORMED;
		__builtin_memcpy(&dst, &ip->daddr, sizeof(dst));
		length = bpf_ntohs(ip->payload_len) + sizeof(*ip);
	} else {
		return DECAP_NOT_VIP;
	}
	if (!bpf_map_lookup_elem(&decap_vips, &dst))
		return DECAP_NOT_VIP;
	return t->inner + length > t->end ? DECAP_DROP_MALFORMED : DECAP_DONE;
}

/* The ECN field that the inner packet gets (RFC 6040, figure 4); -1: it must be dropped. */
static __always_inline int ecn_combined(__u8 outer, __u8 inner)
{
	if (outer == ECN_CE)
		return inner == ECN_NONE ? -1 : ECN_CE;
	return outer == ECN_ECT1 && inner == ECN_ECT0 ? ECN_ECT1 : inner;
}

static __always_inline enum decap_outcome inner_ecn_ipv4(struct __sk_buff *ctx, const struct tunnel *t)
{
	struct iphdr *ip = header_at(ctx, t->inner, sizeof(*ip));
	__be16 *first = (__be16 *)ip, before;
	int ecn;

	if (!ip)
		return DECAP_DROP_INTERNAL;
	ecn = ecn_combined(t->ecn, ip->tos & 3);
	if (ecn < 0)
		return DECAP_DROP_ECN;
	if ((ip->tos & 3) == ecn)
		return DECAP_DONE;
	before = *first;
	ip->tos = (ip->tos & ~3) | ecn;
	ip->check = csum_update(ip->check, csum_add((__u16)~before, *first));
	return DECAP_DONE;
}

static __always_inline enum decap_outcome inner_ecn_ipv6(struct __sk_buff *ctx, const struct tunnel *t)
{
	struct ipv6hdr *ip = header_at(ctx, t->inner, sizeof(*ip));
	int ecn;

	if (!ip)
		return DECAP_DROP_INTERNAL;
	ecn = ecn_combined(t->ecn, ip->flow_lbl[0] >> 4 & 3);
	if (ecn < 0)
		return DECAP_DROP_ECN;
	ip->flow_lbl[0] = (ip->flow_lbl[0] & ~0x30) | ecn << 4;
	return DECAP_DONE;
}

/* The TTL and the rest of the inner packet stay as they are (RFC 2003 3.1). */
static __always_inline enum decap_outcome inner_ecn(struct __sk_buff *ctx, const struct tunnel *t)
{
	return t->inner_protocol == bpf_htons(ETH_P_IP) ? inner_ecn_ipv4(ctx, t) : inner_ecn_ipv6(ctx, t);
}

/* With the remote checksum the sender left the inner checksum to the receiver, its place holding the sum of the
 * pseudo-header. */
static __always_inline int inner_remote_checksum(struct __sk_buff *ctx, const struct tunnel *t)
{
	__u16 check = ~csum_fold(sum_bytes(ctx, t->remote_start, t->end, 0));

	return bpf_skb_store_bytes(ctx, t->remote_place, &check, sizeof(check), 0);
}

/* Linux before 6.3 cannot take an outer header of one family off a packet of the other: the header is made one of the
 * inner family first, which changes its length. */
static __always_inline long inner_bare_by_change(struct __sk_buff *ctx, const struct tunnel *t, __u32 excess)
{
	long rc = bpf_skb_change_proto(ctx, t->inner_protocol, 0);
	int grown = sizeof(struct ipv6hdr) - sizeof(struct iphdr);

	if (rc)
		return rc;
	if (t->family == FAMILY_IPV6)
		grown = -grown;
	return bpf_skb_adjust_room(ctx, -(int)(excess + grown), BPF_ADJ_ROOM_MAC, BPF_F_ADJ_ROOM_FIXED_GSO);
}

/* Take off all that is between the Ethernet header and the inner packet. */
static __always_inline enum decap_outcome inner_bare(struct __sk_buff *ctx, const struct tunnel *t)
{
	int to_ipv4 = t->inner_protocol == bpf_htons(ETH_P_IP);
	__u64 flags = BPF_F_ADJ_ROOM_FIXED_GSO;
	__u32 excess = t->inner - L3;
	long rc;

	if (to_ipv4 == (t->family == FAMILY_IPV4))
		return bpf_skb_adjust_room(ctx, -(int)excess, BPF_ADJ_ROOM_MAC, flags) ? DECAP_DROP_INTERNAL :
											 DECAP_DONE;
	flags |= to_ipv4 ? DECAP_TO_IPV4 : DECAP_TO_IPV6;
	rc = bpf_skb_adjust_room(ctx, -(int)excess, BPF_ADJ_ROOM_MAC, flags);
	if (rc == -EINVAL)
		rc = inner_bare_by_change(ctx, t, excess);
	if (rc || bpf_skb_store_bytes(ctx, __builtin_offsetof(struct ethhdr, h_proto), &t->inner_protocol,
				      sizeof(t->inner_protocol), 0))
		return DECAP_DROP_INTERNAL;
	return DECAP_DONE;
}

#endif
