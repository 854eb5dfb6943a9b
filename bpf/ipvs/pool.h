/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* The numbers of connections: those never used yet follow from a counter, those that were given back are a list through
 * the entries themselves. Its head is one word, changed by compare-and-swap: the first number, how many there are, and a
 * tag that tells it from an earlier head with the same. */
#ifndef XLVS_POOL_H
#define XLVS_POOL_H

#include "maps.h"

#define FREE_NUMBER_MASK 0xffffffu
#define FREE_COUNT_SHIFT 24
#define FREE_TAG_SHIFT 48
#define FREE_TRIES 32 /* each of them fails only when another processor was faster */

static __always_inline __u32 free_number(__u64 head)
{
	return head & FREE_NUMBER_MASK;
}

static __always_inline __u32 free_count(__u64 head)
{
	return head >> FREE_COUNT_SHIFT & FREE_NUMBER_MASK;
}

static __always_inline int free_swap(struct pool *pool_state, __u64 old, __u32 number, __u32 count)
{
	__u64 new = ((old >> FREE_TAG_SHIFT) + 1) << FREE_TAG_SHIFT | (__u64)count << FREE_COUNT_SHIFT | number;

	return __sync_val_compare_and_swap(&pool_state->free, old, new) == old;
}

/* Take the first of the numbers that were given back, 0: there is none. */
static __always_inline __u32 free_take(struct pool *pool_state)
{
#pragma clang loop unroll(disable)
	for (int i = 0; i < FREE_TRIES; i++) {
		__u64 old = pool_state->free;
		struct conn *conn = conn_get(free_number(old));

		if (!free_number(old) || !conn)
			return 0;
		if (free_swap(pool_state, old, conn->control & FREE_NUMBER_MASK, free_count(old) - 1))
			return free_number(old);
	}
	return 0;
}

/* A free number, 0: the table is full. */
static __always_inline __u32 conn_allocate(__u32 now)
{
	struct pool *pool_state = pool_get();
	__u32 number;

	if (!pool_state)
		return 0;
	number = free_take(pool_state);
	if (number)
		return number;
	if (pool_state->next < conn_entries - 1) {
		number = __sync_fetch_and_add(&pool_state->next, 1) + 1;
		if (number < conn_entries)
			return number;
	}
	pool_state->full = now;
	return 0;
}

/* Whether there was no place a moment ago: a flood of first packets shall not cost more than it must. */
static __always_inline int conn_is_scarce(__u32 now)
{
	const struct pool *pool_state = pool_get();

	return pool_state && pool_state->full == now;
}

/* Give back the number of a free entry. Where others were faster each time the sweeper does it later. */
static __always_inline void conn_give_back(struct conn *conn, __u32 number, __u32 now)
{
	struct conn_word dead = { .expires = now, .life = LIFE_DEAD };
	struct pool *pool_state = pool_get();

	if (!pool_state)
		return;
#pragma clang loop unroll(disable)
	for (int i = 0; i < FREE_TRIES; i++) {
		__u64 old = pool_state->free;

		conn->control = free_number(old);
		if (free_swap(pool_state, old, number, free_count(old) + 1)) {
			pool_state->full = 0;
			return;
		}
	}
	__sync_lock_test_and_set(&conn->word.all, dead.all);
}

/* How many numbers are in use, those of connections that ended a moment ago included. */
static __always_inline __u32 pool_used(void)
{
	const struct pool *pool_state = pool_get();

	return pool_state ? pool_state->next - free_count(pool_state->free) : 0;
}

#endif
