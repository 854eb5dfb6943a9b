/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* How long the ticks of the timer take: packets of its processor wait for them. */
#ifndef XLVS_TICK_TIMES_H
#define XLVS_TICK_TIMES_H

#include "maps.h"

/* A tick that began at `begin` (ns, monotonic) is over. */
static __always_inline void tick_note(__u64 begin)
{
	__u64 taken = bpf_ktime_get_ns() - begin, class = taken / TICK_CLASS_NS;
	struct tick_times *times;
	__u32 zero = 0;

	times = bpf_map_lookup_elem(&ticks_taken, &zero);
	if (!times)
		return;
	if (taken > times->longest_ns)
		times->longest_ns = taken;
	times->by_length[class < TICK_CLASSES ? bounded(class, TICK_CLASSES - 1) : TICK_CLASSES - 1]++;
}

#endif
