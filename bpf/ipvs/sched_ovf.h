/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Overflow: the highest weight first, as failover, until it has more active connections than its weight; then the
 * next. Nobody once all are full. */
#ifndef XLVS_SCHED_OVF_H
#define XLVS_SCHED_OVF_H

static long ovf_step(__u32 index, void *data)
{
	struct fo_walk *walk = data;
	struct dest *dest;
	__u32 number;

	dest = sched_at(walk->table, walk->service, index, &number);
	if (!dest || !dest_is_usable(dest) || dest->active > dest->weight)
		return 0;
	walk->found = number;
	return 1;
}

__noinline __u32 sched_ovf(struct service *svc, __u32 service)
{
	struct fo_walk walk = { .service = service };

	if (!svc)
		return 0;
	walk.table.all = svc->table.all;
	bpf_loop(walk.table.length, ovf_step, &walk, 0);
	return walk.found;
}

#endif
