/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Locality-based least connection, for caches: an address keeps its destination until that is gone, without weight, or
 * busy while another is half idle. A new one is chosen as wlc does. */
#ifndef XLVS_SCHED_LBLC_H
#define XLVS_SCHED_LBLC_H

#include "locality.h"

static __always_inline __u32 lblc_kept(const struct service *svc, __u32 service, const struct locality *entry)
{
	__u32 member = entry->members[0];
	struct dest *dest = locality_dest(member);

	if (!entry->count || !dest || dest->service != service || !dest->weight)
		return 0;
	return locality_is_busy(svc, service, dest) ? 0 : member & LOCALITY_NUMBER_MASK;
}

__noinline __u32 sched_lblc(struct service *svc, __u32 service, const struct packet *p, const struct settings *set)
{
	struct locality_key key = {};
	__u32 now = ticks_now(), kept, chosen;
	struct locality *entry;
	struct dest *dest;

	if (!svc || !p || !set)
		return 0;
	locality_key_set(&key, svc, service, p);
	entry = locality_find(svc, &key, locality_ticks(set, SCHED_LBLC), now);
	kept = entry ? lblc_kept(svc, service, entry) : 0;
	if (kept)
		return kept;
	chosen = sched_wlc(svc, service);
	dest = dest_get(chosen);
	if (!chosen || !dest)
		return 0;
	if (!entry)
		entry = locality_new(svc, &key, now);
	if (entry) {
		entry->members[0] = locality_member(dest, chosen);
		entry->count = 1;
	}
	return chosen;
}

#endif
