/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* ICMP errors that belong to a balanced connection: the packet they quote tells which one. Towards the
 * client they look as if the virtual address had been spoken to, towards the destination as if it had. */
#ifndef XLVS_ICMP_H
#define XLVS_ICMP_H

#include "conn_find.h"
#include "fullnat.h"
#include "icmp_send.h"
#include "icmp_tunnel.h"
#include "local.h"
#include "single.h"
#include "stats.h"
#include "xmit_nat.h"

static __always_inline int icmp_is_error(const struct packet *p)
{
	if (p->family == FAMILY_IPV4)
		return p->icmp_type == ICMP_DEST_UNREACH || p->icmp_type == ICMP_SOURCE_QUENCH ||
		       p->icmp_type == ICMP_TIME_EXCEEDED;
	return !(p->icmp_type & ICMPV6_INFOMSG_MASK);
}

static __always_inline int icmp_quote_ports(ctx_t *ctx, struct packet *inner)
{
	__be16 ports[2];

	if (inner->part == FRAGMENT_LATER || !parse_is_ours(inner))
		return -1;
	if (protocol_is_ipsec(inner->protocol)) {
		inner->sport = bpf_htons(ISAKMP_PORT);
		inner->dport = bpf_htons(ISAKMP_PORT);
		return 0;
	}
	if (bpf_skb_load_bytes(ctx, inner->l4, ports, sizeof(ports)))
		return -1;
	inner->sport = ports[0];
	inner->dport = ports[1];
	return 0;
}

static __noinline int icmp_quote_ipv4(ctx_t *ctx, struct icmp_quote *quote)
{
	struct packet *inner = &quote->inner;
	struct iphdr ip;

	if (bpf_skb_load_bytes(ctx, quote->l3, &ip, sizeof(ip)) || ip.version != 4 || ip.ihl < 5)
		return -1;
	addr_set_ipv4(&inner->src, ip.saddr);
	addr_set_ipv4(&inner->dst, ip.daddr);
	inner->family = FAMILY_IPV4;
	inner->protocol = ip.protocol;
	inner->part = ip.frag_off & IPV4_OFFSET_BITS ? FRAGMENT_LATER : FRAGMENT_NONE;
	inner->l4 = quote->l3 + ip.ihl * 4;
	return icmp_quote_ports(ctx, inner);
}

/* Step over the extension headers of the quote. */
static __always_inline int icmp_quote_extensions(ctx_t *ctx, struct packet *inner)
{
	for (int i = 0; i < EXTENSION_HEADERS_MAX; i++) {
		__be16 fragment[2]; /* the second one is the offset */
		__u8 *header = (__u8 *)fragment;

		if (!parse_is_extension(inner->protocol))
			return 0;
		if (ctx_load(ctx, inner->l4, fragment, sizeof(fragment)))
			return -1;
		if (inner->protocol == PROTOCOL_FRAGMENT && fragment[1] & bpf_htons(0xfff8))
			inner->part = FRAGMENT_LATER;
		inner->l4 += parse_extension_size(inner->protocol, header[1]);
		inner->protocol = header[0];
		if (inner->part == FRAGMENT_LATER)
			return 0;
	}
	return -1;
}

static __noinline int icmp_quote_ipv6(ctx_t *ctx, struct icmp_quote *quote)
{
	struct packet *inner = &quote->inner;
	struct ipv6hdr ip;

	if (bpf_skb_load_bytes(ctx, quote->l3, &ip, sizeof(ip)) || ip.version != 6)
		return -1;
	__builtin_memcpy(&inner->src, &ip.saddr, sizeof(inner->src));
	__builtin_memcpy(&inner->dst, &ip.daddr, sizeof(inner->dst));
	inner->family = FAMILY_IPV6;
	inner->protocol = ip.nexthdr;
	inner->part = FRAGMENT_NONE;
	inner->l4 = quote->l3 + sizeof(ip);
	return icmp_quote_extensions(ctx, inner) || icmp_quote_ports(ctx, inner);
}

/* Write the quote's new address and port. The ICMP checksum follows; that of the quoted IP header too. */
static __always_inline int icmp_rewrite_quote(ctx_t *ctx, const struct icmp_quote *quote, const struct nat *nat)
{
	const struct packet *inner = &quote->inner;
	int source = nat->side == NAT_SOURCE;
	__u32 pseudo = csum_change_addr(source ? &inner->src : &inner->dst, &nat->to);
	int has_ports = !protocol_is_ipsec(inner->protocol);
	__u32 plain = has_ports ? csum_change_port(source ? inner->sport : inner->dport, nat->port) : 0;
	__u32 check_offset = quote->l3 - sizeof(struct icmphdr) + __builtin_offsetof(struct icmphdr, checksum);

	if (inner->family == FAMILY_IPV4) {
		/* The address and the checksum of the quoted header cancel out in the ICMP checksum. */
		if (bpf_l3_csum_replace(ctx, quote->l3 + __builtin_offsetof(struct iphdr, check), 0, pseudo, 0) ||
		    bpf_skb_store_bytes(ctx,
					quote->l3 + (source ? __builtin_offsetof(struct iphdr, saddr) :
							      __builtin_offsetof(struct iphdr, daddr)),
					&nat->to.words[3], sizeof(__be32), 0))
			return -1;
	} else {
		plain = csum_add(plain, pseudo);
		if (bpf_skb_store_bytes(ctx,
					quote->l3 + (source ? __builtin_offsetof(struct ipv6hdr, saddr) :
							      __builtin_offsetof(struct ipv6hdr, daddr)),
					&nat->to, sizeof(nat->to), 0))
			return -1;
	}
	if (plain && bpf_l4_csum_replace(ctx, check_offset, 0, plain, 0))
		return -1;
	if (!has_ports)
		return 0;
	return bpf_skb_store_bytes(ctx, inner->l4 + (source ? 0 : sizeof(__be16)), &nat->port, sizeof(nat->port), 0);
}

/* Write the outer header: the address on the other side than in the quote. ICMPv6 has it in its checksum. */
static __always_inline int icmp_rewrite_outer(ctx_t *ctx, const struct packet *p, const struct icmp_quote *quote,
					      const struct nat *nat)
{
	struct nat outer = {
		.to = nat->to,
		.side = nat->side == NAT_SOURCE ? NAT_DESTINATION : NAT_SOURCE,
		.keeps_ttl = nat->keeps_ttl,
	};
	__u32 pseudo = csum_change_addr(outer.side == NAT_SOURCE ? &p->src : &p->dst, &outer.to);
	__u32 check_offset = quote->l3 - sizeof(struct icmphdr) + __builtin_offsetof(struct icmphdr, checksum);

	if (p->family == FAMILY_IPV6 && bpf_l4_csum_replace(ctx, check_offset, 0, pseudo, BPF_F_PSEUDO_HDR))
		return -1;
	return nat_write_l3(ctx, p, &outer, pseudo);
}

__noinline int icmp_rewrite_side(ctx_t *ctx, const struct packet *p, const struct icmp_quote *quote,
				 const struct nat *nat)
{
	if (!p || !quote || !nat)
		return -1;
	return icmp_rewrite_quote(ctx, quote, nat) || icmp_rewrite_outer(ctx, p, quote, nat);
}

/* Of full NAT both ends are others, in the quote and outside of it. */
static __always_inline int icmp_rewrite(ctx_t *ctx, struct work *work)
{
	const struct icmp_quote *quote = &work->quote;
	const struct packet *p = &work->packet;

	if (icmp_rewrite_side(ctx, p, quote, &work->nat))
		return -1;
	return work->nat.both ? icmp_rewrite_side(ctx, p, quote, nat_other_side(work)) : 0;
}

/* The host's own stack found no route for a request that was translated and left to it, since the routing table tells
 * no director of its own addresses from no route (local.h). The client is told of the host, not the network, and the
 * error is no answer. Returns whether it is one of these, or -1. */
static __always_inline int icmp_about_no_route(ctx_t *ctx, const struct packet *p)
{
	int ipv4 = p->family == FAMILY_IPV4;
	__u8 code = ipv4 ? ICMP_HOST_UNREACH : ICMPV6_ADDR_UNREACH;
	__u8 before[2];

	if (!p->own)
		return 0;
	if (bpf_skb_load_bytes(ctx, p->l4, before, sizeof(before)))
		return -1;
	if (before[0] != (ipv4 ? ICMP_DEST_UNREACH : ICMPV6_DEST_UNREACH) || before[1])
		return 0;
	if (bpf_l4_csum_replace(ctx, p->l4 + __builtin_offsetof(struct icmphdr, checksum), 0, bpf_htons(code), 2) ||
	    bpf_skb_store_bytes(ctx, p->l4 + 1, &code, sizeof(code), 0))
		return -1;
	return 1;
}

/* Send the error on. `work->nat` is what changes in the quote. */
static __noinline enum verdict icmp_forward(ctx_t *ctx, struct work *work, __u32 dest_number)
{
	struct bpf_fib_lookup *fib = &work->fib;
	struct packet *p = &work->packet;
	struct nat *nat = &work->nat;
	struct dest *dest;
	int to_client, local, told = 0;
	long rc;

	to_client = nat->side == NAT_DESTINATION;
	rc = to_client ? route_own(ctx, fib, p, &nat->to, nat->both ? &nat->also : &p->dst, p->length) :
			 route_own(ctx, fib, p, &addr_open, &nat->to, p->length);
	local = route_is_local(rc) || (to_client && p->own);
	/* Nothing comes from a wire to a loopback address, whatever it quotes: the stack drops it. */
	if (local && !p->own && addr_is_loopback(&p->dst))
		return VERDICT_STACK;
	if (to_client && !local && (p->ttl <= 1 || rc == BPF_FIB_LKUP_RET_FRAG_NEEDED))
		return VERDICT_STACK;
	dest = dest_get(dest_number);
	if (!to_client && (!dest || !dest_is_open(dest)))
		return DROP_DESTINATION_GONE;
	if (to_client && (told = icmp_about_no_route(ctx, p)) < 0)
		return DROP_INTERNAL;
	if (dest && dest->flags & DEST_AVAILABLE && !told) {
		if (to_client)
			stats_out(dest_number, p->length);
		else
			stats_in(dest_number, p->length);
	}
	nat->keeps_ttl = local;
	if (!local && p->ttl <= 1)
		return DROP_TTL;
	if (!local && !route_is_found(rc))
		return rc == BPF_FIB_LKUP_RET_FRAG_NEEDED ? DROP_TOO_BIG : route_drop_reason(rc);
	if (nat->side == NAT_NOTHING ? nat_write_l3(ctx, p, nat, 0) : icmp_rewrite(ctx, work))
		return DROP_INTERNAL;
	if (local ? local_send(ctx, p, rc, fib, to_client) : xmit(ctx, p, rc, fib))
		return DROP_INTERNAL;
	return to_client ? VERDICT_REPLY_ICMP : VERDICT_FORWARD_ICMP;
}

/* An error about a request that was delivered to a process of the director's as it was, or that comes back over the
 * director: it counts as an answer, and is as the client wants it. */
static __always_inline enum verdict icmp_count_unseen(struct work *work, __u32 now)
{
	__u32 number = conn_of_request(&work->quote.inner, now);
	struct conn *conn = conn_get(number);
	struct dest *dest;

	if (!number || !conn || conn_is_translated(conn))
		return VERDICT_CONTINUE;
	work->trail.conn = number;
	dest = dest_get(conn->dest);
	if (dest && dest->flags & DEST_AVAILABLE)
		stats_out(conn->dest, work->packet.length);
	return VERDICT_PASS;
}

/* What an error of full NAT says of the path to the destination: its MTU, 0: nothing. */
static __always_inline __u32 icmp_path_mtu(ctx_t *ctx, const struct packet *p)
{
	__u32 mtu, kind;
	__be32 words[2];

	if (bpf_skb_load_bytes(ctx, p->l4, words, sizeof(words)))
		return 0;
	kind = bpf_ntohl(words[0]) >> 16;
	mtu = bpf_ntohl(words[1]);
	if (p->family == FAMILY_IPV6)
		return kind >> 8 != ICMPV6_PKT_TOOBIG ? 0 : mtu < TUNNEL_MTU_MIN_IPV6 ? TUNNEL_MTU_MIN_IPV6 : mtu;
	if (kind != (ICMP_DEST_UNREACH << 8 | ICMP_FRAG_NEEDED))
		return 0;
	mtu &= 0xffff;
	return mtu < PATH_MTU_MIN ? PATH_MTU_MIN : mtu;
}

/* The client makes its segments as short as the error says, and does not know of the option that makes them longer: the
 * director has to know the path as well, so that none gets it which would not fit. */
static __noinline int icmp_learn_path(ctx_t *ctx, struct work *work, const struct conn *conn, __u32 now)
{
	struct path_mtu path = { .expires = now + PATH_MTU_LIFE_S * ticks_per_second };
	const struct dest *dest = dest_get(conn->dest);
	struct pool *pool_state = pool_get();
	__u32 known;

	path.mtu = icmp_path_mtu(ctx, &work->packet);
	if (!dest || !pool_state || !path.mtu || conn->protocol != IPPROTO_TCP)
		return 0;
	known = path_mtu_find(&dest->addr, now);
	if (known && path.mtu > known)
		return 0;
	if (!bpf_map_update_elem(&path_mtus, &dest->addr, &path, BPF_ANY))
		pool_state->path_mtus_until = path.expires;
	return 0;
}

/* An error about a request, from behind the director: the quote goes from the client to the destination. */
static __always_inline enum verdict icmp_about_request(ctx_t *ctx, struct work *work, __u32 now)
{
	__u32 number = conn_of_quote(&work->quote.inner, DIRECTION_REPLY, now);
	struct conn *conn = conn_get(number);

	if (!number || !conn)
		return icmp_count_unseen(work, now);
	work->trail.conn = number;
	if (conn_is_companion(conn)) {
		conn = fullnat_reply(work, conn, now);
		if (!conn)
			return VERDICT_CONTINUE;
		icmp_learn_path(ctx, work, conn, now);
	}
	work->nat.side = NAT_DESTINATION;
	work->nat.to = conn->virtual;
	work->nat.port = conn->vport;
	return icmp_forward(ctx, work, conn->dest);
}

static enum verdict begin(ctx_t *ctx, struct work *work, const struct settings *set, __u32 now);

/* With schedule_icmp: an error about an answer of a connection that nobody knows begins it, as its client's first packet
 * would. So errors about one client go where its packets go, when another director has its connections. */
static __always_inline enum verdict icmp_schedule(ctx_t *ctx, struct work *work, const struct settings *set, __u32 now,
						  struct conn **conn)
{
	struct packet *p = &work->packet;
	const struct packet *inner = &work->quote.inner;
	enum verdict verdict;

	work->error = *p;
	p->src = inner->dst;
	p->dst = inner->src;
	p->sport = inner->dport;
	p->dport = inner->sport;
	p->protocol = inner->protocol;
	p->tcp_flags = TCP_SYN;
	p->chunk = SCTP_CHUNK_INIT;
	p->quoted = 1;
	verdict = begin(ctx, work, set, now);
	*p = work->error;
	if (verdict != VERDICT_CONTINUE)
		return verdict;
	*conn = single_conn(work);
	single_end(work, now);
	return verdict;
}

/* An error about an answer, from the client's side: the quote goes from the virtual address to the client. */
static __always_inline enum verdict icmp_about_answer(ctx_t *ctx, struct work *work, const struct settings *set,
						      __u32 now)
{
	__u32 number = conn_of_quote(&work->quote.inner, DIRECTION_FORWARD, now);
	enum verdict verdict = VERDICT_PASS;
	struct conn *conn = number ? conn_get(number) : 0;
	struct dest *dest;

	work->trail.conn = number;
	if (!number && set->sysctls[SYSCTL_SCHEDULE_ICMP])
		verdict = icmp_schedule(ctx, work, set, now, &conn);
	if (!conn)
		return verdict == VERDICT_CONTINUE ? VERDICT_PASS : verdict;
	dest = dest_get(conn->dest);
	if (!dest)
		return VERDICT_PASS;
	work->nat.side = NAT_SOURCE;
	if (conn->method == METHOD_TUNNEL)
		return icmp_into_tunnel(ctx, work, conn, dest, now);
	if (conn->method == METHOD_DIRECT_ROUTE)
		work->nat.side = NAT_NOTHING;
	else if (conn->method != METHOD_MASQUERADE && fullnat_forward(ctx, work, conn) != VERDICT_CONTINUE)
		return DROP_METHOD;
	work->nat.to = dest->addr;
	work->nat.port = conn->dport;
	return icmp_forward(ctx, work, conn->dest);
}

static __noinline enum verdict handle_icmp(ctx_t *ctx, struct work *work, const struct settings *set, __u32 now)
{
	struct icmp_quote *quote = &work->quote;
	struct packet *p = &work->packet;
	enum verdict verdict;

	if (p->part != FRAGMENT_NONE || !icmp_is_error(p))
		return VERDICT_PASS;
	quote->l3 = p->l4 + sizeof(struct icmphdr);
	verdict = p->family == FAMILY_IPV4 ? icmp_about_tunnel(ctx, work, now) : VERDICT_CONTINUE;
	if (verdict != VERDICT_CONTINUE)
		return verdict;
	if (p->family == FAMILY_IPV4 ? icmp_quote_ipv4(ctx, quote) : icmp_quote_ipv6(ctx, quote))
		return VERDICT_PASS;
	/* The quote's ports are inside the packet: a frame may be padded. */
	if (!protocol_is_ipsec(quote->inner.protocol) && quote->inner.l4 + 2 * sizeof(__be16) > L3 + p->length)
		return VERDICT_PASS;
	verdict = icmp_about_request(ctx, work, now);
	return verdict == VERDICT_CONTINUE ? icmp_about_answer(ctx, work, set, now) : verdict;
}

#endif
