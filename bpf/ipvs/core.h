/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* The life of a packet: find its connection, or begin one, and send it on. Answers are looked for first,
 * as the kernel's hooks do. Everything that can refuse XDP the packet comes before its first change;
 * a connection that was begun by then is found by tc. */
#ifndef XLVS_CORE_H
#define XLVS_CORE_H

#include "bypass.h"
#include "conn_find.h"
#include "defence.h"
#include "ended.h"
#include "fullnat.h"
#include "hop.h"
#include "persist.h"
#include "proto.h"
#include "sched.h"
#include "service.h"
#include "single.h"
#include "stats.h"
#include "sync.h"
#include "xmit_nat.h"
#include "xmit_tunnel.h"

/* Translate, and send where the route says. A packet without a route is dropped. */
static __always_inline enum verdict send_translated(ctx_t *ctx, struct work *work, long rc)
{
	struct bpf_fib_lookup *fib = &work->fib;
	struct packet *p = &work->packet;
	struct nat *nat = &work->nat;

	if (rc == BPF_FIB_LKUP_RET_FRAG_NEEDED)
		return split_translated(ctx, p, nat, fib);
	if (!route_is_found(rc))
		return route_drop_reason(rc);
	if (nat_translate(ctx, p, nat) || xmit(ctx, p, rc, fib))
		return DROP_INTERNAL;
	return nat->side == NAT_SOURCE ? VERDICT_REPLY : VERDICT_FORWARD;
}

/* With snat_reroute an answer takes the way of what the director itself sends from the virtual address, else that of
 * a packet from the destination which it forwards. `noted`: what remembers the way. */
static __always_inline long reply_hop(ctx_t *ctx, struct work *work, struct conn *conn, struct conn *noted,
				      const struct dest *dest, const struct settings *set, __u32 now)
{
	int reroute = set->sysctls[SYSCTL_SNAT_REROUTE] || !dest;

	return hop_find(ctx, &work->fib, &work->packet, noted, 0, DIRECTION_REPLY,
			reroute ? &conn->virtual : &dest->addr, &conn->client, reroute, now);
}

__noinline enum verdict reply(ctx_t *ctx, struct work *work, struct conn *conn, const struct settings *set, __u32 now)
{
	struct conn *noted = conn;
	struct packet *p;
	struct dest *dest;
	int local;
	long rc;

	if (!work || !conn || !set)
		return DROP_INTERNAL;
	p = &work->packet;
	if (conn_is_companion(conn)) {
		conn = fullnat_reply(work, conn, now);
		if (!conn)
			return VERDICT_CONTINUE;
		if (CTX_IS_XDP && work->nat.makes_room)
			return VERDICT_HAND_UP;
	}
	dest = dest_get(conn->dest);
	rc = reply_hop(ctx, work, conn, noted, dest, set, now);
	if (rc == HOP_HAND_UP)
		return VERDICT_HAND_UP;
	local = p->own || route_is_local(rc);
	/* The stack tells the destination, as a router does. */
	if (!local && (p->ttl <= 1 || (rc == BPF_FIB_LKUP_RET_FRAG_NEEDED && p->dont_fragment)))
		return VERDICT_STACK;
	if (p->part != FRAGMENT_LATER)
		proto_update(conn, p, DIRECTION_REPLY, set, now);
	if (dest && dest->flags & DEST_AVAILABLE && p->part != FRAGMENT_LATER)
		stats_out(conn->dest, p->length);
	work->nat.side = NAT_SOURCE;
	work->nat.to = conn->virtual;
	work->nat.port = conn->vport;
	if (local)
		return local_reply(ctx, work, rc, set);
	return work->nat.both ? fullnat_send(ctx, work, rc) : send_translated(ctx, work, rc);
}

static __always_inline enum verdict forward_answered(ctx_t *ctx, const struct conn *conn, enum verdict verdict)
{
	return conn_is_translated(conn) ? verdict : stats_answered(ctx, conn, verdict);
}

__noinline enum verdict forward(ctx_t *ctx, struct work *work, struct conn *conn, const struct settings *set, __u32 now)
{
	struct bpf_fib_lookup *fib;
	enum verdict verdict;
	struct packet *p;
	struct dest *dest;
	long rc;

	if (!work || !conn || !set)
		return DROP_INTERNAL;
	fib = &work->fib;
	p = &work->packet;
	dest = dest_get(conn->dest);
	if (!dest || (!dest_is_open(dest) && conn->word.life != LIFE_ENDED))
		return conn->method == METHOD_BYPASS ? bypass(ctx, work, conn, set, now) : DROP_DESTINATION_GONE;
	if (conn->method == METHOD_TUNNEL)
		return tunnel_forward(ctx, work, conn, dest, now);
	work->nat.side = NAT_DESTINATION;
	if (conn->method == METHOD_DIRECT_ROUTE)
		work->nat.side = NAT_NOTHING;
	else if (conn->method != METHOD_MASQUERADE) {
		verdict = fullnat_forward(ctx, work, conn);
		if (verdict != VERDICT_CONTINUE)
			return verdict;
	}
	rc = hop_find(ctx, fib, p, conn, dest, DIRECTION_FORWARD, &addr_open, &dest->addr, 1, now);
	if (rc == HOP_HAND_UP)
		return VERDICT_HAND_UP;
	if (p->part != FRAGMENT_LATER) {
		proto_update(conn, p, DIRECTION_FORWARD, set, now);
		stats_in(conn->dest, p->length);
	}
	work->nat.to = dest->addr;
	work->nat.port = conn->dport;
	if (route_is_local(rc))
		return local_forward(ctx, work);
	if (p->own && addr_is_loopback(&p->src))
		return DROP_NO_ROUTE;
	/* One answer to a datagram: that to its first fragment. */
	if (route_is_barred(rc) && p->part != FRAGMENT_LATER)
		return forward_answered(ctx, conn, answer_no_route(ctx, p));
	if (p->ttl <= 1)
		return p->part == FRAGMENT_LATER ? DROP_TTL : forward_answered(ctx, conn, answer_ttl(ctx, p));
	if (rc == BPF_FIB_LKUP_RET_FRAG_NEEDED && p->dont_fragment)
		return p->part == FRAGMENT_LATER ? DROP_TOO_BIG :
						   forward_answered(ctx, conn, answer_too_big(ctx, p, fib->mtu_result));
	return work->nat.both ? fullnat_send(ctx, work, rc) : send_translated(ctx, work, rc);
}

/* No destination: the client is told. Beside an FTP service other ports are the host's own business. */
static __always_inline enum verdict leave(ctx_t *ctx, struct work *work, const struct service *svc,
					  const struct settings *set)
{
	struct packet *p = &work->packet;

	if (svc->key.vport == bpf_htons(FTP_PORT) && p->dport != bpf_htons(FTP_PORT))
		return VERDICT_PASS;
	/* Nobody is told of an error that an error ran into (RFC 1122 3.2.2). */
	if (p->quoted)
		return DROP_NO_DESTINATION;
	return CTX_IS_XDP ? VERDICT_HAND_UP : refuse(ctx, work, svc, set);
}

/* Choose for a new connection; leaves the choice in `work`. DROP_NO_DESTINATION: there is none. */
static __always_inline enum verdict choose(ctx_t *ctx, struct work *work, struct service *svc, __u32 service, __u32 now)
{
	struct settings *set = settings_get();
	struct choice *choice = &work->choice;
	struct packet *p = &work->packet;
	struct dest *dest;

	__builtin_memset(choice, 0, sizeof(*choice));
	choice->one_packet = svc->flags & SERVICE_ONE_PACKET && p->protocol == IPPROTO_UDP;
	/* Handed up after the choice, a packet would be chosen for twice. */
	if (choice->one_packet && CTX_IS_XDP)
		return VERDICT_HAND_UP;
	if (svc->flags & SERVICE_PERSISTENT)
		return persist_choose(ctx, work, svc, service, now);
	/* Only a persistent service has further ports. */
	if (!svc->key.fwmark && p->dport != svc->key.vport)
		return DROP_NO_DESTINATION;
	work->trail.reached = REACHED_SCHEDULER;
	choice->dest = set ? schedule(svc, service, p, set) : 0;
	dest = dest_get(choice->dest);
	if (!choice->dest || !dest)
		return DROP_NO_DESTINATION;
	choice->dport = dest->port ? dest->port : p->dport;
	return VERDICT_CONTINUE;
}

/* Begin a connection, if the packet may and belongs to a service. Its number is left in `work`. */
static __noinline enum verdict begin(ctx_t *ctx, struct work *work, const struct settings *set, __u32 now)
{
	struct packet *p = &work->packet;
	enum verdict verdict;
	struct service *svc;
	__u32 service;

	if (!set)
		return VERDICT_PASS;
	work->trail.reached = REACHED_PROTOCOL;
	if (!proto_begins(p, set))
		return VERDICT_PASS;
	work->trail.reached = REACHED_SERVICE;
	service = service_find(p, set);
	work->trail.service = service;
	svc = service_get(service);
	if (!service || !svc || !(svc->flags & SERVICE_LIVE))
		return VERDICT_PASS;
	if (set->drop_rate && defence_drops(set))
		return DROP_DEFENCE;
	if (conn_is_scarce(now) && !(svc->flags & SERVICE_ONE_PACKET))
		return DROP_TABLE_FULL;
	work->trail.reached = REACHED_CHOICE;
	verdict = choose(ctx, work, svc, service, now);
	if (verdict == DROP_NO_DESTINATION)
		verdict = leave(ctx, work, svc, set);
	if (verdict == VERDICT_HAND_UP)
		defence_uncount(set);
	if (verdict != VERDICT_CONTINUE)
		return verdict;
	verdict = single_begin(work, p, now);
	if (verdict == VERDICT_CONTINUE && svc->key.fwmark)
		mark_note_address(p);
	return verdict;
}

/* A packet that belongs to no connection, perhaps to one that was ended on command: it becomes the reset that tells the
 * other end, after its sender got one. VERDICT_CONTINUE: it belongs to none of these. */
static __noinline enum verdict ended(ctx_t *ctx, struct work *work, __u32 direction, const struct settings *set,
				     __u32 now)
{
	__u32 number = ended_find(&work->packet, direction, now);

	if (!number || !set)
		return VERDICT_CONTINUE;
	work->trail.conn = number;
	return ended_turn(ctx, work, number, set);
}

/* After the first packet of a connection, or one that has become a reset. */
static __always_inline enum verdict conclude_new(struct work *work, const struct conn *conn, enum verdict verdict,
						 __u32 now)
{
	single_end(work, now);
	if (conn->word.life == LIFE_ENDED && (verdict == VERDICT_FORWARD || verdict == VERDICT_REPLY))
		return VERDICT_RESET;
	return verdict;
}

/* A packet towards a virtual address. */
static __always_inline enum verdict handle_forward(ctx_t *ctx, struct work *work, const struct settings *set, __u32 now)
{
	struct packet *p = &work->packet;
	__u32 number = conn_of_request(p, now);
	struct conn *conn = conn_get(number);
	int is_new = !number || !conn || proto_gives_way(conn, p, set);
	enum verdict verdict = VERDICT_CONTINUE;

	work->trail.conn = number;
	if (is_new && ended_is_awaited(p, set, now)) {
		verdict = ended(ctx, work, DIRECTION_FORWARD, set, now);
		if (verdict != VERDICT_CONTINUE && verdict != VERDICT_RESET)
			return verdict;
	}
	if (is_new && verdict == VERDICT_CONTINUE) {
		verdict = begin(ctx, work, set, now);
		/* One that gives way still counts while its successor's destination is chosen, as in the kernel; and who
		 * is handed the packet up chooses again. */
		if (number && conn && verdict != VERDICT_HAND_UP && !mark_is_awaited(set, p))
			conn_kill(conn, number, now);
		if (verdict != VERDICT_CONTINUE)
			return verdict;
	}
	if (is_new) {
		number = work->choice.begun;
		conn = single_conn(work);
		if (!conn)
			return DROP_INTERNAL;
	}
	if (p->part == FRAGMENT_FIRST)
		fragment_remember(p, number, DIRECTION_FORWARD, now);
	verdict = forward(ctx, work, conn, set, now);
	if (set->sync && p->part != FRAGMENT_LATER && sync_counts(verdict))
		sync_packet(conn, number, set, now);
	return is_new ? conclude_new(work, conn, verdict, now) : verdict;
}

/* A packet from a destination's address: an answer, or nothing of ours. */
static __always_inline enum verdict handle_reply(ctx_t *ctx, struct work *work, const struct settings *set, __u32 now)
{
	struct packet *p = &work->packet;
	__u32 number = conn_of_answer(p, now);
	struct conn *conn = conn_get(number);

	int is_new = !number || !conn;
	enum verdict verdict = VERDICT_CONTINUE;

	work->trail.conn = number;
	if (is_new && ended_is_awaited(p, set, now)) {
		verdict = ended(ctx, work, DIRECTION_REPLY, set, now);
		if (verdict != VERDICT_CONTINUE && verdict != VERDICT_RESET)
			return verdict;
	}
	if (is_new && verdict == VERDICT_CONTINUE) {
		if (!set->services_engine || p->protocol != IPPROTO_UDP)
			return VERDICT_CONTINUE;
		verdict = server_request(ctx, work, set, now);
		if (verdict != VERDICT_CONTINUE)
			return verdict == VERDICT_PASS ? VERDICT_CONTINUE : verdict;
	}
	if (is_new) {
		number = work->choice.begun;
		conn = single_conn(work);
		if (!conn)
			return DROP_INTERNAL;
	}
	if (p->part == FRAGMENT_FIRST)
		fragment_remember(p, number, DIRECTION_REPLY, now);
	verdict = reply(ctx, work, conn, set, now);
	return is_new ? conclude_new(work, conn, verdict, now) : verdict;
}

/* From outside with an address of the host, which IPv4's own stack drops before anybody looks at it. */
static __always_inline int answer_is_martian(ctx_t *ctx, struct work *work, const struct settings *set)
{
	struct packet *p = &work->packet;

	return p->family == FAMILY_IPV4 && !set->accept_local && !p->own &&
	       route_is_local(route(ctx, &work->fib, p, &p->dst, &p->src, 1));
}

/* A packet from a virtual address: an answer that a destination of direct routing or behind a tunnel sends over the
 * director, which forwards it as a router, or that the director gives itself. It moves the state, and from now on both
 * directions do. Returns whether the packet is one. */
static __noinline int notice_answer(ctx_t *ctx, struct work *work, const struct settings *set, __u32 now)
{
	const struct packet *p = &work->packet;
	__u32 number = conn_of_direct_answer(p, now);
	struct conn *conn = conn_get(number);
	struct dest *dest;

	work->trail.conn = number;
	if (!number || !conn || conn_is_translated(conn) || p->part == FRAGMENT_LATER ||
	    answer_is_martian(ctx, work, set))
		return 0;
	/* The stack does not forward it. */
	if (!p->own && p->ttl <= 1)
		return 0;
	proto_update(conn, p, DIRECTION_REPLY, set, now);
	dest = dest_get(conn->dest);
	if (dest && dest->flags & DEST_AVAILABLE)
		stats_out(conn->dest, p->length);
	return 1;
}

/* What the bits say of a packet's addresses. */
struct filtered {
	__u32 to_virtual;
	__u32 from_virtual;
	__u32 from_dest;
};

static __always_inline enum verdict handle_packet(ctx_t *ctx, struct work *work, struct filtered filtered,
						  const struct settings *set, __u32 now)
{
	struct packet *p = &work->packet;
	enum verdict verdict;

	if (filtered.from_dest) {
		verdict = handle_reply(ctx, work, set, now);
		if (verdict == VERDICT_CONTINUE && set->sysctls[SYSCTL_NAT_ICMP_SEND])
			verdict = refuse_stray(ctx, work, set);
		if (verdict != VERDICT_CONTINUE)
			return verdict;
	}
	if (!CTX_IS_XDP && filtered.from_virtual && notice_answer(ctx, work, set, now))
		return VERDICT_PASS;
	if (set->sync && sync_is_idle(set))
		return VERDICT_PASS;
	if (filtered.to_virtual || mark_is_known(p))
		return handle_forward(ctx, work, set, now);
	return VERDICT_PASS;
}

static __always_inline enum verdict handle(ctx_t *ctx, struct work *work)
{
	struct packet *p = &work->packet;
	struct settings *set = settings_get();
	struct filter *filter_bits;
	struct filtered filtered;
	enum verdict verdict;
	__u32 zero = 0;

	if (!set || !(set->services_ipv4 | set->services_ipv6))
		return VERDICT_PASS;
	if (ctx_is_output(ctx))
		local_begin(ctx, p);
	if (ctx_device(ctx) == set->mark_device)
		mark_arrive(ctx, p);
	verdict = parse(ctx, p);
	if (p->detour)
		mark_undo(ctx, p);
	if (verdict != VERDICT_CONTINUE)
		return verdict;
	if (!(p->family == FAMILY_IPV4 ? set->services_ipv4 : set->services_ipv6))
		return VERDICT_PASS;
	filter_bits = bpf_map_lookup_elem(&filter, &zero);
	if (!filter_bits)
		return VERDICT_PASS;
	filtered.to_virtual = filter_has(filter_bits->virtual, &p->dst);
	filtered.from_virtual = filter_has(filter_bits->virtual, &p->src);
	filtered.from_dest = filter_has(filter_bits->dest, &p->src);
	if (!filtered.to_virtual && !filtered.from_dest && !filtered.from_virtual && !parse_is_icmp(p) &&
	    !mark_is_known(p) && !(p->part != FRAGMENT_NONE && mark_counts(set, p)))
		return mark_is_awaited(set, p) ? mark_leave(ctx, work, set) : VERDICT_PASS;
	if (!p->own && !p->detour && ctx_is_strangers(ctx))
		return VERDICT_PASS;
	if (parse_is_icmp(p))
		return handle_icmp(ctx, work, set, ticks_now());
	if (p->part != FRAGMENT_NONE) {
		verdict = handle_fragment(ctx, work, set, ticks_now());
		if (verdict != VERDICT_CONTINUE)
			return verdict;
	}
	verdict = handle_packet(ctx, work, filtered, set, ticks_now());
	if (p->part != FRAGMENT_NONE)
		fragment_judged(p, verdict, ticks_now());
	if (verdict == VERDICT_PASS && mark_is_awaited(set, p))
		return mark_leave(ctx, work, set);
	return verdict;
}

/* The program's return value for a verdict. */
static __always_inline int conclude(const struct packet *p, enum verdict verdict)
{
	if (verdict <= VERDICT_PASS)
		return CTX_PASS;
	verdict_count(verdict);
	if (verdict == VERDICT_HAND_UP || verdict == VERDICT_STACK)
		return CTX_PASS;
	return verdict < DROP_NO_DESTINATION ? p->action : CTX_DROP;
}

#endif
