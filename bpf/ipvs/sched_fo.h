/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Failover: the usable destination with the highest weight, the newest of several. User space keeps the table in that
 * order, so that the first one is nearly always it. */
#ifndef XLVS_SCHED_FO_H
#define XLVS_SCHED_FO_H

struct fo_walk {
	struct range table;
	__u32 service;
	__u32 found;
};

static long fo_step(__u32 index, void *data)
{
	struct fo_walk *walk = data;
	struct dest *dest;
	__u32 number;

	dest = sched_at(walk->table, walk->service, index, &number);
	if (!dest || !dest_is_usable(dest))
		return 0;
	walk->found = number;
	return 1;
}

__noinline __u32 sched_fo(struct service *svc, __u32 service)
{
	struct fo_walk walk = { .service = service };

	if (!svc)
		return 0;
	walk.table.all = svc->table.all;
	bpf_loop(walk.table.length, fo_step, &walk, 0);
	return walk.found;
}

#endif
