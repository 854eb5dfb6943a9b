/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Gathering the fragments of a datagram. Which bytes are here stands in `datagrams`, the fragments
 * themselves in `pieces`. Duplicates are ignored; fragments that overlap or contradict each other end the
 * gathering, as in the kernel (RFC 5722 for IPv6, and it treats IPv4 alike). */
#ifndef XLVS_FRAGMENT_GATHER_H
#define XLVS_FRAGMENT_GATHER_H

#include "fragment_release.h"
#include "hash.h"

/* As long as the kernel waits for the rest of a fragmented packet (ipfrag_time). */
#define FRAGMENT_LIFE_S 30
#define DATAGRAM_GROUPS (DATAGRAMS / DATAGRAM_WAYS)
#define LOCK_TRIES 8192 /* some 100 us: who holds the lock copies one packet */

static __always_inline void fragment_key_of(struct fragment_key *key, const struct packet *p)
{
	key->src = p->src;
	key->dst = p->dst;
	key->id = p->fragment_id;
	key->protocol = p->protocol;
}

struct lock_walk {
	struct datagram *first;
	int taken;
};

static long lock_step(__u32 i, void *data)
{
	struct lock_walk *walk = data;

	walk->taken = !__sync_val_compare_and_swap(&walk->first->lock, 0, 1);
	return walk->taken;
}

/* Packets are not interrupted by packets, so the holder is at work on another processor. A spin lock of the
 * verifier's would not let its holder call a helper. */
static __always_inline int datagram_lock(struct datagram *first)
{
	struct lock_walk walk = { .first = first };

	bpf_loop(LOCK_TRIES, lock_step, &walk, 0);
	return walk.taken;
}

static __always_inline void datagram_unlock(struct datagram *first)
{
	__sync_lock_test_and_set(&first->lock, 0);
}

static __always_inline int fragment_key_equal(const struct fragment_key *a, const struct fragment_key *b)
{
	return a->id == b->id && a->protocol == b->protocol && addr_equal(&a->src, &b->src) &&
	       addr_equal(&a->dst, &b->dst);
}

/* The place of a datagram in its group; a new one takes a free place, or that of the oldest. */
static __always_inline struct datagram *datagram_get(const struct fragment_key *key, __u32 group, __u32 now,
						     __u32 *place)
{
	__u32 age, oldest = 0, life = FRAGMENT_LIFE_S * ticks_per_second;
	struct datagram *chosen = 0;

	for (__u32 way = 0; way < DATAGRAM_WAYS; way++) {
		__u32 at = group * DATAGRAM_WAYS + way;
		struct datagram *datagram = bpf_map_lookup_elem(&datagrams, &at);

		if (!datagram)
			return 0;
		age = datagram->count && now - datagram->since <= life ? now - datagram->since : ~0u;
		if (age != ~0u && fragment_key_equal(&datagram->key, key)) {
			*place = at;
			return datagram;
		}
		if (!chosen || age > oldest) {
			chosen = datagram;
			oldest = age;
			*place = at;
		}
	}
	if (!chosen)
		return 0;
	chosen->key = *key;
	chosen->serial++;
	chosen->since = now;
	chosen->total = 0;
	chosen->reached = 0;
	chosen->received = 0;
	chosen->count = 0;
	return chosen;
}

struct span_walk {
	struct datagram *datagram;
	struct span span;
	__u32 covered; /* bytes of `span` that are here already */
};

static long span_step(__u32 i, void *data)
{
	struct span_walk *walk = data;
	struct span *there = &walk->datagram->spans[bounded(i, DATAGRAM_SPANS - 1)];
	__u32 start = there->start > walk->span.start ? there->start : walk->span.start;
	__u32 end = there->end < walk->span.end ? there->end : walk->span.end;

	if (end > start)
		walk->covered += end - start;
	return 0;
}

/* Note that the payload of `p` came. Returns VERDICT_CONTINUE, VERDICT_HELD for a duplicate, DROP_FRAGMENTS when
 * it does not go with the others: the datagram is given up then. */
static __always_inline enum verdict datagram_add(struct datagram *datagram, const struct packet *p, __u32 length)
{
	struct span_walk walk = { .datagram = datagram };
	__u32 count = datagram->count, end = p->fragment_start + length;

	walk.span.start = p->fragment_start;
	walk.span.end = end;
	bpf_loop(count < DATAGRAM_SPANS ? count : DATAGRAM_SPANS, span_step, &walk, 0);
	if (walk.covered == length)
		return VERDICT_HELD;
	if (walk.covered || count >= DATAGRAM_SPANS || (datagram->total && end > datagram->total) ||
	    (!p->more_fragments && (datagram->total || end < datagram->reached))) {
		datagram->count = 0;
		return DROP_FRAGMENTS;
	}
	if (!p->more_fragments)
		datagram->total = end;
	if (end > datagram->reached)
		datagram->reached = end;
	datagram->spans[bounded(count, DATAGRAM_SPANS - 1)] = walk.span;
	datagram->received += length;
	datagram->count = count + 1;
	return VERDICT_CONTINUE;
}

/* Keep one fragment, with the lock of its group held. VERDICT_CONTINUE: its datagram is complete, and left to the
 * caller in `walk`; its place is free again. */
static __always_inline enum verdict gather_locked(ctx_t *ctx, const struct packet *p, const struct fragment_key *key,
						  __u32 group, struct piece_walk *walk, __u32 now)
{
	__u32 place = 0, length = p->length - (p->payload - L3);
	struct datagram *datagram = datagram_get(key, group, now, &place);
	enum verdict verdict;

	if (!datagram)
		return DROP_INTERNAL;
	verdict = datagram_add(datagram, p, length);
	if (verdict != VERDICT_CONTINUE)
		return verdict;
	walk->key.datagram = place;
	walk->key.serial = datagram->serial;
	walk->key.start = p->fragment_start;
	if (piece_keep(walk, p->length, p->payload - L3)) {
		datagram->count = 0;
		return DROP_INTERNAL;
	}
	if (!datagram->total || datagram->received < datagram->total)
		return VERDICT_HELD;
	walk->left = datagram->total;
	datagram->count = 0;
	return VERDICT_CONTINUE;
}

/* Verified once, by itself: see conn.h. */
__noinline enum verdict fragment_hold(ctx_t *ctx, struct packet *p, __u32 now)
{
	struct piece_walk walk = { .ctx = ctx };
	struct fragment_key key = {};
	struct datagram *first;
	enum verdict verdict;
	__u32 group, place, header;

	if (!p)
		return DROP_INTERNAL;
	header = p->payload - L3;
	/* All but the last are multiples of eight, and there is a last one within 64 KiB. */
	if (p->length <= header || ctx_length(ctx) < L3 + p->length ||
	    p->fragment_start + p->length - header > 0xffff || (p->more_fragments && (p->length - header) & 7))
		return DROP_MALFORMED;
	fragment_key_of(&key, p);
	group = hash_ends(&p->src, p->fragment_id, &p->dst, p->fragment_id >> 16, p->protocol) & (DATAGRAM_GROUPS - 1);
	place = group * DATAGRAM_WAYS;
	first = bpf_map_lookup_elem(&datagrams, &place);
	if (!first || !datagram_lock(first))
		return DROP_INTERNAL;
	verdict = gather_locked(ctx, p, &key, group, &walk, now);
	datagram_unlock(first);
	if (verdict == VERDICT_CONTINUE)
		verdict = fragment_release(&walk, p->family) ? DROP_INTERNAL : VERDICT_HELD;
	p->action = CTX_DROP;
	return verdict;
}

#endif
