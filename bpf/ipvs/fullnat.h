/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Full NAT: masquerading on both sides. Towards the destination a packet bears a local address of the director's as its
 * source, so that the answer comes back here whatever the destination's routes are. */
#ifndef XLVS_FULLNAT_H
#define XLVS_FULLNAT_H

#include "hop.h"
#include "pair.h"
#include "timeout.h"
#include "toa_claim.h"
#include "work.h"

#define WORD_BITS_SHIFT 48 /* place of `bits` in struct conn_word */

_Static_assert(__builtin_offsetof(struct conn_word, bits) * 8 == WORD_BITS_SHIFT, "the bits are changed by themselves");

/* Is the beginning of a TCP header at hand? */
static __always_inline int fullnat_is_tcp(const struct packet *p)
{
	return p->protocol == IPPROTO_TCP && p->part != FRAGMENT_LATER;
}

/* Does the connection's service want its destinations to know the client? */
static __always_inline int fullnat_tells(const struct conn *conn)
{
	const struct dest *dest = dest_get(conn->dest);
	const struct service *svc = dest ? service_of_dest(dest) : 0;

	return !svc || !(svc->flags & SERVICE_NO_TOA);
}

/* A segment of the client that may make the server's socket: it tells the client's address, or must not seem to. */
static __noinline enum verdict fullnat_look_at_options(ctx_t *ctx, struct work *work, const struct conn *conn,
						       __u32 number)
{
	const struct packet *p = &work->packet;
	struct nat *nat = &work->nat;
	int claims;

	if (p->part == FRAGMENT_NONE && !(p->tcp_flags & TCP_SYN) && fullnat_tells(conn)) {
		nat->tells = number;
		return CTX_IS_XDP ? VERDICT_HAND_UP : VERDICT_CONTINUE;
	}
	claims = toa_claims(ctx, p);
	if (claims < 0)
		return DROP_MALFORMED;
	nat->claims = claims > 0;
	return CTX_IS_XDP && claims ? VERDICT_HAND_UP : VERDICT_CONTINUE;
}

/* What else changes in a packet towards the destination: the source becomes the connection's pair. VERDICT_CONTINUE, or
 * DROP_METHOD when the connection is none of full NAT, or the packet has no ports by which its answer could be told. */
static __noinline enum verdict fullnat_forward(ctx_t *ctx, struct work *work, const struct conn *conn)
{
	const struct packet *p = &work->packet;
	const struct conn *companion;
	struct nat *nat = &work->nat;

	if (conn->method != METHOD_FULL_NAT || protocol_is_ipsec(p->protocol))
		return DROP_METHOD;
	companion = conn_get(conn->companion);
	if (!companion)
		return DROP_METHOD;
	nat->both = 1;
	nat->also = companion->client;
	nat->also_port = companion->cport;
	nat->makes_room = 0;
	nat->tells = 0;
	nat->claims = 0;
	if (!fullnat_is_tcp(p) || p->tcp_flags & TCP_RST)
		return VERDICT_CONTINUE;
	if (!(p->tcp_flags & TCP_SYN) && conn->word.bits & CONN_TOLD)
		return VERDICT_CONTINUE;
	return fullnat_look_at_options(ctx, work, conn, companion->control);
}

/* Is its socket made, by a segment that told it the client's address? Not before its SYN, whatever else it sent. */
static __always_inline void fullnat_note_answer(struct conn *conn, int is_syn)
{
	int told = !!(conn->word.bits & CONN_TOLD);

	if (is_syn && told)
		__sync_fetch_and_and(&conn->word.all, ~((__u64)CONN_TOLD << WORD_BITS_SHIFT));
	if (!is_syn && !told)
		__sync_fetch_and_or(&conn->word.all, (__u64)CONN_TOLD << WORD_BITS_SHIFT);
}

/* What else changes in an answer: its destination becomes the client. Returns the connection, or null when that is over. */
static __noinline struct conn *fullnat_reply(struct work *work, const struct conn *companion, __u32 now)
{
	struct conn *conn = companion_conn(companion, now);
	const struct packet *p = &work->packet;
	struct nat *nat = &work->nat;
	int is_syn;

	if (!conn)
		return 0;
	nat->both = 1;
	nat->also = conn->client;
	nat->also_port = conn->cport;
	nat->tells = 0;
	nat->claims = 0;
	nat->makes_room = 0;
	if (!fullnat_is_tcp(p))
		return conn;
	is_syn = !!(p->tcp_flags & TCP_SYN);
	nat->makes_room = is_syn && p->part == FRAGMENT_NONE && fullnat_tells(conn);
	fullnat_note_answer(conn, is_syn);
	return conn;
}

/* Tell the client's address in a segment that may grow to `mtu`. Returns 0, 1 when it does not fit, or -1. */
static __always_inline int fullnat_tell(ctx_t *ctx, struct packet *p, __u32 mtu)
{
	return ctx_segment(ctx) || p->segment + toa_size(p) > mtu ? 1 : toa_insert(ctx, p);
}

/* The TCP options of a packet which are full NAT's business. Returns 0, or -1 when the kernel refused amid it. */
static __always_inline int fullnat_change_options(ctx_t *ctx, struct work *work, __u32 mtu)
{
	struct packet *p = &work->packet;
	struct nat *nat = &work->nat;
	int told = 1;

	if (nat->tells)
		told = fullnat_tell(ctx, p, mtu);
	if (told < 0 || (told && (nat->tells || nat->claims) && toa_disclaim(ctx, p)))
		return -1;
	return nat->makes_room && toa_make_room(ctx, p);
}

/* Longest packet that goes the way which was found for a packet of the connection. */
static __always_inline __u32 fullnat_mtu(const struct work *work, long rc)
{
	const struct conn *conn;
	const struct hop *hop;

	if (rc != BPF_FIB_LKUP_RET_SUCCESS)
		return work->fib.mtu_result;
	conn = conn_get(work->nat.tells);
	hop = conn ? hop_get(conn->forward_hop.number) : 0;
	return hop ? hop->mtu : 0;
}

/* Translate, and send where the route says. */
static __noinline enum verdict fullnat_send(ctx_t *ctx, struct work *work, long rc)
{
	struct packet *p = &work->packet;
	struct nat *nat = &work->nat;

	if (rc != BPF_FIB_LKUP_RET_FRAG_NEEDED && !route_is_found(rc))
		return route_drop_reason(rc);
	if (fullnat_change_options(ctx, work, nat->tells ? fullnat_mtu(work, rc) : 0))
		return DROP_INTERNAL;
	/* One side after the other: what splits a packet knows of one. */
	if (rc == BPF_FIB_LKUP_RET_FRAG_NEEDED)
		return nat_translate_also(ctx, work) ? DROP_INTERNAL : split_translated(ctx, p, nat, &work->fib);
	if (nat_translate_both(ctx, work) || xmit(ctx, p, rc, &work->fib))
		return DROP_INTERNAL;
	return nat->side == NAT_SOURCE ? VERDICT_REPLY : VERDICT_FORWARD;
}

#endif
