/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Connections for one packet (`-o`): each lies in the per-CPU `works` and in no table. Where fragments are to follow it
 * is an entry of the table after all, which no index leads to. */
#ifndef XLVS_SINGLE_H
#define XLVS_SINGLE_H

#include "pair.h"
#include "stats.h"
#include "template.h"
#include "work.h"

/* Begin a connection of packet `p` as chosen that stays. Its number is left in `begun`. */
static __always_inline enum verdict single_stay(struct choice *choice, const struct packet *p, const struct dest *dest,
						__u32 now)
{
	int full_nat = dest && dest->method == METHOD_FULL_NAT;

	choice->companion = full_nat ? pair_begin(p, choice, now) : 0;
	/* Once more where another processor was faster; a pool that is dry says so at once. */
	if (full_nat && !choice->companion)
		choice->companion = pair_begin(p, choice, now);
	if (full_nat && !choice->companion)
		return conn_is_scarce(now) ? DROP_TABLE_FULL : DROP_NO_LOCAL_PORT;
	choice->begun = conn_new(p, choice, now);
	if (choice->companion && choice->begun)
		pair_live(choice->companion, choice->begun, now);
	else if (choice->companion)
		pair_withdraw(choice->companion, now);
	return choice->begun ? VERDICT_CONTINUE : DROP_TABLE_FULL;
}

/* Begin a connection of packet `p` as chosen. Its number is left in `begun`. */
static __noinline enum verdict single_begin(struct work *work, const struct packet *p, __u32 now)
{
	struct choice *choice = &work->choice;
	struct conn *conn = &work->one_packet;
	struct dest *dest = dest_get(choice->dest);

	enum verdict verdict;

	choice->begun = 0;
	/* Its answers need an entry of the table. */
	if (dest && dest->method == METHOD_FULL_NAT)
		choice->one_packet = 0;
	if (!choice->one_packet || p->part == FRAGMENT_FIRST) {
		verdict = single_stay(choice, p, dest, now);
		if (verdict != VERDICT_CONTINUE) {
			template_release(choice->control, now, now);
			return verdict;
		}
	} else if (dest) {
		conn_fill(conn, p, choice, dest);
		conn->word = conn_first_word(conn, choice, now);
	}
	if (choice->one_packet && dest)
		dest_bind(dest);
	if (choice->dest)
		stats_conn(choice->dest);
	return VERDICT_CONTINUE;
}

/* The connection that was begun; null never but for the verifier. */
static __always_inline struct conn *single_conn(struct work *work)
{
	return work->choice.begun ? conn_get(work->choice.begun) : &work->one_packet;
}

static __noinline int single_over(struct work *work, __u32 now)
{
	struct choice *choice = &work->choice;
	struct conn *conn = single_conn(work);
	struct dest *dest = dest_get(choice->dest);

	if (!conn)
		return 0;
	conn->control = 0;
	/* Its fragments follow at once. */
	if (choice->begun)
		conn->word.expires = now + ticks_per_second;
	if (dest)
		dest_unbind(dest, choice->dest, 1);
	return template_release(choice->control, now, now);
}

/* The packet is on its way: a connection for it alone is over. One that became active has been told of then. */
static __always_inline void single_end(struct work *work, __u32 now)
{
	const struct conn *conn = single_conn(work);
	__u32 number = work->choice.dest;
	struct dest *dest = dest_get(number);

	if (work->choice.one_packet)
		single_over(work, now);
	else if (dest && conn && conn->word.bits & CONN_INACTIVE)
		dest_changed(dest, number);
}

#endif
