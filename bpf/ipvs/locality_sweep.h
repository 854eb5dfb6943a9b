/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Giving back what lblc and lblcr remember no longer, once a minute: of services that are gone or have another
 * scheduler now, what expired, and of crowded services what was not asked for in six minutes. */
#ifndef XLVS_LOCALITY_SWEEP_H
#define XLVS_LOCALITY_SWEEP_H

#include "locality.h"

struct locality_sweep {
	const struct settings *set;
	struct pool *pool_state;
	__u32 now;
};

static __always_inline int locality_goes(struct service *svc, const struct locality *entry,
					 const struct locality_sweep *sweep)
{
	if (svc->localities > LOCALITY_CROWD && sweep->now - entry->used >= LOCALITY_IDLE_S * ticks_per_second)
		return 1;
	return locality_is_over(svc, entry, locality_ticks(sweep->set, svc->scheduler), sweep->now);
}

static long locality_sweep_step(void *map, const struct locality_key *key, struct locality *entry,
				struct locality_sweep *sweep)
{
	struct service *svc = service_get(key->service);
	int lives = svc && svc->flags & SERVICE_LIVE && svc->tenure == key->tenure &&
		    (svc->scheduler == SCHED_LBLC || svc->scheduler == SCHED_LBLCR);

	if (lives && !locality_goes(svc, entry, sweep))
		return 0;
	if (bpf_map_delete_elem(&localities, key))
		return 0;
	__sync_fetch_and_add(&sweep->pool_state->localities, -1);
	if (lives)
		__sync_fetch_and_add(&svc->localities, -1);
	return 0;
}

static __always_inline void localities_sweep(const struct settings *set)
{
	struct pool *pool_state = pool_get();
	struct locality_sweep sweep = { .set = set, .pool_state = pool_state, .now = ticks_now() };

	if (!pool_state || !pool_state->localities ||
	    sweep.now - pool_state->localities_checked < LOCALITY_SWEEP_S * ticks_per_second)
		return;
	pool_state->localities_checked = sweep.now;
	bpf_for_each_map_elem(&localities, locality_sweep_step, &sweep, 0);
}

#endif
