/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Full NAT: masquerading on both sides. Towards the destination a packet bears a local address of the director's as its
 * source, so that the answer comes back here whatever the destination's routes are. */
#ifndef XLVS_FULLNAT_H
#define XLVS_FULLNAT_H

#include "hop.h"
#include "pair.h"
#include "work.h"

#define WORD_BITS_SHIFT 48 /* place of `bits` in struct conn_word */

_Static_assert(__builtin_offsetof(struct conn_word, bits) * 8 == WORD_BITS_SHIFT, "the bits are changed by themselves");

static __always_inline int fullnat_is_tcp(const struct packet *p)
{
	return p->protocol == IPPROTO_TCP && p->part == FRAGMENT_NONE;
}

/* What else changes in a packet towards the destination: the source becomes the connection's pair. VERDICT_CONTINUE, or
 * DROP_METHOD when the connection is none of full NAT, or the packet has no ports by which its answer could be told. */
static __noinline enum verdict fullnat_forward(struct work *work, const struct conn *conn)
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
	if (!fullnat_is_tcp(p) || p->tcp_flags & (TCP_SYN | TCP_RST) || conn->word.bits & CONN_TOLD)
		return VERDICT_CONTINUE;
	nat->tells = companion->control;
	return CTX_IS_XDP ? VERDICT_HAND_UP : VERDICT_CONTINUE;
}

/* What else changes in an answer: its destination becomes the client. Returns the connection, or null when that is over. */
static __noinline struct conn *fullnat_reply(struct work *work, const struct conn *companion, __u32 now)
{
	struct conn *conn = companion_conn(companion, now);
	const struct packet *p = &work->packet;
	struct nat *nat = &work->nat;

	if (!conn)
		return 0;
	nat->both = 1;
	nat->also = conn->client;
	nat->also_port = conn->cport;
	nat->tells = 0;
	nat->makes_room = fullnat_is_tcp(p) && p->tcp_flags & TCP_SYN;
	/* Its socket is made, by a segment that told it the client's address. */
	if (fullnat_is_tcp(p) && !(p->tcp_flags & TCP_SYN) && !(conn->word.bits & CONN_TOLD))
		__sync_fetch_and_or(&conn->word.all, (__u64)CONN_TOLD << WORD_BITS_SHIFT);
	return conn;
}

/* Tell the client's address, where it fits. Returns 0, or -1 when the kernel refused amid it. */
static __always_inline int fullnat_tell(ctx_t *ctx, struct work *work, long rc)
{
	__u32 mtu = rc == BPF_FIB_LKUP_RET_SUCCESS ? 0 : work->fib.mtu_result;
	struct conn *conn = conn_get(work->nat.tells);
	struct packet *p = &work->packet;
	const struct hop *hop;

	if (ctx_segment(ctx))
		return 0;
	hop = conn ? hop_get(conn->forward_hop.number) : 0;
	if (rc == BPF_FIB_LKUP_RET_SUCCESS && hop)
		mtu = hop->mtu;
	return p->segment + toa_size(p) > mtu ? 0 : toa_insert(ctx, p);
}

/* What only full NAT changes in a packet beside its ends. Returns 0, or -1. */
static __always_inline int fullnat_prepare(ctx_t *ctx, struct work *work, long rc)
{
	struct nat *nat = &work->nat;

	if (nat->tells && fullnat_tell(ctx, work, rc))
		return -1;
	return nat->makes_room && toa_make_room(ctx, &work->packet);
}

/* Translate, and send where the route says. */
static __noinline enum verdict fullnat_send(ctx_t *ctx, struct work *work, long rc)
{
	struct packet *p = &work->packet;
	struct nat *nat = &work->nat;

	/* One side after the other: what splits a packet knows of one. */
	if (rc == BPF_FIB_LKUP_RET_FRAG_NEEDED)
		return nat_translate_also(ctx, work) ? DROP_INTERNAL : split_translated(ctx, p, nat, &work->fib);
	if (!route_is_found(rc))
		return route_drop_reason(rc);
	if (fullnat_prepare(ctx, work, rc) || nat_translate_both(ctx, work) || xmit(ctx, p, rc, &work->fib))
		return DROP_INTERNAL;
	return nat->side == NAT_SOURCE ? VERDICT_REPLY : VERDICT_FORWARD;
}

#endif
