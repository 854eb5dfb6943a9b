/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* What lblc and lblcr remember: the destinations of an address.
 *
 * An address that nobody asked for during the expiration (lblc_expiration, lblcr_expiration) is forgotten by a check
 * once in half an hour, counted from when its service got the scheduler. A look-up knows when the last check was, so
 * that an entry is absent from then on; its memory comes back within a minute (localities_sweep). Beyond 16,384
 * addresses of a service those go first that were not asked for in six minutes. */
#ifndef XLVS_LOCALITY_H
#define XLVS_LOCALITY_H

#include "maps.h"
#include "parse.h"

#define LOCALITY_CHECK_S 1800
#define LOCALITY_SWEEP_S 60
#define LOCALITY_IDLE_S 360
#define LOCALITY_CROWD 16384
#define LOCALITY_NUMBER_BITS 24
#define LOCALITY_NUMBER_MASK ((1u << LOCALITY_NUMBER_BITS) - 1)

/* What an entry begins with; it would not fit the stack. */
static const struct locality locality_empty;

static __always_inline __s64 locality_ticks(const struct settings *set, __u32 scheduler)
{
	__s64 seconds = set->sysctls[scheduler == SCHED_LBLCR ? SYSCTL_LBLCR_EXPIRATION : SYSCTL_LBLC_EXPIRATION];

	return seconds * ticks_per_second;
}

/* Whether the last check of the half hour took an entry away. */
static __always_inline int locality_is_over(const struct service *svc, const struct locality *entry, __s64 expiration,
					    __u32 now)
{
	__u32 since = now - svc->tenure_since, period = LOCALITY_CHECK_S * ticks_per_second;
	__s32 idle = now - since % period - entry->used;

	return since >= period && idle >= 0 && idle >= expiration;
}

static __always_inline void locality_key_set(struct locality_key *key, const struct service *svc, __u32 service,
					     const struct packet *p)
{
	key->addr = p->dst;
	key->service = service;
	key->tenure = svc->tenure;
}

/* The entry of an address, null where there is none. It counts as used now. */
static __always_inline struct locality *locality_find(const struct service *svc, const struct locality_key *key,
						      __s64 expiration, __u32 now)
{
	struct locality *entry = bpf_map_lookup_elem(&localities, key);

	if (!entry)
		return 0;
	if (locality_is_over(svc, entry, expiration, now)) {
		/* As a new one. Who uses it at this moment on another processor loses a member at most. */
		entry->count = 0;
		entry->changed = now;
	}
	entry->used = now;
	return entry;
}

/* A new entry, without members. Null when there is no room. */
static __always_inline struct locality *locality_new(struct service *svc, const struct locality_key *key, __u32 now)
{
	struct pool *pool_state = pool_get();
	struct locality *entry;

	if (pool_state && !bpf_map_update_elem(&localities, key, &locality_empty, BPF_NOEXIST)) {
		__sync_fetch_and_add(&svc->localities, 1);
		__sync_fetch_and_add(&pool_state->localities, 1);
	}
	entry = bpf_map_lookup_elem(&localities, key);
	if (entry) {
		entry->used = now;
		entry->changed = now;
	}
	return entry;
}

static __always_inline __u32 locality_member(const struct dest *dest, __u32 number)
{
	return dest->generation << LOCALITY_NUMBER_BITS | number;
}

/* The destination that a member stands for; null when its number serves another one now. */
static __always_inline struct dest *locality_dest(__u32 member)
{
	struct dest *dest = dest_get(member & LOCALITY_NUMBER_MASK);

	if (!dest || !member || (dest->generation & 0xff) != member >> LOCALITY_NUMBER_BITS)
		return 0;
	return dest;
}

static __always_inline int locality_lock(struct locality *entry)
{
	return !__sync_lock_test_and_set(&entry->lock, 1);
}

static __always_inline void locality_unlock(struct locality *entry)
{
	__sync_lock_test_and_set(&entry->lock, 0);
}

struct busy_walk {
	struct range list;
	__u32 service;
	__u32 half_idle;
};

static long busy_step(__u32 index, void *data)
{
	struct busy_walk *walk = data;
	struct dest *dest;
	__u32 number;

	dest = sched_at(walk->list, walk->service, index, &number);
	if (!dest || (__u64)dest->active * 2 >= dest->weight)
		return 0;
	walk->half_idle = 1;
	return 1;
}

/* More active connections than its weight, while another destination has less than half of its own. */
static __always_inline int locality_is_busy(const struct service *svc, __u32 service, const struct dest *dest)
{
	struct busy_walk walk = { .service = service };

	if (dest->active <= dest->weight)
		return 0;
	walk.list.all = svc->list.all;
	bpf_loop(walk.list.length, busy_step, &walk, 0);
	return walk.half_idle;
}

#endif
