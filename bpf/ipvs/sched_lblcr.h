/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* lblc with replication: an address has a set of destinations, of which the least loaded serves. One more joins while
 * they are busy; when the set has not changed for lblcr_expiration, the most loaded leaves.
 *
 * Who finds the set locked by another processor leaves it as it is; a later packet changes it. */
#ifndef XLVS_SCHED_LBLCR_H
#define XLVS_SCHED_LBLCR_H

#include "locality.h"

struct lblcr_walk {
	const struct locality *entry;
	__u32 service;
	__u32 count;
	struct lc_walk best;
};

/* Members newest first, as in the kernel's list. */
static __always_inline __u32 lblcr_member(const struct lblcr_walk *walk, __u32 step)
{
	return walk->entry->members[bounded(walk->count - 1 - step, LOCALITY_MEMBERS - 1)];
}

static long lblcr_least_step(__u32 step, void *data)
{
	struct lblcr_walk *walk = data;
	__u32 member = lblcr_member(walk, step);
	struct dest *dest = locality_dest(member);

	if (dest && dest->service == walk->service && dest_is_usable(dest))
		lc_take_lighter(&walk->best, dest, member, dest_load(dest));
	return 0;
}

/* Deleted destinations too: they are to leave the set. */
static long lblcr_most_step(__u32 step, void *data)
{
	struct lblcr_walk *walk = data;
	__u32 member = lblcr_member(walk, step);
	struct dest *dest = locality_dest(member);
	struct lc_walk *most = &walk->best;

	if (!dest || !dest->weight || (most->found && most->load * dest->weight >= dest_load(dest) * most->weight))
		return 0;
	most->found = member;
	most->load = dest_load(dest);
	most->weight = dest->weight;
	return 0;
}

static __always_inline __u32 lblcr_count(const struct locality *entry)
{
	return entry->count <= LOCALITY_MEMBERS ? entry->count : LOCALITY_MEMBERS;
}

/* The least loaded member that is usable, 0: none. */
static __always_inline __u32 lblcr_least(const struct locality *entry, __u32 service)
{
	struct lblcr_walk walk = { .entry = entry, .service = service, .count = lblcr_count(entry) };

	bpf_loop(walk.count, lblcr_least_step, &walk, 0);
	return walk.best.found;
}

static __always_inline __u32 lblcr_most(const struct locality *entry)
{
	struct lblcr_walk walk = { .entry = entry, .count = lblcr_count(entry) };

	bpf_loop(walk.count, lblcr_most_step, &walk, 0);
	return walk.best.found;
}

/* Take out a member; those after it move up. */
static __always_inline void lblcr_erase(struct locality *entry, __u32 member, __u32 now)
{
	int gone = 0;

	for (__u32 i = 0; i < LOCALITY_MEMBERS - 1; i++) {
		if (entry->members[i] == member)
			gone = 1;
		if (gone)
			entry->members[i] = entry->members[i + 1];
	}
	entry->count = lblcr_count(entry) - 1;
	entry->changed = now;
}

static __always_inline int lblcr_has(const struct locality *entry, __u32 member)
{
	__u32 count = lblcr_count(entry);

	for (__u32 i = 0; i < LOCALITY_MEMBERS; i++) {
		if (i >= count)
			return 0;
		if (entry->members[i] == member)
			return 1;
	}
	return 0;
}

/* The most loaded member leaves. */
static __noinline int lblcr_shrink(struct locality *entry, __u32 now)
{
	__u32 most;

	if (!entry || !locality_lock(entry))
		return -1;
	most = lblcr_most(entry);
	if (most)
		lblcr_erase(entry, most, now);
	locality_unlock(entry);
	return 0;
}

/* A member joins, if it is none yet and there is room. */
static __noinline int lblcr_join(struct locality *entry, __u32 member, __u32 now)
{
	__u32 count;

	if (!entry || !locality_lock(entry))
		return -1;
	count = lblcr_count(entry);
	if (count < LOCALITY_MEMBERS && !lblcr_has(entry, member)) {
		entry->members[bounded(count, LOCALITY_MEMBERS - 1)] = member;
		entry->count = count + 1;
		entry->changed = now;
	}
	locality_unlock(entry);
	return 0;
}

__noinline __u32 sched_lblcr(struct service *svc, __u32 service, const struct packet *p, const struct settings *set)
{
	__u32 now = ticks_now(), least = 0, chosen;
	struct locality_key key = {};
	struct locality *entry;
	struct dest *dest;

	if (!svc || !p || !set)
		return 0;
	locality_key_set(&key, svc, service, p);
	entry = locality_find(svc, &key, locality_ticks(set, SCHED_LBLCR), now);
	if (entry) {
		least = lblcr_least(entry, service);
		if (entry->count > 1 && (__s32)(now - entry->changed) > locality_ticks(set, SCHED_LBLCR))
			lblcr_shrink(entry, now);
		dest = locality_dest(least);
		if (dest && !locality_is_busy(svc, service, dest))
			return least & LOCALITY_NUMBER_MASK;
	}
	chosen = sched_wlc(svc, service);
	dest = dest_get(chosen);
	if (!chosen || !dest)
		return 0;
	if (!entry)
		entry = locality_new(svc, &key, now);
	if (entry)
		lblcr_join(entry, locality_member(dest, chosen), now);
	return chosen;
}

#endif
