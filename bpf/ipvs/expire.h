/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* The sweeper: gives back what expired. Look-ups do not need it, they see the expiry themselves; the
 * counters of active and inactive connections and the memory do. It goes over the entries that were ever
 * used, a slice per tick of the timer. */
#ifndef XLVS_EXPIRE_H
#define XLVS_EXPIRE_H

#include "defence.h"
#include "ended.h"
#include "pair.h"
#include "template.h"

/* A dead entry rests this part of a second before it is used again: longer than any packet is under way
 * in the program. */
#define REST_FRACTION 10

struct sweep {
	__u32 next;
	__u32 high;
	__u32 now;
	__u32 all; /* 1: stop at the end of the table, 0: go round */
	const struct settings *set; /* null: no connection is ended by drop_entry */
	__u32 lost_too; /* 1: end those whose destination is deleted as well */
	__u32 level; /* of the index: connections at others are moved there */
	__u32 tired; /* 1: it moved as many as it may in this slice */
	__u32 left; /* 1: one stayed at another level */
};

#define SWEEP_NO_LEVEL 32
#define SWEEP_PER_SECOND 10 /* slices of a small table */
#define SWEEP_NS (1000000000ULL / SWEEP_PER_SECOND)
#define SWEEP_MOST 60000 /* entries per slice: about a millisecond, larger tables have more slices */
#define MOVES_PER_SLICE 3000 /* likewise */
#define HASTE 10 /* so much more often while connections are moved in the index */

static __always_inline void sweep_hashes(const struct conn *conn, const struct dest *dest, struct conn_hashes *hashes)
{
	if (conn_is_template(conn))
		template_hashes(conn, hashes);
	else if (conn_is_companion(conn))
		companion_hashes(conn, dest, hashes);
	else
		conn_hash(conn, dest, hashes);
}

/* Move a connection to the present level of the index. It is found at both meanwhile. Returns 0, or -1 when it stays. */
__noinline int sweep_move(struct conn *conn, __u32 number, __u32 level)
{
	struct conn_hashes hashes;
	struct conn_word old, new;
	struct index_state *state = index_get();
	__u32 former, place;
	struct dest *dest;

	if (!conn || !state)
		return -1;
	dest = dest_get(conn->dest);
	old.all = conn->word.all;
	former = conn_place(old);
	if (!dest || old.life != LIFE_LIVE)
		return -1;
	sweep_hashes(conn, dest, &hashes);
	place = index_link_at(&hashes, level, number);
	if (place >= PLACE_NONE)
		return -1;
#pragma clang loop unroll(disable)
	for (int i = 0; i < 3; i++) {
		old.all = conn->word.all;
		if (old.life != LIFE_LIVE || old.bits & CONN_OUTDATED || conn_place(old) != former)
			break;
		new = old;
		new.bits = (old.bits & ~(CONN_PLACE_MASK << CONN_PLACE_SHIFT)) | place << CONN_PLACE_SHIFT;
		if (__sync_val_compare_and_swap(&conn->word.all, old.all, new.all) == old.all) {
			__sync_fetch_and_add(&state->moved, 1);
			index_unlink(&hashes, former, number);
			return 0;
		}
	}
	/* It ended, or others were faster: the new slots lead nowhere. */
	index_unlink(&hashes, place, number);
	return -1;
}

static __always_inline void sweep_level(struct conn *conn, __u32 number, struct conn_word word, struct sweep *sweep)
{
	struct index_state *state = index_get();

	if (!state || sweep->level == SWEEP_NO_LEVEL || (conn_place(word) & PLACE_LEVEL_MASK) == sweep->level ||
	    word.bits & (CONN_ONE_PACKET | CONN_OUTDATED))
		return;
	if (sweep_move(conn, number, sweep->level))
		sweep->left = 1;
	else if (!--state->moves)
		sweep->tired = 1;
}

static __always_inline int sweep_is_over(const struct conn *conn, __u32 expires, const struct sweep *sweep)
{
	struct dest *dest;

	if ((__s32)(expires - sweep->now) <= 0)
		return 1;
	if (!sweep->lost_too)
		return 0;
	dest = dest_get(conn->dest);
	return dest && conn->method != METHOD_BYPASS && dest_is_lost(dest);
}

/* Does drop_entry take a template without connections? Not an assured one. That of a one-packet service has no others,
 * and is let alone for a minute. */
static __always_inline int sweep_drops_template(const struct conn *conn, __u32 expires, const struct sweep *sweep)
{
	struct service *svc;
	struct dest *dest;

	if (!sweep->set || !sweep->set->drop_entry || conn->word.state == TEMPLATE_ASSURED ||
	    bpf_get_prandom_u32() % DROP_ENTRY_PART)
		return 0;
	dest = dest_get(conn->dest);
	svc = dest ? service_get(dest->service) : 0;
	if (!svc || !(svc->flags & SERVICE_ONE_PACKET))
		return 1;
	return conn->timeout - (expires - sweep->now) >= DROP_ENTRY_IDLE_S * ticks_per_second;
}

/* A template that is over but has connections is left to them: they say when it is over. */
static __always_inline void sweep_template(struct conn *conn, __u32 number, __u32 expires, const struct sweep *sweep)
{
	if (!conn->controls && (sweep_is_over(conn, expires, sweep) || sweep_drops_template(conn, expires, sweep)))
		template_kill(number, sweep->now);
}

/* A connection was ended before its time: a template that has no other one goes with it, unless it is worth keeping. */
static __always_inline void sweep_control(__u32 number, const struct sweep *sweep)
{
	struct conn *template = conn_get(number);

	if (!template || template->controls)
		return;
	if (sweep->lost_too ? sweep_is_over(template, template->word.expires, sweep) :
			      template->word.state != TEMPLATE_ASSURED)
		template_kill(number, sweep->now);
}

static __always_inline void sweep_live(struct conn *conn, __u32 number, __u32 expires, const struct sweep *sweep)
{
	const struct settings *set = sweep->set;
	__u32 control = conn->control;

	if (sweep_is_over(conn, expires, sweep)) {
		conn_kill(conn, number, sweep->now);
		if (sweep->lost_too && control)
			sweep_control(control, sweep);
	} else if (set && set->drop_entry && defence_takes(conn, set, sweep->now)) {
		conn_kill(conn, number, sweep->now);
		if (control)
			sweep_control(control, sweep);
	} else if (control) {
		template_extend(control, sweep->now);
	}
}

/* A companion ends with its connection, which whoever ended it has seen to, unless it came between. Its own expiry,
 * which only look-ups heed, is kept far away. */
static __always_inline void sweep_companion(struct conn *conn, __u32 number, __u32 now)
{
	struct conn *main = conn_get(conn->control);
	struct conn_word old, new;

	old.all = conn->word.all;
	if (!main || main->word.life != LIFE_LIVE || main->method != METHOD_FULL_NAT || main->companion != number) {
		companion_kill(number, conn->control, now);
	} else if ((__s32)(old.expires - now) < (__s32)(COMPANION_LIFE / 2) && old.life == LIFE_LIVE) {
		new = old;
		new.expires = now + COMPANION_LIFE;
		__sync_val_compare_and_swap(&conn->word.all, old.all, new.all);
	}
}

static __always_inline void sweep_entry(struct conn *conn, __u32 number, struct sweep *sweep)
{
	__u32 now = sweep->now;
	struct conn_word old, new;

	old.all = conn->word.all;
	if (old.life == LIFE_LIVE) {
		sweep_level(conn, number, old, sweep);
		if (conn_is_template(conn))
			sweep_template(conn, number, old.expires, sweep);
		else if (old.bits & CONN_COMPANION)
			sweep_companion(conn, number, now);
		else
			sweep_live(conn, number, old.expires, sweep);
		return;
	}
	if (old.life == LIFE_ENDED) {
		if (!conn_is_ended(conn, now))
			ended_forget(conn, number, now);
		else if ((conn_place(old) & PLACE_LEVEL_MASK) != sweep->level)
			sweep->left = 1;
		return;
	}
	if (old.life != LIFE_DEAD || now - old.expires <= ticks_per_second / REST_FRACTION)
		return;
	new = old;
	new.life = LIFE_FREE;
	if (__sync_val_compare_and_swap(&conn->word.all, old.all, new.all) == old.all)
		conn_give_back(conn, number, now);
}

static long sweep_step(__u32 i, void *data)
{
	struct sweep *sweep = data;
	struct conn *conn;

	if (sweep->next > sweep->high) {
		sweep->next = 1;
		if (sweep->all)
			return 1;
	}
	conn = conn_get(sweep->next);
	if (conn && conn->word.life != LIFE_FREE)
		sweep_entry(conn, sweep->next, sweep);
	sweep->next++;
	return sweep->tired ? 1 : 0;
}

static __always_inline __u32 sweep_high(void)
{
	struct pool *pool_state = pool_get();
	__u32 high = pool_state ? pool_state->next : 0;

	return high < conn_entries ? high : conn_entries - 1;
}

static __always_inline void sweep_begin_round(struct clockwork *clock, const struct index_state *state, __u32 level)
{
	clock->round_level = level;
	clock->round_former = state->former;
	clock->round_seen = 0;
	clock->round_left = 0;
}

/* The sweeper has seen every connection since the round began. When it left none at another level, those that were
 * searched then need not be any more. When the index is nearly empty, its level falls. */
static __always_inline void sweep_end_round(const struct clockwork *clock, struct index_state *state)
{
	if (!clock->round_left)
		__sync_fetch_and_and(&state->former, ~clock->round_former | 1u << (clock->round_level & 31));
	if (!state->former && state->risen &&
	    pool_used() < (__u32)BUCKET_EMPTY << (clock->round_level & PLACE_LEVEL_MASK))
		index_change(state, state->risen, state->risen - 1);
}

static __always_inline __u32 sweep_budget(__u32 high)
{
	__u32 part = high / SWEEP_PER_SECOND + 1;

	return part < SWEEP_MOST ? part : SWEEP_MOST;
}

/* One slice: the whole table about once a second. Returns the time until the next one, in ns. */
static __always_inline __u64 sweep_slice(struct clockwork *clock, const struct settings *set)
{
	struct index_state *state = index_get();
	struct sweep sweep = {
		.next = clock->sweep_next,
		.high = sweep_high(),
		.now = ticks_now(),
		.set = set,
	};

	if (!sweep.high || !state)
		return SWEEP_NS;
	state->moves = MOVES_PER_SLICE;
	sweep.level = level_now(state);
	if (sweep.level != clock->round_level)
		sweep_begin_round(clock, state, sweep.level);
	bpf_loop(sweep_budget(sweep.high), sweep_step, &sweep, 0);
	clock->round_left |= sweep.left;
	clock->round_seen += sweep.next - clock->sweep_next + (sweep.next > clock->sweep_next ? 0 : sweep.high);
	clock->sweep_next = sweep.next;
	if (clock->round_seen > sweep.high) {
		sweep_end_round(clock, state);
		sweep_begin_round(clock, state, level_now(state));
	}
	if (sweep.tired)
		return SWEEP_NS / HASTE;
	return sweep.high > SWEEP_MOST * SWEEP_PER_SECOND ? SWEEP_NS * SWEEP_PER_SECOND * SWEEP_MOST / sweep.high :
							    SWEEP_NS;
}

/* The whole table at once, for who wants exact numbers, or has deleted a destination. */
static __always_inline void sweep_whole(int lost_too)
{
	struct sweep sweep = {
		.next = 1,
		.high = sweep_high(),
		.now = ticks_now(),
		.all = 1,
		.lost_too = lost_too,
	};
	struct index_state *state = index_get();

	if (!sweep.high || !state)
		return;
	/* Those of former levels are left to the timer. */
	sweep.level = SWEEP_NO_LEVEL;
	bpf_loop(sweep.high + 1, sweep_step, &sweep, 0);
}

#endif
