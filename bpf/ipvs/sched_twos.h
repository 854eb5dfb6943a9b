/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Power of two choices (Mitzenmacher, 2001): two usable destinations are drawn by weight, perhaps the same one twice,
 * and the one with less load per weight is taken, the first drawn one in a tie.
 *
 * As in the kernel the draw is from 0 up to the sum of the weights, both included, and ends at the first destination
 * where the weights so far reach it: the newest has one chance more than its weight. */
#ifndef XLVS_SCHED_TWOS_H
#define XLVS_SCHED_TWOS_H

struct twos_choice {
	__u64 draw; /* what the weights have still to reach */
	__u64 load;
	__u32 number;
	__u32 weight;
};

struct twos_walk {
	struct range list;
	__u64 sum; /* of the weights */
	__u32 service;
	struct twos_choice first;
	struct twos_choice second;
};

static long twos_sum_step(__u32 index, void *data)
{
	struct twos_walk *walk = data;
	struct dest *dest;
	__u32 number;

	dest = sched_at(walk->list, walk->service, index, &number);
	if (dest && dest_is_usable(dest))
		walk->sum += dest->weight;
	return 0;
}

static __always_inline void twos_consider(struct twos_choice *choice, const struct dest *dest, __u32 number)
{
	__u32 weight = dest->weight;

	if (choice->number)
		return;
	if (choice->draw > weight) {
		choice->draw -= weight;
		return;
	}
	choice->number = number;
	choice->weight = weight;
	choice->load = dest_load(dest);
}

static long twos_step(__u32 index, void *data)
{
	struct twos_walk *walk = data;
	struct dest *dest;
	__u32 number;

	dest = sched_at(walk->list, walk->service, index, &number);
	if (!dest || !dest_is_usable(dest))
		return 0;
	twos_consider(&walk->first, dest, number);
	twos_consider(&walk->second, dest, number);
	return walk->first.number && walk->second.number;
}

static __always_inline __u64 twos_random(void)
{
	return (__u64)bpf_get_prandom_u32() << 32 | bpf_get_prandom_u32();
}

/* Sum of the weights of usable destinations. It is counted up from a number that the verifier does not know: from a
 * known one it would follow the sum through round after round. */
static __always_inline __u64 twos_sum(struct twos_walk *walk)
{
	__u64 start = bpf_jiffies64();

	walk->sum = start;
	bpf_loop(walk->list.length, twos_sum_step, walk, 0);
	return walk->sum - start;
}

__noinline __u32 sched_twos(struct service *svc, __u32 service)
{
	struct twos_walk walk = { .service = service };
	__u64 sum;

	if (!svc)
		return 0;
	walk.list.all = svc->list.all;
	sum = twos_sum(&walk);
	if (!sum)
		return 0;
	walk.first.draw = twos_random() % (sum + 1);
	walk.second.draw = twos_random() % (sum + 1);
	bpf_loop(walk.list.length, twos_step, &walk, 0);
	/* A weight or an overload may have changed between the two walks. */
	if (!walk.first.number)
		return walk.second.number;
	if (walk.second.number && walk.second.weight * walk.first.load > walk.first.weight * walk.second.load)
		return walk.second.number;
	return walk.first.number;
}

#endif
