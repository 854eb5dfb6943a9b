/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* ICMP and tunnels. An error about an outer packet comes to the director, who sent it: it becomes one for the client,
 * about the packet inside. An error from the client about an answer goes through the tunnel to the destination. The
 * kernel turns errors about IPv4 in IPv4 alone; those about other tunnels are left to the host's own stack. */
#ifndef XLVS_ICMP_TUNNEL_H
#define XLVS_ICMP_TUNNEL_H

#include "conn_find.h"
#include "icmp_send.h"
#include "xmit_tunnel.h"

#define PATH_MTU_LIFE_S 600 /* net.ipv4.route.mtu_expires */
#define PATH_MTU_MIN 552 /* net.ipv4.route.min_pmtu */
#define QUOTED_PORTS 4
#define GUE_LENGTH_BITS 0x1f

/* Where the inner packet begins in a quoted outer one whose payload begins at `offset`; 0: nothing of ours. */
static __always_inline __u32 tunnel_inside(ctx_t *ctx, __u8 protocol, __u32 offset, struct tunnel_kind *kind)
{
	__be32 words[3];

	if (protocol == PROTOCOL_IPIP) {
		kind->type = TUNNEL_IPIP;
		return offset;
	}
	if (bpf_skb_load_bytes(ctx, offset, words, sizeof(words)))
		return 0;
	if (protocol == IPPROTO_UDP) {
		kind->type = TUNNEL_GUE;
		kind->port = (__be16)(bpf_ntohl(words[0]) & 0xffff);
		kind->port = bpf_htons(kind->port);
		if ((bpf_ntohl(words[2]) >> 16 & 0xff) != PROTOCOL_IPIP)
			return 0;
		return offset + sizeof(struct udphdr) + sizeof(words[2]) +
		       (bpf_ntohl(words[2]) >> 24 & GUE_LENGTH_BITS) * 4;
	}
	kind->type = TUNNEL_GRE;
	if ((bpf_ntohl(words[0]) & 0xffff) != ETH_P_IP)
		return 0;
	return offset + (words[0] & bpf_htonl((__u32)GRE_CHECKSUM << 16) ? 8 : 4);
}

/* Read the packet inside of the quoted one. Returns the offset of its header, 0: nothing of ours. */
static __always_inline __u32 tunnel_quote(ctx_t *ctx, struct work *work, struct tunnel_kind *kind, struct addr *far)
{
	struct packet *p = &work->packet, *inner = &work->quote.inner;
	__u32 offset = work->quote.l3;
	__be16 ports[2];
	struct iphdr ip;

	if (bpf_skb_load_bytes(ctx, offset, &ip, sizeof(ip)) || ip.version != 4 || ip.ihl < 5 ||
	    ip.frag_off & IPV4_OFFSET_BITS)
		return 0;
	if (ip.protocol != PROTOCOL_IPIP && ip.protocol != IPPROTO_UDP && ip.protocol != PROTOCOL_GRE)
		return 0;
	addr_set_ipv4(far, ip.daddr);
	offset = tunnel_inside(ctx, ip.protocol, offset + ip.ihl * 4, kind);
	if (!offset || bpf_skb_load_bytes(ctx, offset, &ip, sizeof(ip)) || ip.version != 4 || ip.ihl < 5 ||
	    ip.frag_off & IPV4_OFFSET_BITS)
		return 0;
	inner->l4 = offset + ip.ihl * 4;
	if (inner->l4 + QUOTED_PORTS > L3 + p->length || bpf_skb_load_bytes(ctx, inner->l4, ports, sizeof(ports)))
		return 0;
	inner->family = FAMILY_IPV4;
	inner->protocol = ip.protocol;
	inner->dont_fragment = !!(ip.frag_off & IPV4_DONT_FRAGMENT);
	inner->tos = ip.tos;
	inner->sport = ports[0];
	inner->dport = ports[1];
	addr_set_ipv4(&inner->src, ip.saddr);
	addr_set_ipv4(&inner->dst, ip.daddr);
	return offset;
}

/* Note the MTU that an error tells of a path. Returns what a client is to hear of it: a way that was chosen before
 * anything was known of its path still has the MTU of the route, which the kernel tells the first time. */
static __always_inline __u32 path_mtu_learn(struct dest *dest, const struct addr *far, __u32 mtu, __u32 now)
{
	__u32 number = dest->way >> WAY_NUMBER_SHIFT, told, known = path_mtu_find(far, now);
	struct path_mtu path = { .expires = now + PATH_MTU_LIFE_S * ticks_per_second };
	struct tunnel_way *way = bpf_map_lookup_elem(&tunnel_ways, &number);
	struct pool *pool_state = pool_get();
	__u32 most = known ? known : number && way ? way->mtu : 0xffff;

	path.mtu = mtu < PATH_MTU_MIN ? PATH_MTU_MIN : mtu;
	if (path.mtu > most)
		path.mtu = most;
	else if (!bpf_map_update_elem(&path_mtus, far, &path, BPF_ANY) && pool_state)
		pool_state->path_mtus_until = path.expires;
	told = number && way && !way->learned ? way->mtu : path.mtu;
	dest->way = 0;
	return told > TUNNEL_MTU_MIN + sizeof(struct iphdr) ? told - sizeof(struct iphdr) : told;
}

/* Cut the frame down to the quoted inner packet, and answer that. */
static __always_inline enum verdict tunnel_answer(ctx_t *ctx, struct work *work, struct icmp_error *error, __u32 offset,
						  const struct conn *conn)
{
	__u32 cut = offset - L3, quoted = work->packet.length - cut;
	struct packet *p = &work->packet;
	enum verdict verdict;

	if (cut > L4_MAX || bpf_skb_adjust_room(ctx, -(int)cut, BPF_ADJ_ROOM_MAC, 0))
		return DROP_INTERNAL;
	*p = work->quote.inner;
	p->part = FRAGMENT_NONE;
	p->length = quoted;
	p->segment = quoted;
	stats_out(conn->dest, quoted);
	verdict = answer(ctx, p, error);
	return stats_answered(ctx, conn, verdict);
}

static __always_inline int icmp_is_sound(ctx_t *ctx, const struct packet *p)
{
	int failed = 0;
	__u32 sum = sum_bytes(ctx, p->l4, p->length - (p->l4 - L3), 0, &failed);

	return !failed && csum_fold(sum) == 0xffff;
}

/* VERDICT_CONTINUE: it is not about a tunnel of ours. */
static __noinline enum verdict icmp_about_tunnel(ctx_t *ctx, struct work *work, __u32 now)
{
	struct icmp_error error = { .type = work->packet.icmp_type };
	struct tunnel_kind kind = { .all = 0 }, actual;
	struct packet *p = &work->packet;
	struct dest *dest = 0;
	struct addr far = {};
	__u32 offset, number;
	struct conn *conn;

	offset = tunnel_quote(ctx, work, &kind, &far);
	number = offset ? conn_of_request(&work->quote.inner, now) : 0;
	conn = conn_get(number);
	work->trail.conn = number;
	if (number && conn && conn->method == METHOD_TUNNEL)
		dest = dest_get(conn->dest);
	if (!conn || !dest || !addr_equal(&dest->addr, &far))
		return VERDICT_CONTINUE;
	actual.all = tunnel_kind_of(dest);
	if (actual.type != kind.type || (kind.type == TUNNEL_GUE && actual.port != kind.port))
		return VERDICT_CONTINUE;
	/* One that passes through is for who sent the outer packet; one that is damaged, for nobody. */
	if (route(ctx, &work->fib, p, &p->src, &p->dst, 1) != BPF_FIB_LKUP_RET_NOT_FWDED || !icmp_is_sound(ctx, p))
		return VERDICT_PASS;
	if (bpf_skb_load_bytes(ctx, p->l4 + 1, &error.code, sizeof(error.code)) ||
	    bpf_skb_load_bytes(ctx, p->l4 + 4, &error.rest, sizeof(error.rest)))
		return DROP_INTERNAL;
	if (error.type == ICMP_DEST_UNREACH && error.code == ICMP_FRAG_NEEDED) {
		error.rest = bpf_htonl(path_mtu_learn(dest, &far, bpf_ntohl(error.rest) & 0xffff, now));
		p->action = CTX_DROP;
		if (!work->quote.inner.dont_fragment)
			return VERDICT_REPLY_ICMP;
	}
	return tunnel_answer(ctx, work, &error, offset, conn);
}

/* Send an error about an answer to the destination. No error is sent about one. */
static __noinline enum verdict icmp_into_tunnel(ctx_t *ctx, struct work *work, struct conn *conn, struct dest *dest,
						__u32 now)
{
	const struct settings *set = settings_get();
	struct tunnel_way *way = way_known(ctx, dest, now);
	long rc = BPF_FIB_LKUP_RET_SUCCESS;
	struct packet *p = &work->packet;
	enum verdict verdict;
	__u32 mtu;

	if (!set)
		return DROP_INTERNAL;
	if (!dest_is_open(dest))
		return DROP_DESTINATION_GONE;
	if (!way) {
		rc = way_make(ctx, work, dest, now);
		way = &work->way;
	}
	stats_in(conn->dest, p->length);
	if (!route_is_found(rc))
		return rc == BPF_FIB_LKUP_RET_NOT_FWDED ? VERDICT_STACK : route_drop_reason(rc);
	if (p->ttl <= 1)
		return DROP_TTL;
	mtu = tunnel_mtu(way);
	if (!mtu || (p->family == FAMILY_IPV6 && p->segment > mtu))
		return DROP_TOO_BIG;
	work->head.hash = tunnel_hash(conn);
	verdict = tunnel_send(ctx, work, way, set, rc);
	if (verdict == VERDICT_CONTINUE)
		verdict = encap_split(ctx, work, way);
	return verdict == VERDICT_FORWARD ? VERDICT_FORWARD_ICMP : verdict;
}

#endif
