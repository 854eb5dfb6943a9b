/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* The sweeper: gives back what expired. Look-ups do not need it, they see the expiry themselves; the
 * counters of active and inactive connections and the memory do. It goes over the entries that were ever
 * used, a slice per tick of the timer. */
#ifndef XLVS_EXPIRE_H
#define XLVS_EXPIRE_H

#include "defence.h"

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
};

static __always_inline int sweep_is_over(const struct conn *conn, __u32 expires, const struct sweep *sweep)
{
	struct dest *dest;

	if ((__s32)(expires - sweep->now) <= 0)
		return 1;
	if (!sweep->lost_too)
		return 0;
	dest = dest_get(conn->dest);
	return dest && conn->method != METHOD_BYPASS && !(dest->flags & DEST_AVAILABLE);
}

static __always_inline void sweep_entry(struct conn *conn, __u32 number, const struct sweep *sweep)
{
	__u32 now = sweep->now;
	struct conn_word old, new;

	old.all = conn->word.all;
	if (old.life == LIFE_LIVE) {
		if (sweep_is_over(conn, old.expires, sweep) ||
		    (sweep->set && sweep->set->drop_entry && defence_takes(conn, sweep->set, now)))
			conn_kill(conn, number, now);
		return;
	}
	if (old.life != LIFE_DEAD || now - old.expires <= ticks_per_second / REST_FRACTION)
		return;
	new = old;
	new.life = LIFE_FREE;
	if (__sync_val_compare_and_swap(&conn->word.all, old.all, new.all) == old.all)
		conn_give_back(number);
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
	return 0;
}

static __always_inline __u32 sweep_high(void)
{
	__u32 zero = 0;
	struct pool *pool_state = bpf_map_lookup_elem(&pool, &zero);
	__u32 high = pool_state ? pool_state->next : 0;

	return high < conn_entries ? high : conn_entries - 1;
}

/* One slice: the whole table about once a second. */
static __always_inline void sweep_slice(struct clockwork *clock, const struct settings *set, __u32 slices_per_second)
{
	struct sweep sweep = {
		.next = clock->sweep_next,
		.high = sweep_high(),
		.now = ticks_now(),
		.set = set,
	};

	if (!sweep.high)
		return;
	bpf_loop(sweep.high / slices_per_second + 1, sweep_step, &sweep, 0);
	clock->sweep_next = sweep.next;
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

	if (sweep.high)
		bpf_loop(sweep.high + 1, sweep_step, &sweep, 0);
}

#endif
