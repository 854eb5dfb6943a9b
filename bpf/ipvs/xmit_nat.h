/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Masquerading: another address and port on one side of the packet, one hop less to live. */
#ifndef XLVS_XMIT_NAT_H
#define XLVS_XMIT_NAT_H

#include "csum.h"
#include "csum_crc32c.h"
#include "work.h"

/* SCTP's checksum covers the ports and not the addresses. An empty field is to be filled in by the network card or by
 * the kernel before the packet leaves; a true checksum of zero cannot be told from it, and is one in 2^32. */
__noinline int nat_checksum_sctp(ctx_t *ctx, const struct packet *p, const struct nat *nat)
{
	__u32 offset, length, change;
	struct sctphdr *sctp;
	__be16 old;

	if (!p || !nat)
		return -1;
	offset = p->l4;
	old = nat->side == NAT_SOURCE ? p->sport : p->dport;
	if (offset > L4_MAX || old == nat->port)
		return 0;
	length = p->length - (offset - L3);
	if (nat->side != NAT_SOURCE)
		length -= sizeof(old);
	change = crc32c_change(old ^ nat->port, length);
	sctp = ctx_data(ctx) + offset;
	if ((void *)(sctp + 1) > ctx_data_end(ctx))
		return -1;
	if (sctp->checksum)
		sctp->checksum ^= change;
	return 0;
}

#if !CTX_IS_XDP
/* A GSO datagram of the host's own is open without being marked as such where the device computes no checksums: the
 * helper would take it for complete. Returns 1 if it was open and is changed, else 0. */
__noinline int nat_checksum_open(ctx_t *ctx, const struct packet *p, __u32 pseudo)
{
	int open = p ? sum_open(ctx, p, p->l4) : -1;
	__u16 field;

	if (open < 0)
		return 0;
	field = csum_fold(csum_add(open, pseudo));
	return !bpf_skb_store_bytes(ctx, p->l4 + l4_checksum_offset(p->protocol), &field, sizeof(field), 0);
}
#endif

/* The layer-4 checksum. It is first, since the helper makes pointers into the packet invalid. */
static __always_inline int nat_checksum(ctx_t *ctx, const struct packet *p, const struct nat *nat, __u32 pseudo,
					__u32 plain)
{
	if (p->part == FRAGMENT_LATER || protocol_is_ipsec(p->protocol))
		return 0;
	if (p->protocol == IPPROTO_SCTP)
		return nat_checksum_sctp(ctx, p, nat);
#if !CTX_IS_XDP
	if (p->protocol == IPPROTO_UDP && p->part == FRAGMENT_NONE) {
		if (ctx_segment(ctx)) {
			if (nat_checksum_open(ctx, p, pseudo))
				return 0;
		} else if (sum_fill_udp(ctx, p)) {
			return -1;
		}
	}
#endif
	return ctx_checksum(ctx, p->l4 + l4_checksum_offset(p->protocol), pseudo, plain, p->protocol == IPPROTO_UDP);
}

static __always_inline int nat_write_l3(ctx_t *ctx, const struct packet *p, const struct nat *nat, __u32 pseudo)
{
	if (p->family == FAMILY_IPV4) {
		struct iphdr *ip = ctx_data(ctx) + L3;

		if ((void *)(ip + 1) > ctx_data_end(ctx))
			return -1;
		/* TTL is the upper byte of its 16-bit word. */
		if (!nat->keeps_ttl) {
			pseudo = csum_add(pseudo, (__u16)~bpf_htons(0x0100));
			ip->ttl--;
		}
		ip->check = csum_update(ip->check, pseudo);
		if (nat->side == NAT_SOURCE)
			ip->saddr = nat->to.words[3];
		else if (nat->side == NAT_DESTINATION)
			ip->daddr = nat->to.words[3];
	} else {
		struct ipv6hdr *ip = ctx_data(ctx) + L3;

		if ((void *)(ip + 1) > ctx_data_end(ctx))
			return -1;
		if (!nat->keeps_ttl)
			ip->hop_limit--;
		if (nat->side == NAT_SOURCE)
			__builtin_memcpy(&ip->saddr, &nat->to, sizeof(nat->to));
		else if (nat->side == NAT_DESTINATION)
			__builtin_memcpy(&ip->daddr, &nat->to, sizeof(nat->to));
	}
	return 0;
}

/* Both ports stand first in the headers of TCP, UDP and SCTP. */
static __always_inline int nat_write_port(ctx_t *ctx, const struct packet *p, const struct nat *nat)
{
	__u32 offset = p->l4;
	__be16 *ports;

	if (p->part == FRAGMENT_LATER || protocol_is_ipsec(p->protocol))
		return 0;
	if (offset > L4_MAX)
		return -1;
	ports = ctx_data(ctx) + offset;
	if ((void *)(ports + 2) > ctx_data_end(ctx))
		return -1;
	ports[nat->side == NAT_SOURCE ? 0 : 1] = nat->port;
	return 0;
}

/* Translate one side of the packet. Nothing is written when it returns -1 before the first write. */
static __always_inline int nat_translate(ctx_t *ctx, const struct packet *p, const struct nat *nat)
{
	int source = nat->side == NAT_SOURCE;
	__u32 pseudo = csum_change_addr(source ? &p->src : &p->dst, &nat->to);
	__u32 plain = csum_change_port(source ? p->sport : p->dport, nat->port);

	if (nat->side == NAT_NOTHING)
		return nat_write_l3(ctx, p, nat, 0);
	if (nat_checksum(ctx, p, nat, pseudo, plain))
		return -1;
	if (nat_write_l3(ctx, p, nat, pseudo))
		return -1;
	return nat_write_port(ctx, p, nat);
}

/* The other side's translation by itself, but for the hop: in `work->other`. */
static __always_inline struct nat *nat_other_side(struct work *work)
{
	const struct nat *nat = &work->nat;
	struct nat *other = &work->other;

	other->to = nat->also;
	other->port = nat->also_port;
	other->side = nat->side == NAT_SOURCE ? NAT_DESTINATION : NAT_SOURCE;
	other->keeps_ttl = 1;
	return other;
}

/* Translate the other side, of full NAT, as the packet will say from now on. Nothing else is left to do for it then. */
__noinline int nat_translate_also(ctx_t *ctx, struct work *work)
{
	const struct nat *other;
	struct packet *p;

	if (!work)
		return -1;
	p = &work->packet;
	other = nat_other_side(work);
	if (nat_translate(ctx, p, other))
		return -1;
	if (other->side == NAT_SOURCE) {
		p->src = other->to;
		p->sport = other->port;
	} else {
		p->dst = other->to;
		p->dport = other->port;
	}
	return 0;
}

/* The addresses of both sides, and one hop less. */
static __always_inline int nat_write_addresses(ctx_t *ctx, const struct packet *p, const struct addr *src,
					       const struct addr *dst, __u32 pseudo)
{
	if (p->family == FAMILY_IPV4) {
		struct iphdr *ip = ctx_data(ctx) + L3;

		if ((void *)(ip + 1) > ctx_data_end(ctx))
			return -1;
		ip->ttl--;
		ip->check = csum_update(ip->check, csum_add(pseudo, (__u16)~bpf_htons(0x0100)));
		ip->saddr = src->words[3];
		ip->daddr = dst->words[3];
	} else {
		struct ipv6hdr *ip = ctx_data(ctx) + L3;

		if ((void *)(ip + 1) > ctx_data_end(ctx))
			return -1;
		ip->hop_limit--;
		__builtin_memcpy(&ip->saddr, src, sizeof(*src));
		__builtin_memcpy(&ip->daddr, dst, sizeof(*dst));
	}
	return 0;
}

static __always_inline int nat_write_ports(ctx_t *ctx, const struct packet *p, __be16 sport, __be16 dport)
{
	__u32 offset = p->l4;
	__be16 *ports;

	if (p->part == FRAGMENT_LATER)
		return 0;
	if (offset > L4_MAX)
		return -1;
	ports = ctx_data(ctx) + offset;
	if ((void *)(ports + 2) > ctx_data_end(ctx))
		return -1;
	ports[0] = sport;
	ports[1] = dport;
	return 0;
}

/* Translate both sides of a packet that passes the director, at once: the checksum is the dearest part of it. */
__noinline int nat_translate_both(ctx_t *ctx, struct work *work)
{
	const struct addr *src, *dst;
	const struct packet *p;
	__be16 sport, dport;
	__u32 pseudo, plain;
	struct nat *nat;

	if (!work)
		return -1;
	p = &work->packet;
	nat = &work->nat;
	src = &nat->also;
	dst = &nat->to;
	sport = nat->also_port;
	dport = nat->port;
	if (nat->side == NAT_SOURCE) {
		src = &nat->to;
		dst = &nat->also;
		sport = nat->port;
		dport = nat->also_port;
	}
	pseudo = csum_add(csum_change_addr(&p->src, src), csum_change_addr(&p->dst, dst));
	plain = csum_add(csum_change_port(p->sport, sport), csum_change_port(p->dport, dport));
	if (nat_checksum(ctx, p, nat, pseudo, plain))
		return -1;
	if (p->protocol == IPPROTO_SCTP && p->part != FRAGMENT_LATER && nat_checksum_sctp(ctx, p, nat_other_side(work)))
		return -1;
	return nat_write_addresses(ctx, p, src, dst, pseudo) || nat_write_ports(ctx, p, sport, dport);
}

#endif
