/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Shortest expected delay: the least (active + 1) per weight, the newest wins a tie. Inactive connections do not
 * count. */
#ifndef XLVS_SCHED_SED_H
#define XLVS_SCHED_SED_H

static long sed_step(__u32 index, void *data)
{
	struct lc_walk *walk = data;
	struct dest *dest;
	__u32 number;

	dest = sched_at(walk->list, walk->service, index, &number);
	if (dest && dest_is_usable(dest))
		lc_take_lighter(walk, dest, number, dest_delay(dest));
	return 0;
}

__noinline __u32 sched_sed(struct service *svc, __u32 service)
{
	return lc_choose(svc, service, sed_step);
}

#endif
