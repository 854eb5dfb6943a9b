/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Round robin: the next usable destination after the last one used. */
#ifndef XLVS_SCHED_RR_H
#define XLVS_SCHED_RR_H

struct rr_walk {
	struct range list;
	__u32 service;
	__u32 index;
	__u32 found;
};

static long rr_step(__u32 step, void *data)
{
	struct rr_walk *walk = data;
	struct dest *dest;
	__u32 number;

	walk->index = walk->index + 1 < walk->list.length ? walk->index + 1 : 0;
	dest = sched_at(walk->list, walk->service, walk->index, &number);
	if (!dest || !dest_is_usable(dest))
		return 0;
	walk->found = number;
	return 1;
}

__noinline __u32 sched_rr(struct service *svc, __u32 service)
{
	struct rr_walk walk = { .service = service };

	if (!svc)
		return 0;
	walk.list.all = svc->list.all;
	/* ~0, «none yet», is one before the first. */
	walk.index = svc->cursor.start;
	if (walk.index != ~0u && walk.index >= walk.list.length)
		walk.index = ~0u;
	bpf_loop(walk.list.length, rr_step, &walk, 0);
	if (walk.found)
		svc->cursor.start = walk.index;
	return walk.found;
}

#endif
