/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Tunnelling: the packet as it came, one hop less to live, inside another one to the destination. */
#ifndef XLVS_XMIT_TUNNEL_H
#define XLVS_XMIT_TUNNEL_H

#include "proto.h"
#include "stats.h"
#include "tunnel_head.h"

#define TUNNEL_MTU_MIN 68 /* what must be left of the MTU for the packet (RFC 791) */
#define TUNNEL_MTU_MIN_IPV6 1280 /* RFC 8200 5 */

/* Does the packet's «don't fragment» hold? For IPv4 only as long as net.ipv4.vs.pmtu_disc is set. */
static __always_inline int tunnel_heeds_size(const struct packet *p, const struct settings *set)
{
	if (p->family == FAMILY_IPV6)
		return 1;
	return p->dont_fragment && set->sysctls[SYSCTL_PMTU_DISC];
}

/* Largest packet for which there is room in the tunnel; 0: the link is too narrow for any. */
static __always_inline __u32 tunnel_mtu(const struct tunnel_way *way)
{
	__u32 least = way->family == FAMILY_IPV4 ? TUNNEL_MTU_MIN : TUNNEL_MTU_MIN_IPV6;

	return way->mtu < way->room + least ? 0 : way->mtu - way->room;
}

/* Put the packet into the tunnel and send it. */
static __noinline enum verdict tunnel_send(ctx_t *ctx, struct work *work, const struct tunnel_way *way,
					   const struct settings *set, long rc)
{
	struct tunnel_head *head = &work->head;
	struct packet *p = &work->packet;

	head->ttl = p->ttl - 1;
	head->tos = tunnel_tos(p->tos);
	head->fragment = 0;
	head->id = 0;
	if (p->family == FAMILY_IPV4 && p->dont_fragment && set->sysctls[SYSCTL_PMTU_DISC])
		head->fragment = IPV4_DONT_FRAGMENT;
	else
		head->id = bpf_htons(work->idents++ * possible_cpus + bpf_get_smp_processor_id());
	work->trail.out = way->ifindex;
	return encap_send(ctx, work, way, rc);
}

/* The connection's share in the source port of GUE. */
static __always_inline __u32 tunnel_hash(const struct conn *conn)
{
	return (conn->client.words[3] + ((__u32)conn->cport << 16 | conn->vport)) * 0x9e3779b1u;
}

/* Forward a packet of a connection to its destination. */
static __noinline enum verdict tunnel_forward(ctx_t *ctx, struct work *work, struct conn *conn, struct dest *dest,
					      __u32 now)
{
	const struct settings *set = settings_get();
	struct packet *p = &work->packet;
	struct tunnel_way *way = way_known(ctx, dest, now);
	long rc = BPF_FIB_LKUP_RET_SUCCESS;
	enum verdict verdict;
	__u32 mtu;

	if (!set)
		return VERDICT_PASS;
	if (!way) {
		rc = way_make(ctx, work, dest, now);
		way = &work->way;
	}
	if (rc == HOP_HAND_UP || encap_begin(ctx, work, way))
		return VERDICT_HAND_UP;
	if (p->part != FRAGMENT_LATER) {
		proto_update(conn, p, DIRECTION_FORWARD, set, now);
		stats_in(conn->dest, p->length);
	}
	/* An address of the director's own: its stack takes the packet as it is. */
	if (rc == BPF_FIB_LKUP_RET_NOT_FWDED)
		return VERDICT_STACK;
	if (!route_is_found(rc))
		return route_drop_reason(rc);
	mtu = tunnel_mtu(way);
	if (!mtu)
		return DROP_TOO_BIG;
	if (p->ttl <= 1)
		return p->part == FRAGMENT_LATER ? DROP_TTL : stats_answered(ctx, conn, answer_ttl(ctx, p));
	if (p->segment > mtu && tunnel_heeds_size(p, set))
		return p->part == FRAGMENT_LATER ? DROP_TOO_BIG :
						   stats_answered(ctx, conn, answer_too_big(ctx, p, mtu));
	work->head.hash = tunnel_hash(conn);
	verdict = tunnel_send(ctx, work, way, set, rc);
	return verdict == VERDICT_CONTINUE ? encap_split(ctx, work, way) : verdict;
}

#endif
