/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* The numbers that the listings show: every 2 seconds the counters are summed up over the processors and
 * the rates follow, old x 3/4 + new / 4, with the fixed point and the rounding of the kernel's estimator. */
#ifndef XLVS_ESTIMATE_H
#define XLVS_ESTIMATE_H

#include "maps.h"

#define ESTIMATE_PERIOD_S 2
#define ESTIMATE_BUDGET 2048 /* destinations and services per tick of the timer */
#define EDIT_TICKS 64 /* as far ahead as an edit is announced */
#define RATE_SHIFT 9 /* events per period -> events per second << 10 */
#define RATE_BYTES_SHIFT 4 /* the same << 5 */

static __always_inline void counters_add(struct counters *to, const struct counters *from)
{
	to->conns += from->conns;
	to->inpkts += from->inpkts;
	to->outpkts += from->outpkts;
	to->inbytes += from->inbytes;
	to->outbytes += from->outbytes;
}

static __always_inline __u64 rate_follow(__u64 rate, __u64 now, __u64 before, __u32 shift)
{
	__s64 fresh = now > before ? (now - before) << shift : 0;

	return rate + ((fresh - (__s64)rate) >> 2);
}

static __always_inline void estimate_update(struct estimate *est, const struct counters *now)
{
	est->cps = rate_follow(est->cps, now->conns, est->seen.conns, RATE_SHIFT);
	est->inpps = rate_follow(est->inpps, now->inpkts, est->seen.inpkts, RATE_SHIFT);
	est->outpps = rate_follow(est->outpps, now->outpkts, est->seen.outpkts, RATE_SHIFT);
	est->inbps = rate_follow(est->inbps, now->inbytes, est->seen.inbytes, RATE_BYTES_SHIFT);
	est->outbps = rate_follow(est->outbps, now->outbytes, est->seen.outbytes, RATE_BYTES_SHIFT);
	est->seen = *now;
}

struct cpu_sum {
	__u32 dest;
	struct counters sum;
};

static long cpu_sum_step(__u32 cpu, void *data)
{
	struct cpu_sum *walk = data;
	struct counters *c = bpf_map_lookup_percpu_elem(&dest_counters, &walk->dest, cpu);

	if (!c)
		return 1;
	counters_add(&walk->sum, c);
	return 0;
}

static __noinline int estimate_dest(struct clockwork *clock, __u32 number)
{
	struct cpu_sum walk = { .dest = number };
	struct estimate *est;

	/* What a free number counted for its former destination is part of the total too. */
	if (!clock)
		return 0;
	bpf_loop(possible_cpus, cpu_sum_step, &walk, 0);
	counters_add(&clock->total, &walk.sum);
	est = bpf_map_lookup_elem(&dest_estimates, &number);
	if (est)
		estimate_update(est, &walk.sum);
	return 0;
}

struct service_sum {
	struct range list;
	struct counters sum;
};

static long service_sum_step(__u32 index, void *data)
{
	struct service_sum *walk = data;
	__u32 number = slot_get(walk->list.start + index);
	struct estimate *est = bpf_map_lookup_elem(&dest_estimates, &number);

	if (est && number)
		counters_add(&walk->sum, &est->seen);
	return 0;
}

static __noinline int estimate_service(__u32 number)
{
	struct estimate *est = bpf_map_lookup_elem(&service_estimates, &number);
	struct service *svc = service_get(number);
	struct service_sum walk = {};

	if (!est || !svc || !(svc->flags & SERVICE_LIVE))
		return 0;
	walk.list.all = svc->list.all;
	walk.sum = est->base;
	bpf_loop(walk.list.length, service_sum_step, &walk, 0);
	estimate_update(est, &walk.sum);
	return 0;
}

struct estimate_walk {
	struct clockwork *clock;
	const struct settings *set;
};

/* Position in a round: destinations from 0 (what is nobody's any more) on, then services from 1 on. */
static long estimate_step(__u32 i, void *data)
{
	struct estimate_walk *walk = data;
	__u32 zero = 0, at = walk->clock->estimate_next, dests_end = walk->set->dest_high + 1;
	struct estimate *est;

	if (at < dests_end) {
		estimate_dest(walk->clock, at);
	} else if (at < dests_end + walk->set->service_high) {
		estimate_service(at - dests_end + 1);
	} else {
		est = bpf_map_lookup_elem(&service_estimates, &zero);
		if (est)
			estimate_update(est, &walk->clock->total);
		walk->clock->estimate_next = ~0u;
		return 1;
	}
	walk->clock->estimate_next = at + 1;
	return 0;
}

static __always_inline void estimate_slice(struct clockwork *clock, const struct settings *set)
{
	struct estimate_walk walk = { .clock = clock, .set = set };
	__u32 now = ticks_now();

	/* An editor moves counters between destinations and services: see the sum before or after, not amid.
	 * One that died amid holds the estimator up no longer than its announcement says, and one of long ago (or
	 * the zero of a fresh table) does not come round again with the clock. */
	if (set->editing_until - now - 1 < EDIT_TICKS)
		return;
	if (clock->estimate_next == ~0u) {
		if (now - clock->estimate_start < ESTIMATE_PERIOD_S * ticks_per_second ||
		    !set->sysctls[SYSCTL_RUN_ESTIMATION])
			return;
		/* Keep the pace; after a pause begin anew. */
		clock->estimate_start += ESTIMATE_PERIOD_S * ticks_per_second;
		if (now - clock->estimate_start >= ESTIMATE_PERIOD_S * ticks_per_second)
			clock->estimate_start = now;
		clock->estimate_next = 0;
		__builtin_memset(&clock->total, 0, sizeof(clock->total));
	}
	bpf_loop(ESTIMATE_BUDGET, estimate_step, &walk, 0);
}

#endif
