/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Destination hashing: the virtual address picks one of 256 buckets that user space filled in turn. */
#ifndef XLVS_SCHED_DH_H
#define XLVS_SCHED_DH_H

__noinline __u32 sched_dh(struct service *svc, __u32 service, const struct packet *p)
{
	struct range table;

	if (!svc || !p)
		return 0;
	table.all = svc->table.all;
	return sh_usable(table, service, sh_bucket(sh_fold(&p->dst, p->family)));
}

#endif
