/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Which packets a fault or a capture is about: terms that must all hold. User space sets them before the program is
 * loaded. Reads by bpf_skb_load_bytes alone, so it works at tc and on a packet socket, wherever the bytes lie. */
#ifndef XLVS_LAB_MATCH_H
#define XLVS_LAB_MATCH_H

#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/in6.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define TERMS_MAX 8
#define EXTENSIONS_MAX 4 /* IPv6 extension headers that are looked behind */
#define ETH_P_VLAN 0x8100
#define FRAGMENT_START 0x1fff
#define WORDS 4 /* of 32 bits in an IPv6 address */

enum term_kind {
	TERM_NONE, /* the end of the list */
	TERM_ETHERTYPE,
	TERM_PROTOCOL,
	TERM_HOST,
	TERM_PORT,
	TERM_MAC,
};

enum term_side {
	SIDE_EITHER,
	SIDE_SOURCE,
	SIDE_DESTINATION,
};

struct term {
	__u8 kind; /* enum term_kind */
	__u8 side; /* enum term_side */
	__u8 negated;
	__u8 bits; /* of the address that count */
	__be16 number; /* EtherType or port, or (host order) protocol */
	__u16 family; /* 4 or 6 */
	__be32 value[WORDS]; /* address; a hardware address in its first six bytes */
};

struct headers {
	__u16 family;
	__be16 ethertype;
	__u16 protocol; /* 256: none */
	__u16 with_ports;
	__be16 ports[2]; /* source, destination */
	__be32 addresses[2][WORDS];
	__u8 macs[2][8]; /* source, destination; six bytes each */
};

const volatile struct term terms[TERMS_MAX] = {};

static __always_inline void parse_ports(struct __sk_buff *ctx, struct headers *h, __u32 at)
{
	if (h->protocol != IPPROTO_TCP && h->protocol != IPPROTO_UDP && h->protocol != IPPROTO_SCTP)
		return;
	h->with_ports = !bpf_skb_load_bytes(ctx, at, h->ports, sizeof(h->ports));
}

static __always_inline void parse_ipv4(struct __sk_buff *ctx, struct headers *h, __u32 at)
{
	__u8 first, protocol;
	__be16 fragment;

	if (bpf_skb_load_bytes(ctx, at, &first, 1) || bpf_skb_load_bytes(ctx, at + 6, &fragment, 2) ||
	    bpf_skb_load_bytes(ctx, at + 9, &protocol, 1) ||
	    bpf_skb_load_bytes(ctx, at + 12, h->addresses[0], sizeof(__be32)) ||
	    bpf_skb_load_bytes(ctx, at + 16, h->addresses[1], sizeof(__be32)))
		return;
	h->family = 4;
	h->protocol = protocol;
	/* Only the first fragment has ports. */
	if (!(fragment & bpf_htons(FRAGMENT_START)))
		parse_ports(ctx, h, at + (first & 15) * 4);
}

static __always_inline void parse_arp(struct __sk_buff *ctx, struct headers *h, __u32 at)
{
	if (!bpf_skb_load_bytes(ctx, at + 14, h->addresses[0], sizeof(__be32)) &&
	    !bpf_skb_load_bytes(ctx, at + 24, h->addresses[1], sizeof(__be32)))
		h->family = 4;
}

static __always_inline void parse_ipv6(struct __sk_buff *ctx, struct headers *h, __u32 at)
{
	__u8 protocol, head[4];

	if (bpf_skb_load_bytes(ctx, at + 6, &protocol, 1) ||
	    bpf_skb_load_bytes(ctx, at + 8, h->addresses[0], sizeof(h->addresses[0])) ||
	    bpf_skb_load_bytes(ctx, at + 24, h->addresses[1], sizeof(h->addresses[1])))
		return;
	h->family = 6;
	at += 40;
	for (int i = 0; i < EXTENSIONS_MAX; i++) {
		int fragment = protocol == IPPROTO_FRAGMENT;

		if (!fragment && protocol != IPPROTO_HOPOPTS && protocol != IPPROTO_ROUTING &&
		    protocol != IPPROTO_DSTOPTS)
			break;
		if (bpf_skb_load_bytes(ctx, at, head, sizeof(head)))
			return;
		protocol = head[0];
		if (fragment && (head[2] || head[3] & 0xf8)) {
			h->protocol = protocol;
			return;
		}
		at += fragment ? 8 : (head[1] + 1) * 8;
	}
	h->protocol = protocol;
	parse_ports(ctx, h, at);
}

static __always_inline void parse(struct __sk_buff *ctx, struct headers *h)
{
	__u32 at = ETH_HLEN;

	h->protocol = 256;
	if (bpf_skb_load_bytes(ctx, 0, h->macs[1], ETH_ALEN) ||
	    bpf_skb_load_bytes(ctx, ETH_ALEN, h->macs[0], ETH_ALEN) ||
	    bpf_skb_load_bytes(ctx, 2 * ETH_ALEN, &h->ethertype, 2))
		return;
	if (h->ethertype == bpf_htons(ETH_P_VLAN)) {
		if (bpf_skb_load_bytes(ctx, at + 2, &h->ethertype, 2))
			return;
		at += 4;
	}
	if (h->ethertype == bpf_htons(ETH_P_IP))
		parse_ipv4(ctx, h, at);
	else if (h->ethertype == bpf_htons(ETH_P_IPV6))
		parse_ipv6(ctx, h, at);
	else if (h->ethertype == bpf_htons(ETH_P_ARP))
		parse_arp(ctx, h, at);
}

static __always_inline int same_address(const volatile struct term *term, const __be32 *address)
{
	for (int i = 0; i < WORDS; i++) {
		int bits = (int)term->bits - i * 32;
		__u32 mask = bits >= 32 ? 0xffffffff : bits > 0 ? ~(0xffffffffU >> bits) : 0;

		if ((address[i] ^ term->value[i]) & bpf_htonl(mask))
			return 0;
	}
	return 1;
}

static __always_inline int same_mac(const volatile struct term *term, const __u8 *mac)
{
	const volatile __u8 *wanted = (const volatile __u8 *)term->value;

	for (int i = 0; i < ETH_ALEN; i++)
		if (mac[i] != wanted[i])
			return 0;
	return 1;
}

/* Does the source (0) or the destination (1) fit? */
static __always_inline int side_fits(const volatile struct term *term, const struct headers *h, int side)
{
	if (term->kind == TERM_HOST)
		return h->family == term->family && same_address(term, h->addresses[side]);
	if (term->kind == TERM_PORT)
		return h->with_ports && h->ports[side] == term->number;
	return same_mac(term, h->macs[side]);
}

static __always_inline int term_fits(const volatile struct term *term, const struct headers *h)
{
	if (term->kind == TERM_ETHERTYPE)
		return h->ethertype == term->number;
	if (term->kind == TERM_PROTOCOL)
		return h->protocol == term->number;
	return (term->side != SIDE_DESTINATION && side_fits(term, h, 0)) ||
	       (term->side != SIDE_SOURCE && side_fits(term, h, 1));
}

/* Verified once, by itself. */
__noinline int matches(struct __sk_buff *ctx)
{
	struct headers h = {};

	if (terms[0].kind == TERM_NONE)
		return 1;
	parse(ctx, &h);
	for (int i = 0; i < TERMS_MAX; i++) {
		const volatile struct term *term = &terms[i];

		if (term->kind == TERM_NONE)
			break;
		if (!!term_fits(term, &h) == !!term->negated)
			return 0;
	}
	return 1;
}

#endif
