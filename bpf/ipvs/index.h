/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* The index of the connections: lines of slots, each with a tag and a connection's number. Look-ups take no lock; slots
 * change by compare-and-swap.
 *
 * A connection's first choice follows from the client's end alone, so that one slot serves packets of both directions.
 * When that line is full, the connection is spilled: it has a slot under each of its whole keys, in one of a few later
 * choices.
 *
 * The index is as large as the connections need: the fewer lines are in use, the more of them are in the processor's
 * caches, and a line that is not costs more than all the rest of a packet's way. At level n it has 2^n lines. When they
 * fill up the level rises, when they empty it falls; new connections go by the new level, and the sweeper moves the others
 * over (expire.h). Until it has seen them all, the levels of before are searched too. */
#ifndef XLVS_INDEX_H
#define XLVS_INDEX_H

#include "hash.h"
#include "pool.h"

/* The first choice, and those of a whole key. While a burst of connections makes the level rise, the lines that both
 * levels share are crowded: with 8 choices, one in a million connections found no room. */
#define BUCKET_CHOICES 12
#define BUCKET_FULL 11 /* slots in use, on average, from which on the level rises */
#define BUCKET_EMPTY 1 /* below which it falls */
#define LEVEL_LEAST 12 /* such an index stays in the second level of caches */
#define LEVEL_LARGE 16 /* the level rises by two up to here, and by one from here on */
#define CONN_NUMBER_BITS 24
#define CONN_NUMBER_MASK ((1u << CONN_NUMBER_BITS) - 1)

/* What a connection is found under. */
struct conn_hashes {
	__u64 end;
	__u64 forward;
	__u64 reply; /* 0: no answer is looked for */
};

static __always_inline struct index_state *index_get(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&index_states, &zero);
}

/* The level after so many rises. */
static __always_inline __u32 level_of(__u32 risen)
{
	__u32 level = LEVEL_LEAST + 2 * risen;

	if (level > LEVEL_LARGE)
		level = (level + LEVEL_LARGE) / 2;
	return level < bucket_level ? level : bucket_level;
}

static __always_inline __u32 level_now(const struct index_state *state)
{
	return level_of(state->risen);
}

/* The level is part of the tag: a connection that is moved has slots at two, and each is to be told from the other. */
static __always_inline __u32 index_tag(__u64 hash, __u32 level)
{
	return (__u32)(hash >> 56) ^ level;
}

static __always_inline __u32 index_slot(__u64 hash, __u32 level, __u32 number)
{
	return index_tag(hash, level) << CONN_NUMBER_BITS | number;
}

/* Number of the connection in a slot with the tag, 0: none. */
static __always_inline __u32 slot_number(__u32 slot, __u32 tag)
{
	return slot >> CONN_NUMBER_BITS == tag ? slot & CONN_NUMBER_MASK : 0;
}

/* How many connections the sweeper has moved. A look-up that took long enough to see this change may have passed one by:
 * at neither place, since it looked at the new one before and at the former one after. */
static __always_inline __u32 index_moved(const struct index_state *state)
{
	return *(const volatile __u32 *)&state->moved;
}

/* Bits of the levels beside `level` at which there may be connections. */
static __always_inline __u32 index_others(const struct index_state *state, __u32 level)
{
	return state->former & ~(1u << (level & 31));
}

static __always_inline __u32 bucket_of(__u64 hash, __u32 level)
{
	return (__u32)hash & ((1u << (level & 31)) - 1);
}

/* The next choice follows from bucket and tag alone. An odd step never comes back to a bucket before all of
 * them were tried. */
static __always_inline __u32 bucket_after(__u32 bucket, __u64 hash, __u32 level)
{
	return bucket_of(bucket + ((__u32)(hash >> 56) * 0x5bd1e995u | 1), level);
}

static __always_inline struct bucket *bucket_get(__u32 number)
{
	return bpf_map_lookup_elem(&buckets, &number);
}

static __always_inline int slot_swap(__u32 *slot, __u32 old, __u32 new)
{
	return __sync_val_compare_and_swap(slot, old, new) == old;
}

static __always_inline int slots_are_alike(__u32 one, __u32 other)
{
	return one >> CONN_NUMBER_BITS == other >> CONN_NUMBER_BITS;
}

/* A slot by its number; bounded by the size of the whole line, in which the slots follow one other word. */
static __always_inline __u32 *slot_at(struct bucket *bucket, __u32 number)
{
	return (__u32 *)bucket + bounded(number + 1, BUCKET_SLOTS);
}

/* Take the empty slot `at`, or that of the elder before it, which moves here. Returns 0, or -1 when others were faster. */
static __always_inline int bucket_take(struct bucket *bucket, __u32 *at, __u32 elder, __u32 slot)
{
	__u32 *before = slot_at(bucket, elder), there = elder < BUCKET_SLOTS ? *before : 0;

	if (!there || !slots_are_alike(there, slot))
		return slot_swap(at, 0, slot) ? 0 : -1;
	if (!slot_swap(at, 0, there))
		return -1;
	/* If the elder went meanwhile, its copy is ours, unless it was taken for it. */
	return slot_swap(before, there, slot) || slot_swap(at, there, slot) ? 0 : -1;
}

/* Link a slot. Of two connections with one reply key the newest is to be found, as in the kernel: one
 * of the same tag that stands before moves into the empty slot, ours into its place, and a look-up finds one
 * of them at any moment. Returns 0, or -1 when the bucket is full or was changed too often meanwhile. */
__noinline int bucket_link(struct bucket *bucket, __u32 slot)
{
	__u32 elder = BUCKET_SLOTS;

	if (!bucket)
		return -1;

	for (int i = 0; i < BUCKET_SLOTS; i++) {
		__u32 *at = &bucket->slots[i], there = *at;

		if (there && elder == BUCKET_SLOTS && slots_are_alike(there, slot))
			elder = i;
		if (!there && !bucket_take(bucket, at, elder, slot))
			return 0;
	}
	return -1;
}

static __always_inline int bucket_unlink(struct bucket *bucket, __u32 slot)
{
	if (!bucket)
		return -1;
	for (int i = 0; i < BUCKET_SLOTS; i++)
		if (bucket->slots[i] == slot && slot_swap(&bucket->slots[i], slot, 0))
			return 0;
	return -1;
}

static __always_inline void bucket_count_spilled(__u32 number, int by)
{
	struct bucket *bucket = bucket_get(number);

	if (bucket)
		__sync_fetch_and_add(&bucket->spilled, by);
}

/* Count `by` on the buckets that a whole key passed before its `choice`. */
static __always_inline void buckets_count_spilled(__u64 hash, __u32 level, int choice, int by)
{
	__u32 number = bucket_of(hash, level);

	for (int i = 1; i < BUCKET_CHOICES - 1 && i < choice; i++) {
		bucket_count_spilled(number, by);
		number = bucket_after(number, hash, level);
	}
}

/* A function of its own for the sake of the stack. */
__noinline int index_announce(__u64 hash, __u32 level, int choice, int by)
{
	buckets_count_spilled(hash, level, choice, by);
	return 0;
}

/* Link a spilled connection under a whole key. Returns 0, or -1 when all its buckets are full. */
__noinline int index_link_key(__u64 hash, __u32 level, __u32 number)
{
	__u32 at = bucket_of(hash, level);

	for (int choice = 1; choice < BUCKET_CHOICES; choice++) {
		/* Announced before: a look-up that comes between must not stop too early. */
		index_announce(hash, level, choice, 1);
		if (!bucket_link(bucket_get(at), index_slot(hash, level, number)))
			return 0;
		index_announce(hash, level, choice, -1);
		at = bucket_after(at, hash, level);
	}
	return -1;
}

__noinline int index_unlink_key(__u64 hash, __u32 level, __u32 number)
{
	__u32 at = bucket_of(hash, level);

	for (int choice = 1; choice < BUCKET_CHOICES; choice++) {
		if (!bucket_unlink(bucket_get(at), index_slot(hash, level, number))) {
			buckets_count_spilled(hash, level, choice, -1);
			return 0;
		}
		at = bucket_after(at, hash, level);
	}
	return -1;
}

/* Link a connection at its first choice. Returns 0, or -1 when that is full. */
static __always_inline int index_link_first(__u64 end, __u32 level, __u32 number)
{
	return bucket_link(bucket_get(bucket_of(end, level)), index_slot(end, level, number));
}

/* Link one whose first choice is full: under its reply key first, nothing can come back before something went out.
 * Returns 0, or -1 when there is no room for it. */
static __always_inline int index_link_spilled(const struct conn_hashes *hashes, __u32 level, __u32 number)
{
	/* Announced before, as above. */
	bucket_count_spilled(bucket_of(hashes->end, level), 1);
	if (hashes->reply && index_link_key(hashes->reply, level, number))
		goto full;
	if (!index_link_key(hashes->forward, level, number))
		return 0;
	if (hashes->reply)
		index_unlink_key(hashes->reply, level, number);
full:
	bucket_count_spilled(bucket_of(hashes->end, level), -1);
	return -1;
}

/* Go over to another level, unless another processor did. The present one is searched from before to after. */
static __always_inline void index_change(struct index_state *state, __u32 risen, __u32 to)
{
	__sync_fetch_and_or(&state->former, 1u << (level_of(risen) & 31));
	__sync_val_compare_and_swap(&state->risen, risen, to);
}

/* Link one at a level: returns its place, PLACE_NONE: there is no room. */
static __always_inline __u32 index_link_at(const struct conn_hashes *hashes, __u32 level, __u32 number)
{
	if (!index_link_first(hashes->end, level, number))
		return level;
	return index_link_spilled(hashes, level, number) ? PLACE_NONE : level | PLACE_SPILLED;
}

/* Link one whose first choice is full, at the next level if need be. Returns its place, PLACE_NONE: the index is full. */
__noinline __u32 index_link_late(const struct conn_hashes *hashes, __u32 number)
{
	struct index_state *state = index_get();
	__u32 risen, level;

	if (!hashes || !state)
		return PLACE_NONE;
	risen = state->risen;
	level = level_of(risen);
	if (!index_link_spilled(hashes, level, number))
		return level | PLACE_SPILLED;
	if (level >= bucket_level)
		return PLACE_NONE;
	index_change(state, risen, risen + 1);
	return index_link_at(hashes, level_now(state), number);
}

__noinline int index_unlink(const struct conn_hashes *hashes, __u32 place, __u32 number)
{
	__u32 level = place & PLACE_LEVEL_MASK, first;

	if (!hashes)
		return -1;
	first = bucket_of(hashes->end, level);
	if (!(place & PLACE_SPILLED))
		return bucket_unlink(bucket_get(first), index_slot(hashes->end, level, number));
	if (index_unlink_key(hashes->forward, level, number))
		return -1;
	if (hashes->reply)
		index_unlink_key(hashes->reply, level, number);
	bucket_count_spilled(first, -1);
	return 0;
}

/* The level rises when the connections need it. */
static __always_inline void index_grow(struct index_state *state)
{
	__u32 risen = state->risen, level = level_of(risen);

	if (level < bucket_level && pool_used() > (__u32)BUCKET_FULL << level)
		index_change(state, risen, risen + 1);
}

#endif
