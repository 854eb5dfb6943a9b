/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Connections that somebody ended on command. They count no more and no packet belongs to them, but for a while they
 * stay in the index, where a TCP packet that finds no connection looks for them: both ends are told then that it is
 * over. The packet itself has the sequence numbers that a reset must have (RFC 9293 3.5.3, RFC 5961 3.2), which the
 * director keeps for nobody. */
#ifndef XLVS_ENDED_H
#define XLVS_ENDED_H

#include "conn_find.h"
#include "pair.h"
#include "template.h"

#define END_TRIES 8

/* The companion of a connection that was ended: the server's late packets find it, and nobody gets its pair, which the
 * server may take for the old connection's. Where others are faster, it ends as that of any other connection. */
__noinline int companion_end(__u32 number, __u32 connection, __u32 expires)
{
	struct conn *conn = conn_get(number);
	struct conn_word old, new;
	struct dest *dest;

	if (!conn)
		return -1;
	dest = dest_get(conn->dest);
	if (!dest)
		return -1;
	__sync_fetch_and_add(&dest->ended, 1);
#pragma clang loop unroll(disable)
	for (int i = 0; i < END_TRIES; i++) {
		old.all = conn->word.all;
		if (old.life != LIFE_LIVE || !(old.bits & CONN_COMPANION) || conn->control != connection)
			break;
		new = old;
		new.life = LIFE_ENDED;
		new.expires = expires;
		if (__sync_val_compare_and_swap(&conn->word.all, old.all, new.all) == old.all)
			return 0;
	}
	__sync_fetch_and_add(&dest->ended, -1);
	return -1;
}

/* End a live connection, against packets and the sweeper: once, whoever is first. Returns 0, or -1 when it is over. */
__noinline int conn_end(struct conn *conn, __u32 number, __u32 now)
{
	struct conn_word old, new;
	__u32 control, companion, at;
	struct dest *dest;

	if (!conn)
		return -1;
	at = conn->dest;
	dest = dest_get(at);
	if (!dest)
		return -1;
	control = conn->control;
	companion = conn->method == METHOD_FULL_NAT ? conn->companion : 0;
	/* Counted before: nobody may take the destination's number for free. */
	__sync_fetch_and_add(&dest->ended, 1);
#pragma clang loop unroll(disable)
	for (int i = 0; i < END_TRIES; i++) {
		old.all = conn->word.all;
		if (old.life != LIFE_LIVE)
			break;
		new = old;
		new.life = LIFE_ENDED;
		new.expires = now + ENDED_LIFE_S * ticks_per_second;
		if (__sync_val_compare_and_swap(&conn->word.all, old.all, new.all) != old.all)
			continue;
		if (companion)
			companion_end(companion, number, new.expires);
		dest_unbind(dest, at, old.bits & CONN_INACTIVE);
		if (control)
			template_release(control, old.expires, now);
		return 0;
	}
	__sync_fetch_and_add(&dest->ended, -1);
	return -1;
}

/* Its time is over. A function of its own for the sake of the stack. */
__noinline int ended_forget(struct conn *conn, __u32 number, __u32 now)
{
	struct conn_hashes hashes;
	struct conn_word old, new;
	struct dest *dest;
	__u32 local;

	if (!conn)
		return -1;
	old.all = conn->word.all;
	dest = dest_get(conn->dest);
	if (!dest || old.life != LIFE_ENDED)
		return -1;
	if (conn_is_companion(conn))
		companion_hashes(conn, dest, &hashes);
	else
		conn_hash(conn, dest, &hashes);
	local = conn->local_address;
	new = old;
	new.life = LIFE_DEAD;
	new.expires = now;
	if (__sync_val_compare_and_swap(&conn->word.all, old.all, new.all) != old.all)
		return -1;
	if (old.bits & CONN_COMPANION)
		pair_come_free(&hashes, number, old, local, dest);
	else
		index_unlink(&hashes, conn_place(old), number);
	__sync_fetch_and_add(&dest->ended, -1);
	return 0;
}

/* May the packet be a late one of such a connection? A SYN begins another one. */
static __always_inline int ended_is_awaited(const struct packet *p, const struct settings *set, __u32 now)
{
	return p->protocol == IPPROTO_TCP && (p->tcp_flags & (TCP_SYN | TCP_ACK)) != TCP_SYN &&
	       (__s32)(set->ended_until - now) > 0 && p->part == FRAGMENT_NONE && !p->quoted;
}

/* Number of the connection that was ended and that the packet belonged to, 0: none. */
__noinline __u32 ended_find(const struct packet *p, __u32 direction, __u32 now)
{
	struct index_state *state = index_get();
	struct ends ends = { .protocol = IPPROTO_TCP };
	__u32 levels;

	if (!p || !state)
		return 0;
	levels = state->former | 1u << (level_now(state) & 31);
	if (direction == DIRECTION_REPLY) {
		ends.cport = p->dport;
		ends.dport = p->sport;
		return conn_find_elsewhere(&p->dst, &p->src, ends.all, levels, LOOK_ENDED | LOOK_REPLY, now);
	}
	ends.cport = p->sport;
	ends.vport = p->dport;
	return conn_find_elsewhere(&p->src, &p->dst, ends.all, levels, LOOK_ENDED, now);
}

#endif
