/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Choosing a destination for a new connection. One header per scheduler; a scheduler is a function that
 * returns the number of a usable destination, or 0. All walk the list newest first, as the kernel does, or know what
 * that would lead to. */
#ifndef XLVS_SCHED_H
#define XLVS_SCHED_H

#include "dest.h"
#include "parse.h"
#include "tree.h"

/* A destination of a service by its place in the list. Null also when the list is just being replaced
 * and the place holds another service's. */
static __always_inline struct dest *sched_at(struct range list, __u32 service, __u32 index, __u32 *number)
{
	struct dest *dest;

	*number = slot_get(list.start + index);
	dest = dest_get(*number);
	return dest && *number && dest->service == service ? dest : 0;
}

#include "sched_rr.h"
#include "sched_wrr.h"
#include "sched_lc.h"
#include "sched_wlc.h"
#include "sched_sed.h"
#include "sched_nq.h"
#include "sched_fo.h"
#include "sched_ovf.h"
#include "sched_twos.h"
#include "sched_sh.h"
#include "sched_dh.h"
#include "sched_mh.h"
#include "sched_lblc.h"
#include "sched_lblcr.h"

static __always_inline __u32 schedule(struct service *svc, __u32 service, const struct packet *p,
				      const struct settings *set)
{
	tree_prepare(svc, service);
	switch (svc->scheduler) {
	case SCHED_RR:
		return sched_rr(svc, service);
	case SCHED_WRR:
		return sched_wrr(svc, service);
	case SCHED_LC:
		return sched_lc(svc, service);
	case SCHED_WLC:
		return sched_wlc(svc, service);
	case SCHED_SH:
		return sched_sh(svc, service, p);
	case SCHED_LBLC:
		return sched_lblc(svc, service, p, set);
	case SCHED_LBLCR:
		return sched_lblcr(svc, service, p, set);
	case SCHED_DH:
		return sched_dh(svc, service, p);
	case SCHED_SED:
		return sched_sed(svc, service);
	case SCHED_NQ:
		return sched_nq(svc, service);
	case SCHED_FO:
		return sched_fo(svc, service);
	case SCHED_OVF:
		return sched_ovf(svc, service);
	case SCHED_MH:
		return sched_mh(svc, service, p);
	case SCHED_TWOS:
		return sched_twos(svc, service);
	}
	return 0;
}

#endif
