/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Weighted least connection: the least load per weight; the newest wins a tie. */
#ifndef XLVS_SCHED_WLC_H
#define XLVS_SCHED_WLC_H

static long wlc_step(__u32 index, void *data)
{
	struct lc_walk *walk = data;
	struct dest *dest;
	__u32 number;

	dest = sched_at(walk->list, walk->service, index, &number);
	if (dest && dest_is_usable(dest))
		lc_take_lighter(walk, dest, number, dest_load(dest));
	return 0;
}

__noinline __u32 sched_wlc(struct service *svc, __u32 service)
{
	return lc_choose(svc, service, wlc_step);
}

#endif
