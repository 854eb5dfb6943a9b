/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* What lies around the inner packet: the outer IP header (RFC 2003, RFC 2473), and GRE (RFC 2784) or GUE
 * (draft-ietf-intarea-gue) between the two. */
#ifndef XLVS_DECAP_TUNNEL_H
#define XLVS_DECAP_TUNNEL_H

#include "../ipvs/ctx_skb.h"
#include "../ipvs/parse.h"
#include "maps.h"
#include "sum.h"

#define HEADERS_MAX 256 /* outer and inner headers, which are made readable in place */
#define GRE_CHECKSUM bpf_htons(0x8000)
#define GUE_VERSION 0xc0
#define GUE_CONTROL 0x20
#define GUE_WORDS 0x1f
#define GUE_DIRECT 0x40 /* version 1: an IP header follows UDP at once */
#define GUE_PRIVATE bpf_htons(0x0001)
#define GUE_REMOTE_CHECKSUM bpf_htonl(0x80000000)

struct tunnel {
	struct addr src;
	struct addr dst;
	__u32 l4; /* offset of what follows the outer IP header */
	__u32 inner; /* offset of the inner IP header */
	__u32 end; /* of the outer IP packet */
	__u32 pseudo; /* sum of the pseudo-header, with a checksum of UDP */
	__u32 summed; /* offset from which a checksum holds, 0: there is none */
	__u32 remote_start; /* GUE's remote checksum: what it covers begins here */
	__u32 remote_place; /* and it is written here; 0: none */
	__be32 fragment_id;
	__u32 fragment_start;
	__be16 inner_protocol; /* ETH_P_IP, ETH_P_IPV6 */
	__u8 more_fragments;
	__u8 protocol;
	__u8 family; /* enum family, of the outer header */
	__u8 ecn; /* of the outer header */
	__u8 type; /* enum tunnel_type */
};

/* The bytes that a header at `offset` has in the linear part, which is HEADERS_MAX long where the packet is. */
static __always_inline void *header_at(struct __sk_buff *ctx, __u32 offset, __u32 size)
{
	void *header;

	if (offset + size > HEADERS_MAX)
		return 0;
	offset &= HEADERS_MAX - 1;
	asm volatile("" : "+r"(offset));
	header = ctx_data(ctx) + offset;
	return header + size > ctx_data_end(ctx) ? 0 : header;
}

/* Whether a protocol can carry a tunnel: the one thing that is asked of every packet. */
static __always_inline int carries_tunnel(__u8 protocol)
{
	return protocol == IPPROTO_IPIP || protocol == IPPROTO_IPV6 || protocol == IPPROTO_GRE ||
	       protocol == IPPROTO_UDP;
}

static __always_inline enum decap_outcome outer_ipv4(struct __sk_buff *ctx, struct tunnel *t)
{
	struct iphdr *ip = header_at(ctx, L3, sizeof(*ip));
	__u32 bits, length;

	if (!ip || ip->version != 4 || ip->ihl < 5 || !carries_tunnel(ip->protocol))
		return DECAP_UNTOUCHED;
	addr_set_ipv4(&t->src, ip->saddr);
	addr_set_ipv4(&t->dst, ip->daddr);
	t->family = FAMILY_IPV4;
	t->protocol = ip->protocol;
	t->ecn = ip->tos & 3;
	t->l4 = L3 + ip->ihl * 4;
	t->end = L3 + bpf_ntohs(ip->tot_len);
	bits = bpf_ntohs(ip->frag_off);
	t->fragment_start = (bits & 0x1fff) * 8;
	t->more_fragments = !!(bits & 0x2000);
	t->fragment_id = ip->id;
	length = t->end - t->l4;
	t->pseudo = csum_add(csum_add(ip->saddr, ip->daddr), csum_add(bpf_htonl(IPPROTO_UDP), bpf_htonl(length)));
	return DECAP_DONE;
}

static __always_inline enum decap_outcome outer_ipv6(struct __sk_buff *ctx, struct tunnel *t)
{
	struct ipv6hdr *ip = header_at(ctx, L3, sizeof(*ip));
	__be32 *fragment;
	__u32 length;

	if (!ip || ip->version != 6)
		return DECAP_UNTOUCHED;
	__builtin_memcpy(&t->src, &ip->saddr, sizeof(t->src));
	__builtin_memcpy(&t->dst, &ip->daddr, sizeof(t->dst));
	t->family = FAMILY_IPV6;
	t->protocol = ip->nexthdr;
	t->ecn = ip->flow_lbl[0] >> 4 & 3;
	t->l4 = L3 + sizeof(*ip);
	t->end = t->l4 + bpf_ntohs(ip->payload_len);
	if (t->protocol == PROTOCOL_FRAGMENT) {
		fragment = header_at(ctx, t->l4, FRAGMENT_HEADER);
		if (!fragment)
			return DECAP_UNTOUCHED;
		t->protocol = *(__u8 *)fragment;
		length = bpf_ntohl(fragment[0]) & 0xffff;
		t->fragment_start = length & 0xfff8;
		t->more_fragments = length & 1;
		t->fragment_id = fragment[1];
		t->l4 += FRAGMENT_HEADER;
	} else if (t->protocol == PROTOCOL_DSTOPTS) {
		/* The kernel's own tunnels send an encapsulation limit (RFC 2473 4.1.1). */
		__u8 *options = header_at(ctx, t->l4, 8);

		if (!options)
			return DECAP_UNTOUCHED;
		t->protocol = options[0];
		t->l4 += (options[1] + 1) * 8;
	}
	if (!carries_tunnel(t->protocol) || t->l4 >= HEADERS_MAX)
		return DECAP_UNTOUCHED;
	length = t->end - t->l4;
	t->pseudo = csum_add(bpf_htonl(IPPROTO_UDP), bpf_htonl(length));
	for (int i = 0; i < 4; i++)
		t->pseudo = csum_add(t->pseudo, csum_add(t->src.words[i], t->dst.words[i]));
	return DECAP_DONE;
}

static __always_inline enum decap_outcome tunnel_gre(struct __sk_buff *ctx, struct tunnel *t)
{
	__be16 *gre = header_at(ctx, t->l4, 4);

	/* Keys, sequence numbers and PPTP belong to others' tunnels. */
	if (!gre || gre[0] & ~GRE_CHECKSUM)
		return DECAP_UNTOUCHED;
	t->inner_protocol = gre[1];
	t->inner = t->l4 + 4;
	if (gre[0] & GRE_CHECKSUM) {
		t->inner += 4;
		t->summed = t->l4;
		t->pseudo = 0;
	}
	return DECAP_DONE;
}

/* The options that GUE's private flags announce (draft-ietf-intarea-gue-extensions): of these the remote checksum
 * alone is known. */
static __always_inline enum decap_outcome gue_options(struct __sk_buff *ctx, struct tunnel *t, __u32 options)
{
	__be32 *flags = header_at(ctx, options, 8);
	__u32 pair;

	if (!flags || t->inner < options + 4)
		return DECAP_DROP_MALFORMED;
	if (!*flags)
		return DECAP_DONE;
	if (*flags != GUE_REMOTE_CHECKSUM || t->inner < options + 8)
		return DECAP_DROP_MALFORMED;
	pair = bpf_ntohl(flags[1]);
	t->remote_start = t->inner + (pair >> 16);
	t->remote_place = t->inner + (pair & 0xffff);
	if (t->remote_place < t->remote_start || t->remote_place + 2 > t->end || pair & 0x10001)
		return DECAP_DROP_MALFORMED;
	return DECAP_DONE;
}

static __always_inline enum decap_outcome tunnel_gue(struct __sk_buff *ctx, struct tunnel *t, __be16 port)
{
	struct udphdr *udp = header_at(ctx, t->l4, sizeof(*udp) + 4);
	__u8 *gue;

	if (!udp || !port || udp->dest != port)
		return DECAP_UNTOUCHED;
	if (udp->check) {
		t->summed = t->l4;
		/* UDP's own length counts, which may be shorter than the packet. */
		t->pseudo = csum_add(t->pseudo, csum_change(bpf_htonl(t->end - t->l4), (__u32)udp->len << 16));
	}
	if (t->l4 + bpf_ntohs(udp->len) > t->end || bpf_ntohs(udp->len) < sizeof(*udp) + 4)
		return DECAP_DROP_MALFORMED;
	t->end = t->l4 + bpf_ntohs(udp->len);
	gue = (__u8 *)(udp + 1);
	t->inner = t->l4 + sizeof(*udp);
	if ((gue[0] & GUE_VERSION) == GUE_DIRECT) {
		t->inner_protocol = gue[0] >> 4 == 4 ? bpf_htons(ETH_P_IP) : bpf_htons(ETH_P_IPV6);
		return DECAP_DONE;
	}
	if (gue[0] & (GUE_VERSION | GUE_CONTROL))
		return DECAP_DROP_MALFORMED;
	t->inner += 4 + (gue[0] & GUE_WORDS) * 4;
	t->inner_protocol = gue[1] == IPPROTO_IPIP ? bpf_htons(ETH_P_IP) :
			    gue[1] == IPPROTO_IPV6 ? bpf_htons(ETH_P_IPV6) :
						     0;
	if (*(__be16 *)(gue + 2) & ~GUE_PRIVATE)
		return DECAP_DROP_MALFORMED;
	return *(__be16 *)(gue + 2) ? gue_options(ctx, t, t->l4 + sizeof(*udp) + 4) : DECAP_DONE;
}

/* Where the inner packet begins and what it is. */
static __always_inline enum decap_outcome tunnel_parse(struct __sk_buff *ctx, struct tunnel *t, __be16 gue_port)
{
	t->type = TUNNEL_IPIP;
	t->inner = t->l4;
	t->inner_protocol = t->protocol == IPPROTO_IPIP ? bpf_htons(ETH_P_IP) : bpf_htons(ETH_P_IPV6);
	if (t->protocol == IPPROTO_GRE) {
		t->type = TUNNEL_GRE;
		return tunnel_gre(ctx, t);
	}
	if (t->protocol == IPPROTO_UDP) {
		t->type = TUNNEL_GUE;
		return tunnel_gue(ctx, t, gue_port);
	}
	return DECAP_DONE;
}

#endif
