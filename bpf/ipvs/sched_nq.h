/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Never queue: the newest destination without active connections, be another one faster or not; where nobody is
 * idle, as sed. */
#ifndef XLVS_SCHED_NQ_H
#define XLVS_SCHED_NQ_H

static long nq_step(__u32 index, void *data)
{
	struct lc_walk *walk = data;
	struct dest *dest;
	__u32 number;

	dest = sched_at(walk->list, walk->service, index, &number);
	if (!dest || !dest_is_usable(dest))
		return 0;
	if (!dest->active) {
		walk->found = number;
		return 1;
	}
	lc_take_lighter(walk, dest, number, dest_delay(dest));
	return 0;
}

__noinline __u32 sched_nq(struct service *svc, __u32 service)
{
	return lc_choose(svc, service, nq_step);
}

#endif
