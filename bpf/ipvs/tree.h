/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* A tournament tree over a long list: the destination that a walk would find is known, and a change of one's load costs
 * a climb of as many steps as the list's length has bits.
 *
 * The tree is an implicit heap. Over a list of n destinations stand the nodes 1 (the root) to n - 1; the children of
 * node i are 2i and 2i + 1, and a child c from n on is the destination at index c - n of the list. A node's winner is
 * the one that the scheduler prefers of its children's. It stands in `node` of the destination at index i: memory that
 * is there as long as the maps are, and is nothing but a number of a destination, however late somebody writes it.
 *
 * User space knows nothing of all this but `shape`, which it counts up before and after each edit: while that is even
 * the list is walked, and so it is until the first packet that needs the tree has built it for the new one.
 *
 * No lock: whoever changed a load climbs. Two who meet at a node see each other, for each looks at the children once
 * more after it wrote; the last one to write leaves what is right. Who cannot be sure of that (others wrote too often
 * meanwhile, or an edit came between) says that the tree is in doubt, and it is built anew, once in a tick at most. */
#ifndef XLVS_TREE_H
#define XLVS_TREE_H

#include "dest.h"

#define TREE_FROM 17 /* destinations: a shorter list is walked */
#define TREE_LEVELS 24
#define TREE_TRIES 4

static __always_inline int tree_is_usable(const struct dest *dest, __u32 service)
{
	return dest && dest->service == service && dest_is_usable(dest);
}

/* Where it stands who won a node; of a destination, which is its own winner, where its number stands in the list. */
static __always_inline __u32 *tree_word(struct range list, __u32 child)
{
	__u32 index = list.start + (child < list.length ? child : child - list.length), number;
	__u32 line_number = index / SLOTS_PER_LINE;
	struct slot_line *line = bpf_map_lookup_elem(&slots, &line_number);
	struct dest *dest;

	if (!line)
		return 0;
	number = bounded(index, SLOTS_PER_LINE - 1);
	if (child >= list.length)
		return &line->numbers[number];
	dest = dest_get(line->numbers[number]);
	return dest ? &dest->node : 0;
}

static __always_inline __u32 tree_read(const __u32 *word)
{
	return *(const volatile __u32 *)word;
}

/* Would the scheduler's walk take the second of two usable destinations? At a tie the one that it meets first. */
static __always_inline int tree_is_second(const struct dest *first, const struct dest *second, __u32 scheduler)
{
	__u64 one, other;

	if (scheduler == SCHED_SED || scheduler == SCHED_NQ) {
		one = dest_delay(first) * second->weight;
		other = dest_delay(second) * first->weight;
		if (scheduler == SCHED_NQ) {
			one = first->active ? one : 0;
			other = second->active ? other : 0;
		}
	} else {
		one = dest_load(first) * (scheduler == SCHED_LC ? 1 : second->weight);
		other = dest_load(second) * (scheduler == SCHED_LC ? 1 : first->weight);
	}
	return one == other ? second->place < first->place : other < one;
}

/* Number of a service and its scheduler, in one argument. */
static __always_inline __u64 tree_owner(__u32 service, __u32 scheduler)
{
	return (__u64)scheduler << 32 | service;
}

/* Which of two winners wins: number of a destination, 0: neither is usable. */
static __always_inline __u32 tree_judge(__u64 owner, __u32 one, __u32 other)
{
	const struct dest *first = dest_get(one), *second = dest_get(other);

	if (!tree_is_usable(second, (__u32)owner))
		return tree_is_usable(first, (__u32)owner) ? one : 0;
	if (!tree_is_usable(first, (__u32)owner))
		return other;
	return tree_is_second(first, second, owner >> 32) ? other : one;
}

#define TREE_WRITTEN 0x80000000u
#define TREE_DISPUTED 0x40000000u

/* Have a node say who wins of its children's. Returns its winner, with TREE_WRITTEN if it said another one before, and
 * TREE_DISPUTED if others wrote each time: then it may be wrong. `all` is that of the list. */
__noinline __u32 tree_settle(__u64 all, __u64 owner, __u32 node)
{
	struct range list = { .all = all };
	__u32 *word = tree_word(list, node), *one = tree_word(list, 2 * node), *other = tree_word(list, 2 * node + 1);
	__u32 judged, written;

	if (!word || !one || !other)
		return TREE_DISPUTED;
	judged = tree_judge(owner, tree_read(one), tree_read(other));
	if (tree_read(word) == judged)
		return judged;
#pragma clang loop unroll(disable)
	for (int i = 0; i < TREE_TRIES; i++) {
		/* An exchange, so that everybody sees it before the children are looked at once more. */
		__sync_lock_test_and_set(word, judged);
		written = judged;
		judged = tree_judge(owner, tree_read(one), tree_read(other));
		if (judged == written)
			return judged | TREE_WRITTEN;
	}
	return judged | TREE_WRITTEN | TREE_DISPUTED;
}

static __always_inline void tree_doubt(struct service *svc)
{
	svc->tree_doubted = ticks_now() | 1;
}

static __always_inline int tree_is_doubted(const struct service *svc)
{
	return svc->tree_doubted && svc->tree_doubted != (ticks_now() | 1);
}

/* The load of a destination has changed: so may have the winners of the nodes above it. Ends where nothing changes and
 * the destination does not count any more. */
__noinline int tree_climb(__u32 number)
{
	struct dest *dest = dest_get(number);
	struct service *svc = dest ? service_get(dest->service) : 0;
	__u32 shape, node, winner;
	struct range list;

	if (!svc || !dest)
		return 0;
	shape = svc->shape;
	list.all = svc->list.all;
	node = dest->place - 1;
	if (svc->tree_climbs != shape || list.length < TREE_FROM || node >= list.length)
		return 0;
	if (slot_get(list.start + node) != number)
		goto doubt;
	node += list.length;
#pragma clang loop unroll(disable)
	for (int level = 0; level < TREE_LEVELS && node > 1; level++) {
		node >>= 1;
		winner = tree_settle(list.all, tree_owner(dest->service, svc->scheduler), node);
		if (winner & TREE_DISPUTED)
			tree_doubt(svc);
		if (winner != number && !(winner & TREE_WRITTEN))
			break;
	}
	if (svc->shape == shape)
		return 0;
doubt:
	tree_doubt(svc);
	return 0;
}

struct tree_build {
	struct range list;
	__u64 owner;
	__u32 disputed;
};

static long tree_place_step(__u32 index, void *data)
{
	struct tree_build *build = data;
	__u32 number = slot_get(build->list.start + index);
	struct dest *dest = dest_get(number);

	if (dest && number)
		dest->place = index + 1;
	return 0;
}

static long tree_node_step(__u32 step, void *data)
{
	struct tree_build *build = data;
	__u32 node = build->list.length - 1 - step;

	if (tree_settle(build->list.all, build->owner, node) & TREE_DISPUTED)
		build->disputed = 1;
	return 0;
}

/* Build the tree for `shape`. Climbs begin before the nodes are judged: what changes meanwhile is seen here or there. */
__noinline int tree_build(struct service *svc, __u32 service, __u32 shape)
{
	struct tree_build build = {};

	if (!svc)
		return 0;
	__sync_lock_test_and_set(&svc->tree_doubted, 0);
	build.list.all = svc->list.all;
	build.owner = tree_owner(service, svc->scheduler);
	bpf_loop(build.list.length, tree_place_step, &build, 0);
	__sync_lock_test_and_set(&svc->tree_climbs, shape);
	bpf_loop(build.list.length - 1, tree_node_step, &build, 0);
	svc->tree_ready = shape;
	if (svc->shape != shape || build.disputed)
		tree_doubt(svc);
	return 0;
}

static __always_inline int tree_is_wanted(const struct service *svc)
{
	switch (svc->scheduler) {
	case SCHED_LC:
	case SCHED_WLC:
	case SCHED_SED:
	case SCHED_NQ:
	case SCHED_LBLC:
	case SCHED_LBLCR:
		return svc->list.length >= TREE_FROM;
	}
	return 0;
}

/* Before a scheduler is asked: build the tree that it wants, unless it stands or an edit is under way. */
static __always_inline void tree_prepare(struct service *svc, __u32 service)
{
	__u32 shape = svc->shape;

	if (tree_is_wanted(svc) && shape & 1 && (svc->tree_ready != shape || tree_is_doubted(svc)))
		tree_build(svc, service, shape);
}

/* Number of the destination that a walk would find; 0: the list is to be walked. */
static __always_inline __u32 tree_choose(struct service *svc, __u32 service, struct range list)
{
	const __u32 *root;
	__u32 number;

	if (list.length < TREE_FROM || svc->tree_ready != svc->shape)
		return 0;
	root = tree_word(list, 1);
	if (!root)
		return 0;
	number = tree_read(root);
	if (tree_is_usable(dest_get(number), service))
		return number;
	/* Nobody is usable, or somebody climbs at this moment. */
	if (number)
		tree_doubt(svc);
	return 0;
}

#endif
