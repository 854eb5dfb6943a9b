/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* The outer headers of a tunnel, as the kernel's IPVS makes them: one hop less to live than the packet came with, its
 * type of service, no flow label. */
#ifndef XLVS_TUNNEL_HEAD_H
#define XLVS_TUNNEL_HEAD_H

#include "tunnel_way.h"

#define ECN_MASK 3
#define ECN_CONGESTED 3
#define ECN_CAPABLE 2
/* GUE's source port tells connections apart: from the kernel's default range of ephemeral ports. */
#define OFFSET_MASK 127 /* no inner header begins after this offset */
#define PORT_LOWEST 32768
#define PORT_COUNT (60999 - 32768)

/* Congestion that the packet met before it is told inside; the outer header begins as capable (RFC 3168 9.1.1). */
static __always_inline __u8 tunnel_tos(__u8 tos)
{
	return (tos & ECN_MASK) == ECN_CONGESTED ? (tos & ~ECN_MASK) | ECN_CAPABLE : tos;
}

static __always_inline void head_write_ipv4(struct iphdr *ip, const struct tunnel_way *way,
					    const struct tunnel_head *head, __u32 total)
{
	__u32 first = bpf_htonl(0x45000000 | (__u32)head->tos << 16 | (total & 0xffff));
	__u16 third = bpf_htons((__u16)head->ttl << 8 | way->protocol);
	__u32 sum = csum_add(csum_add(way->sum, first), csum_add(csum_add(head->id, head->fragment), third));

	*(__be32 *)ip = first;
	ip->id = head->id;
	ip->frag_off = head->fragment;
	ip->ttl = head->ttl;
	ip->protocol = way->protocol;
	ip->check = ~csum_fold(sum);
	ip->saddr = way->src.words[3];
	ip->daddr = way->dst.words[3];
}

static __always_inline void head_write_ipv6(struct ipv6hdr *ip, const struct tunnel_way *way,
					    const struct tunnel_head *head, __u32 total)
{
	*(__be32 *)ip = bpf_htonl(0x60000000 | (__u32)head->tos << 20);
	ip->payload_len = bpf_htons(total - sizeof(*ip));
	ip->nexthdr = way->protocol;
	ip->hop_limit = head->ttl;
	__builtin_memcpy(&ip->saddr, &way->src, sizeof(way->src));
	__builtin_memcpy(&ip->daddr, &way->dst, sizeof(way->dst));
}

static __always_inline __be16 head_source_port(__u32 hash)
{
	return bpf_htons(PORT_LOWEST + (__u16)((__u64)hash * PORT_COUNT >> 32));
}

/* UDP and GUE. `length` is that of the UDP datagram. */
static __always_inline void head_write_gue(__be32 *at, const struct tunnel_way *way, const struct tunnel_head *head,
					   __u32 length)
{
	struct tunnel_kind kind = { .all = way->kind };
	__be16 source = head_source_port(head->hash), size = bpf_htons(length);
	struct udphdr *udp = (void *)at;
	__u16 check = 0;

	if (kind.flags) {
		__u32 sum = csum_add(csum_add(way->sum, bpf_htons(IPPROTO_UDP)), csum_add(size, size));

		sum = csum_add(csum_add(sum, head->sum), csum_add(csum_add(source, kind.port), way->shim));
		check = ~csum_fold(sum);
		if (!check)
			check = 0xffff;
	}
	udp->source = source;
	udp->dest = kind.port;
	udp->len = size;
	udp->check = check;
	at[2] = way->shim;
}

/* GRE, with its checksum over itself and the inner packet (RFC 2784 2.3). */
static __always_inline void head_write_gre(__be32 *at, const struct tunnel_way *way, const struct tunnel_head *head)
{
	at[0] = way->shim;
	if (way->shim & bpf_htonl((__u32)GRE_CHECKSUM << 16))
		at[1] = (__u16)~csum_fold(csum_add(head->sum, way->shim));
}

/* A fragment header that split.h completes. */
static __always_inline void head_write_fragment(struct ipv6hdr *ip, const struct tunnel_way *way)
{
	__be32 *header = (void *)(ip + 1);

	ip->nexthdr = PROTOCOL_FRAGMENT;
	header[0] = bpf_htonl((__u32)way->protocol << 24);
	header[1] = bpf_get_prandom_u32();
}

/* Write the frame's beginning, for which there is room already. Returns 0, or not. */
static __always_inline int head_write(ctx_t *ctx, const struct tunnel_way *way, const struct tunnel_head *head)
{
	void *start = ctx_data(ctx), *end = ctx_data_end(ctx), *shim = start + L3 + sizeof(struct iphdr);
	__u32 total = head->length + way->room;
	struct ethhdr *eth = start;

	if (shim > end)
		return -1;
	hop_copy_macs((__u32 *)eth, (const __u32 *)way->macs);
	if (way->family == FAMILY_IPV4) {
		eth->h_proto = bpf_htons(ETH_P_IP);
		head_write_ipv4(start + L3, way, head, total);
		total -= sizeof(struct iphdr);
	} else {
		shim = start + L3 + sizeof(struct ipv6hdr);
		if (shim + FRAGMENT_HEADER > end)
			return -1;
		eth->h_proto = bpf_htons(ETH_P_IPV6);
		head_write_ipv6(start + L3, way, head, total);
		total -= sizeof(struct ipv6hdr);
		if (!CTX_IS_XDP && head->splits) {
			head_write_fragment(start + L3, way);
			shim += FRAGMENT_HEADER;
		}
	}
	if (way->protocol == IPPROTO_UDP) {
		if (shim + sizeof(struct udphdr) + sizeof(way->shim) > end)
			return -1;
		head_write_gue(shim, way, head, total);
	} else if (way->protocol == PROTOCOL_GRE) {
		if (shim + 2 * sizeof(way->shim) > end)
			return -1;
		head_write_gre(shim, way, head);
	}
	return 0;
}

/* One hop less to live for the packet whose IP header stands at `offset`. Returns 0, or not. */
static __always_inline int head_age(ctx_t *ctx, const struct packet *p, __u32 offset)
{
	void *header = ctx_data(ctx) + bounded(offset, OFFSET_MASK);

	if (p->family == FAMILY_IPV4) {
		struct iphdr *ip = header;

		if ((void *)(ip + 1) > ctx_data_end(ctx))
			return -1;
		/* TTL is the upper byte of its 16-bit word. */
		ip->check = csum_update(ip->check, (__u16)~bpf_htons(0x0100));
		ip->ttl--;
	} else {
		struct ipv6hdr *ip = header;

		if ((void *)(ip + 1) > ctx_data_end(ctx))
			return -1;
		ip->hop_limit--;
	}
	return 0;
}

/* The sum of a packet that is one hop older. An IPv4 header's own checksum makes up for it. */
static __always_inline __u32 head_sum_aged(const struct packet *p, __u32 sum)
{
	return p->family == FAMILY_IPV4 ? sum : csum_add(sum, (__u16)~bpf_htons(1));
}

/* Sum of a whole packet, once it has aged, by its headers alone: what a transport checksum covers is known by it, and a whole IPv4 header
 * sums up to nothing. So the outer checksum of a packet whose own is wrong is wrong as well. Returns 0, or -1 where the
 * bytes must be summed. */
static __always_inline int head_sum_inner(ctx_t *ctx, const struct packet *p, __u32 *sum)
{
	__u32 payload = p->length - (p->l4 - L3);
	__u32 ends = csum_add(addr_sum(&p->src, p->family), addr_sum(&p->dst, p->family));
	__u32 pseudo = csum_add(csum_add(ends, bpf_htons(p->protocol)), bpf_htons(payload));
	void *data = ctx_data(ctx), *end = ctx_data_end(ctx);
	__u32 offset = bounded(p->l4, L4_MAX);
	__be32 *ip = data + L3;

	if (p->part != FRAGMENT_NONE || (void *)(ip + 2) > end)
		return -1;
	if (p->protocol == IPPROTO_UDP) {
		struct udphdr *udp = data + offset;

		if ((void *)(udp + 1) > end || !udp->check)
			return -1;
	} else if (p->protocol != IPPROTO_TCP) {
		return -1;
	}
	*sum = ~pseudo;
	if (p->family == FAMILY_IPV4)
		return 0;
	*sum = head_sum_aged(p, csum_add(csum_add(*sum, ends), csum_add(ip[0], ip[1])));
	return offset == L3 + sizeof(struct ipv6hdr) ? 0 : -1;
}

#endif
