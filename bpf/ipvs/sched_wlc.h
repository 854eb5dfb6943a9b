/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Weighted least connection: the least load per weight, compared by products; the newest wins a tie. */
#ifndef XLVS_SCHED_WLC_H
#define XLVS_SCHED_WLC_H

static long wlc_step(__u32 index, void *data)
{
	struct lc_walk *walk = data;
	struct dest *dest;
	__u32 number;
	__u64 load;

	dest = sched_at(walk->list, walk->service, index, &number);
	if (!dest || !dest_is_usable(dest))
		return 0;
	load = dest_load(dest);
	if (!walk->found || walk->load * dest->weight > load * walk->weight) {
		walk->found = number;
		walk->load = load;
		walk->weight = dest->weight;
	}
	return 0;
}

__noinline __u32 sched_wlc(struct service *svc, __u32 service)
{
	struct lc_walk walk = { .service = service };

	if (!svc)
		return 0;
	walk.list.all = svc->list.all;
	bpf_loop(walk.list.length, wlc_step, &walk, 0);
	return walk.found;
}

#endif
