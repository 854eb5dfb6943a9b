/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* What a packet says of itself. The parser checks bounds once and leaves everything that later steps
 * need in `struct packet`, since helpers make pointers into the packet invalid. */
#ifndef XLVS_PARSE_H
#define XLVS_PARSE_H

#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <bpf/bpf_endian.h>
#include "parse_sctp.h"
#include "types.h"
#include "verdict.h"

#define L3 sizeof(struct ethhdr) /* offset of the IP header in the frame */
#define L4_MAX 0x1ff /* no layer-4 header begins after this offset */
#define MAPPED_PREFIX bpf_htonl(0xffff)
#define IPV4_FRAGMENT_BITS bpf_htons(0x3fff) /* more fragments, or an offset */
#define IPV4_OFFSET_BITS bpf_htons(0x1fff)
#define IPV4_DONT_FRAGMENT bpf_htons(0x4000)
#define IPV4_MORE_FRAGMENTS bpf_htons(0x2000)
#define EXTENSION_HEADERS_MAX 6
#define FRAGMENT_HEADER 8 /* length (RFC 8200 4.5) */

/* <linux/in6.h> and <linux/icmp.h> draw in headers of the C library, so their numbers stand here. */
#define PROTOCOL_HOPOPTS 0
#define PROTOCOL_ROUTING 43
#define PROTOCOL_FRAGMENT 44
#define PROTOCOL_ICMPV6 58
#define PROTOCOL_DSTOPTS 60

#define ISAKMP_PORT 500 /* AH and ESP belong to the UDP connection over which their keys were negotiated */

enum icmp_number {
	ICMP_DEST_UNREACH = 3,
	ICMP_SOURCE_QUENCH = 4,
	ICMP_TIME_EXCEEDED = 11,
	ICMP_HOST_UNREACH = 1,
	ICMP_PORT_UNREACH = 3,
	ICMP_FRAG_NEEDED = 4,
	ICMPV6_DEST_UNREACH = 1,
	ICMPV6_PKT_TOOBIG = 2,
	ICMPV6_TIME_EXCEED = 3,
	ICMPV6_ADDR_UNREACH = 3,
	ICMPV6_PORT_UNREACH = 4,
	ICMPV6_INFOMSG_MASK = 0x80,
};

/* The header of ICMP (RFC 792) and ICMPv6 (RFC 4443) errors. */
struct icmphdr {
	__u8 type;
	__u8 code;
	__u16 checksum;
	__be32 rest; /* frag needed, packet too big: the MTU */
};

enum fragment_part {
	FRAGMENT_NONE = 0,
	FRAGMENT_FIRST = 1,
	FRAGMENT_LATER = 2,
};

enum tcp_flag {
	TCP_FIN = 1,
	TCP_SYN = 2,
	TCP_RST = 4,
	TCP_ACK = 16,
};

struct packet {
	struct addr src;
	struct addr dst;
	__be16 sport;
	__be16 dport;
	__u8 protocol;
	__u8 family; /* enum family */
	__u8 tcp_flags; /* enum tcp_flag */
	__u8 part; /* enum fragment_part */
	__u16 l4; /* offset of the layer-4 header in the frame */
	__s16 action; /* what the program returns, once the packet is sent */
	__u32 length; /* of the IP packet; of all segments of a GSO packet */
	__u32 segment; /* of the longest IP packet that leaves: differs with GSO */
	__u32 mark; /* netfilter's, known on a detour and on the way out */
	__be32 fragment_id;
	__u16 fragment_start; /* place of a fragment's payload in that of the whole datagram */
	__u16 payload; /* offset of a fragment's payload in the frame */
	__u8 ttl;
	__u8 tos;
	__u8 dont_fragment;
	__u8 more_fragments;
	__u8 icmp_type;
	__u8 chunk; /* enum sctp_chunk */
	__u8 quoted; /* 1: not a packet that is here, but the request that an ICMP error is about */
	__u8 detour; /* 1: comes by the mark device, see mark.h */
	__u8 own; /* 1: the host itself sends it, see local.h */
	__u8 inward; /* 1: sent on into the host itself */
};

static __always_inline void addr_set_ipv4(struct addr *addr, __be32 ipv4)
{
	addr->halves[0] = 0;
	addr->words[2] = MAPPED_PREFIX;
	addr->words[3] = ipv4;
}

static __always_inline int addr_is_mapped(const struct addr *addr)
{
	return !addr->halves[0] && addr->words[2] == MAPPED_PREFIX;
}

static __always_inline int addr_is_loopback(const struct addr *addr)
{
	if (addr_is_mapped(addr))
		return addr->bytes[12] == 127;
	return !addr->halves[0] && !addr->words[2] && addr->words[3] == bpf_htonl(1);
}

static __always_inline int addr_equal(const struct addr *a, const struct addr *b)
{
	return a->halves[0] == b->halves[0] && a->halves[1] == b->halves[1];
}

static __always_inline int service_key_equal(const struct service_key *a, const struct service_key *b)
{
	return addr_equal(&a->virtual, &b->virtual) && a->fwmark == b->fwmark && a->vport == b->vport &&
	       a->protocol == b->protocol && a->family == b->family;
}

static __always_inline int protocol_is_ipsec(__u8 protocol)
{
	return protocol == IPPROTO_ESP || protocol == IPPROTO_AH;
}

/* The protocol under which a packet's connection stands in the table. */
static __always_inline __u8 protocol_of_conn(__u8 protocol)
{
	return protocol_is_ipsec(protocol) ? IPPROTO_UDP : protocol;
}

/* The least that a packet must have of its layer-4 header. */
static __always_inline __u32 l4_header_size(__u8 protocol)
{
	if (protocol_is_ipsec(protocol))
		return 0;
	if (protocol == IPPROTO_SCTP)
		return sizeof(struct sctphdr);
	return protocol == IPPROTO_TCP ? sizeof(struct tcphdr) : sizeof(struct udphdr);
}

/* Where the checksum of a layer-4 header stands. */
static __always_inline __u32 l4_checksum_offset(__u8 protocol)
{
	return protocol == IPPROTO_TCP ? __builtin_offsetof(struct tcphdr, check) :
					 __builtin_offsetof(struct udphdr, check);
}

/* A VLAN tag stands beside the frame at tc, so the IP header always follows the Ethernet header; a frame
 * that still carries one (XDP, a second tag) is passed on. */
static __always_inline __be16 parse_ethernet(ctx_t *ctx)
{
	struct ethhdr *eth = ctx_data(ctx);

	return (void *)(eth + 1) > ctx_data_end(ctx) ? 0 : eth->h_proto;
}

/* Length of an IP packet whose header tells `told`, and leaves `untold` out. One of more than 64 KiB, which goes through
 * the kernel before it is cut, tells nothing: it ends with the frame. */
static __always_inline __u32 parse_length(const ctx_t *ctx, __u32 told, __u32 untold)
{
	return told || ctx_length(ctx) <= L3 + 0xffff ? told + untold : ctx_length(ctx) - L3;
}

static __always_inline int parse_ipv4(ctx_t *ctx, struct packet *p)
{
	struct iphdr *ip = ctx_data(ctx) + L3;

	if ((void *)(ip + 1) > ctx_data_end(ctx) || ip->version != 4 || ip->ihl < 5)
		return -1;
	addr_set_ipv4(&p->src, ip->saddr);
	addr_set_ipv4(&p->dst, ip->daddr);
	p->family = FAMILY_IPV4;
	p->protocol = ip->protocol;
	p->ttl = ip->ttl;
	p->tos = ip->tos;
	p->length = parse_length(ctx, bpf_ntohs(ip->tot_len), 0);
	p->l4 = L3 + ip->ihl * 4;
	p->dont_fragment = !!(ip->frag_off & IPV4_DONT_FRAGMENT);
	if (ip->frag_off & IPV4_FRAGMENT_BITS) {
		p->part = ip->frag_off & IPV4_OFFSET_BITS ? FRAGMENT_LATER : FRAGMENT_FIRST;
		p->fragment_id = ip->id;
		p->fragment_start = bpf_ntohs(ip->frag_off & IPV4_OFFSET_BITS) * 8;
		p->more_fragments = !!(ip->frag_off & IPV4_MORE_FRAGMENTS);
		p->payload = p->l4;
	}
	if (p->length < ip->ihl * 4)
		return -1;
	return 0;
}

static __always_inline int parse_is_extension(__u8 protocol)
{
	return protocol == PROTOCOL_HOPOPTS || protocol == PROTOCOL_ROUTING || protocol == PROTOCOL_FRAGMENT ||
	       protocol == PROTOCOL_DSTOPTS || protocol == IPPROTO_AH;
}

/* Bytes of an extension header, `length` being the one that it has in itself. AH counts words, and from another start
 * (RFC 4302 2.2). */
static __always_inline __u32 parse_extension_size(__u8 protocol, __u8 length)
{
	if (protocol == PROTOCOL_FRAGMENT)
		return FRAGMENT_HEADER;
	return protocol == IPPROTO_AH ? (length + 2) * 4 : (length + 1) * 8;
}

/* Step over the extension headers that may stand before the layer-4 header (RFC 8200, section 4). */
static __always_inline int parse_extensions(ctx_t *ctx, struct packet *p)
{
	for (int i = 0; i < EXTENSION_HEADERS_MAX; i++) {
		__u32 offset = p->l4;
		__u8 *header;

		if (!parse_is_extension(p->protocol))
			return 0;
		if (offset > L4_MAX)
			return -1;
		header = ctx_data(ctx) + offset;
		if ((void *)(header + 8) > ctx_data_end(ctx))
			return -1;
		if (p->protocol == PROTOCOL_FRAGMENT) {
			__be16 bits = *(__be16 *)(header + 2);

			p->fragment_id = *(__be32 *)(header + 4);
			if (bits & bpf_htons(0xfff9))
				p->part = bits & bpf_htons(0xfff8) ? FRAGMENT_LATER : FRAGMENT_FIRST;
			p->fragment_start = bpf_ntohs(bits) & 0xfff8;
			p->more_fragments = bpf_ntohs(bits) & 1;
			p->payload = offset + FRAGMENT_HEADER;
		}
		p->l4 = offset + parse_extension_size(p->protocol, header[1]);
		p->protocol = header[0];
		if (p->part == FRAGMENT_LATER)
			return 0;
	}
	return -1;
}

static __always_inline int parse_ipv6(ctx_t *ctx, struct packet *p)
{
	struct ipv6hdr *ip = ctx_data(ctx) + L3;

	if ((void *)(ip + 1) > ctx_data_end(ctx) || ip->version != 6)
		return -1;
	__builtin_memcpy(&p->src, &ip->saddr, sizeof(p->src));
	__builtin_memcpy(&p->dst, &ip->daddr, sizeof(p->dst));
	if (addr_is_mapped(&p->src) || addr_is_mapped(&p->dst))
		return -1;
	p->family = FAMILY_IPV6;
	p->protocol = ip->nexthdr;
	p->ttl = ip->hop_limit;
	p->tos = ip->priority << 4 | ip->flow_lbl[0] >> 4;
	p->length = parse_length(ctx, bpf_ntohs(ip->payload_len), sizeof(*ip));
	p->l4 = L3 + sizeof(*ip);
	p->dont_fragment = 1;
	return parse_extensions(ctx, p);
}

/* XDP leaves a packet whose checksum is not computed yet to tc: the field is empty then. */
static __always_inline int parse_sctp(ctx_t *ctx, struct packet *p, __u32 offset)
{
	struct sctphdr *sctp = ctx_data(ctx) + offset;

	if ((void *)(sctp + 1) > ctx_data_end(ctx) || (CTX_IS_XDP && !sctp->checksum))
		return -1;
	p->sport = sctp->source;
	p->dport = sctp->dest;
	p->chunk = sctp_chunk_of(ctx, offset, L3 + p->length);
	return 0;
}

/* Ports and flags; the header must be there in whole, and inside the IP packet: a frame may be padded. */
static __always_inline int parse_l4(ctx_t *ctx, struct packet *p)
{
	__u32 offset = p->l4;
	void *header;

	if (offset > L4_MAX || offset + l4_header_size(p->protocol) > L3 + p->length)
		return -1;
	header = ctx_data(ctx) + offset;
	if (p->protocol == IPPROTO_TCP) {
		struct tcphdr *tcp = header;

		if ((void *)(tcp + 1) > ctx_data_end(ctx))
			return -1;
		p->sport = tcp->source;
		p->dport = tcp->dest;
		p->tcp_flags = ((__u8 *)tcp)[13];
		if (ctx_segment(ctx))
			p->segment = offset - L3 + tcp->doff * 4 + ctx_segment(ctx);
	} else if (p->protocol == IPPROTO_SCTP) {
		return parse_sctp(ctx, p, offset);
	} else if (protocol_is_ipsec(p->protocol)) {
		p->sport = bpf_htons(ISAKMP_PORT);
		p->dport = bpf_htons(ISAKMP_PORT);
	} else {
		struct udphdr *udp = header;

		if ((void *)(udp + 1) > ctx_data_end(ctx))
			return -1;
		p->sport = udp->source;
		p->dport = udp->dest;
		p->icmp_type = *(__u8 *)udp;
		if (ctx_segment(ctx))
			p->segment = offset - L3 + sizeof(*udp) + ctx_segment(ctx);
	}
	return 0;
}

static __always_inline int parse_is_ours(const struct packet *p)
{
	return p->protocol == IPPROTO_TCP || p->protocol == IPPROTO_UDP || p->protocol == IPPROTO_SCTP ||
	       protocol_is_ipsec(p->protocol);
}

static __always_inline int parse_is_icmp(const struct packet *p)
{
	return p->family == FAMILY_IPV4 ? p->protocol == IPPROTO_ICMP : p->protocol == PROTOCOL_ICMPV6;
}

/* Read the headers. VERDICT_PASS: nothing that the director handles. */
static __always_inline enum verdict parse(ctx_t *ctx, struct packet *p)
{
	__be16 protocol = parse_ethernet(ctx);

	if (protocol == bpf_htons(ETH_P_IP)   ? parse_ipv4(ctx, p) :
	    protocol == bpf_htons(ETH_P_IPV6) ? parse_ipv6(ctx, p) :
						-1)
		return VERDICT_PASS;
	/* The host's stack drops a packet that lacks its end, and counts it. */
	if (L3 + p->length > ctx_length(ctx))
		return VERDICT_PASS;
	p->segment = p->length;
	if (!parse_is_ours(p) && !parse_is_icmp(p))
		return VERDICT_PASS;
	if (p->part == FRAGMENT_LATER)
		return VERDICT_CONTINUE;
	/* A first fragment may be too short for its ports: it is judged when the others are here. */
	return parse_l4(ctx, p) && p->part != FRAGMENT_FIRST ? VERDICT_PASS : VERDICT_CONTINUE;
}

#endif
