/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Weighted round robin: passes over the list, each with a current weight that falls from the highest by
 * the greatest common divisor; a pass takes every usable destination whose weight reaches it. User space
 * keeps `wrr_max` and `wrr_gcd`, and puts the walk back to the start of the list when the list changes. */
#ifndef XLVS_SCHED_WRR_H
#define XLVS_SCHED_WRR_H

#define WRR_PASSES 3

struct wrr_walk {
	struct range list;
	__u32 service;
	__u32 index; /* last one looked at, ~0: before the first */
	__u32 current; /* current weight */
	__u32 best; /* highest usable weight seen below the current one */
	__u32 found;
};

static long wrr_step(__u32 step, void *data)
{
	struct wrr_walk *walk = data;
	struct dest *dest;
	__u32 number;

	if (walk->index + 1 >= walk->list.length)
		return 1;
	walk->index++;
	dest = sched_at(walk->list, walk->service, walk->index, &number);
	if (!dest || !dest_is_usable(dest))
		return 0;
	if (dest->weight >= walk->current) {
		walk->found = number;
		return 1;
	}
	if (dest->weight > walk->best)
		walk->best = dest->weight;
	return 0;
}

/* The current weight of the next pass: one step down, or, where no usable destination would reach that,
 * as many as one needs; the highest again after the lowest. */
static __always_inline __u32 wrr_next_weight(const struct service *svc, __u32 current, int empty, __u32 best)
{
	__u32 gcd = svc->wrr_gcd ? svc->wrr_gcd : 1;

	if (current <= gcd)
		return svc->wrr_max;
	current -= gcd;
	if (empty && best && best < current)
		current -= (current - best + gcd - 1) / gcd * gcd;
	return (__s32)current > 0 ? current : svc->wrr_max;
}

__noinline __u32 sched_wrr(struct service *svc, __u32 service)
{
	struct wrr_walk walk = { .service = service };
	struct range cursor;
	int whole;

	if (!svc || !svc->wrr_max)
		return 0;
	walk.list.all = svc->list.all;
	cursor.all = svc->cursor.all;
	walk.index = cursor.start;
	walk.current = cursor.length;
	if (walk.index != ~0u && walk.index >= walk.list.length)
		walk.index = ~0u;
	if (!walk.current) {
		walk.current = svc->wrr_max;
		walk.index = ~0u;
	}
	for (int pass = 0; pass < WRR_PASSES && !walk.found; pass++) {
		whole = walk.index == ~0u;
		walk.best = 0;
		bpf_loop(walk.list.length, wrr_step, &walk, 0);
		if (walk.found)
			break;
		walk.index = ~0u;
		walk.current = wrr_next_weight(svc, walk.current, whole, walk.best);
	}
	if (walk.found) {
		cursor.start = walk.index;
		cursor.length = walk.current;
	} else if (cursor.start == ~0u || cursor.length > svc->wrr_gcd) {
		/* Nobody is usable: the kernel's walk ends where a round begins, or, if it began within the
		 * lowest pass, where it began. */
		cursor.start = ~0u;
		cursor.length = svc->wrr_max;
	}
	svc->cursor.all = cursor.all;
	return walk.found;
}

#endif
