/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Fragments are handled as the datagram that they make up together. Each one is held until all are here;
 * then they enter the interface once more, in order (fragment_gather.h), and the first one, which alone has the
 * ports, is judged for all: counted, translated and sent on as a packet with the length of the whole. The
 * others follow it. So every one takes the ordinary way out, with its route, its neighbour and its MTU.
 *
 * What turns out to be none of ours is passed on then: the host's own stack gets every fragment, only later.
 * Passing them on at once and keeping copies would do for a virtual address of this host, but the answers of
 * a server would leave untranslated. So does the kernel: whatever passes it is put together first. */
#ifndef XLVS_FRAGMENT_H
#define XLVS_FRAGMENT_H

#include "conn.h"
#include "fragment_gather.h"
#include "mark.h"
#include "stats.h"
#include "xmit_skb.h"
#include "work.h"

static __noinline int fragment_remember(const struct packet *p, __u32 number, __u32 direction, __u32 now)
{
	struct fragment fragment = { .conn = number, .reply = direction, .seen = now };
	struct fragment_key key = {};

	if (!p)
		return -1;
	fragment_key_of(&key, p);
	return bpf_map_update_elem(&fragments, &key, &fragment, BPF_ANY);
}

/* What became of the first fragment becomes of the others: the host's own stack gets all, and where one is dropped
 * or answered the others are dropped. Where it was sent on its connection is remembered already. */
static __noinline int fragment_judged(const struct packet *p, enum verdict verdict, __u32 now)
{
	struct fragment_key key = {};

	if (!p)
		return -1;
	if (verdict == VERDICT_ANSWERED || verdict >= DROP_NO_DESTINATION)
		return fragment_remember(p, 0, DIRECTION_FORWARD, now);
	if (verdict != VERDICT_PASS)
		return 0;
	fragment_key_of(&key, p);
	return bpf_map_delete_elem(&fragments, &key);
}

enum verdict reply(ctx_t *ctx, struct work *work, struct conn *conn, const struct settings *set, __u32 now);
enum verdict forward(ctx_t *ctx, struct work *work, struct conn *conn, const struct settings *set, __u32 now);

static __noinline struct fragment *fragment_find(const struct packet *p)
{
	struct fragment_key key = {};

	fragment_key_of(&key, p);
	return bpf_map_lookup_elem(&fragments, &key);
}

static __always_inline enum verdict fragment_follow(ctx_t *ctx, struct work *work, const struct settings *set,
						    __u32 now)
{
	struct fragment *fragment = fragment_find(&work->packet);
	struct packet *p = &work->packet;
	struct conn *conn;

	if (!fragment || now - fragment->seen > FRAGMENT_LIFE_S * ticks_per_second)
		return VERDICT_PASS;
	work->trail.conn = fragment->conn;
	conn = conn_get(fragment->conn);
	if (!conn || !conn_is_live(conn, now) || !addr_equal(&conn->client, fragment->reply ? &p->dst : &p->src))
		return DROP_FRAGMENTS;
	return fragment->reply ? reply(ctx, work, conn, set, now) : forward(ctx, work, conn, set, now);
}

/* A later fragment that the host itself sends: the first one counted as a packet of its own length. */
static __noinline int fragment_count(const struct packet *p)
{
	struct fragment_key key = {};
	struct fragment *fragment;
	struct conn *conn;

	if (!p)
		return -1;
	fragment_key_of(&key, p);
	fragment = bpf_map_lookup_elem(&fragments, &key);
	conn = fragment ? conn_get(fragment->conn) : 0;
	if (fragment && conn)
		stats_bytes(conn->dest, p->length - (p->payload - L3), fragment->reply);
	return 0;
}

/* VERDICT_CONTINUE: this is the first fragment of a complete datagram, go on with it as with any packet. What the host
 * itself sends comes in order, the first fragment before all others: nothing need be held. */
static __always_inline enum verdict handle_fragment(ctx_t *ctx, struct work *work, const struct settings *set,
						    __u32 now)
{
	struct packet *p = &work->packet;
	__u32 whole = p->own ? 0 : ctx->tc_index;

	/* Extension headers after the fragment's own: the later fragments do not show their protocol. */
	if (p->part == FRAGMENT_FIRST && p->payload != p->l4)
		return VERDICT_PASS;
	/* On a detour they are on their way already, each by itself where its mark led it. */
	if (whole <= OUTPUT_JUDGED && !p->detour && !p->own)
		return fragment_hold(ctx, p, now);
	ctx->tc_index = 0;
	/* Should netfilter lead the first one on a detour. */
	if (p->part == FRAGMENT_FIRST && mark_is_awaited(set, p))
		mark_note(ctx, whole);
	if (p->part == FRAGMENT_LATER) {
		if (p->own)
			fragment_count(p);
		return fragment_follow(ctx, work, set, now);
	}
	if (p->length < p->payload - L3 + l4_header_size(p->protocol)) {
		fragment_judged(p, VERDICT_PASS, now);
		return VERDICT_PASS;
	}
	if (whole)
		p->length = whole + (p->family == FAMILY_IPV6 ? sizeof(struct ipv6hdr) : 0);
	else if (p->own && p->family == FAMILY_IPV6)
		p->length -= FRAGMENT_HEADER;
	return VERDICT_CONTINUE;
}

#endif
