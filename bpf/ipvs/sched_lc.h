/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Least connection: an active connection weighs as much as 256 inactive ones; the newest destination
 * wins a tie; weights do not matter unless 0. */
#ifndef XLVS_SCHED_LC_H
#define XLVS_SCHED_LC_H

struct lc_walk {
	struct range list;
	__u32 service;
	__u32 found;
	__u64 load;
	__u32 weight;
};

/* Take a usable destination if it has less load per weight than the one found so far. Products, so that nothing
 * is rounded. */
static __always_inline void lc_take_lighter(struct lc_walk *walk, const struct dest *dest, __u32 number, __u64 load)
{
	if (walk->found && walk->load * dest->weight <= load * walk->weight)
		return;
	walk->found = number;
	walk->load = load;
	walk->weight = dest->weight;
}

/* The choice of a scheduler of this family: what its tree knows, else where a walk by its steps leads. */
static __always_inline __u32 lc_choose(struct service *svc, __u32 service, long (*step)(__u32, void *))
{
	struct lc_walk walk = { .service = service };
	__u32 number;

	if (!svc)
		return 0;
	walk.list.all = svc->list.all;
	number = tree_choose(svc, service, walk.list);
	if (number)
		return number;
	bpf_loop(walk.list.length, step, &walk, 0);
	return walk.found;
}

static long lc_step(__u32 index, void *data)
{
	struct lc_walk *walk = data;
	struct dest *dest;
	__u32 number;

	dest = sched_at(walk->list, walk->service, index, &number);
	if (!dest || !dest_is_usable(dest))
		return 0;
	if (!walk->found || dest_load(dest) < walk->load) {
		walk->found = number;
		walk->load = dest_load(dest);
	}
	return 0;
}

__noinline __u32 sched_lc(struct service *svc, __u32 service)
{
	return lc_choose(svc, service, lc_step);
}

#endif
