/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Counters: one line per destination and processor. Services and the total are sums of these. */
#ifndef XLVS_STATS_H
#define XLVS_STATS_H

#include "maps.h"

static __always_inline void stats_conn(__u32 dest)
{
	struct counters *c = bpf_map_lookup_elem(&dest_counters, &dest);

	if (c)
		c->conns++;
}

static __always_inline void stats_in(__u32 dest, __u32 bytes)
{
	struct counters *c = bpf_map_lookup_elem(&dest_counters, &dest);

	if (c) {
		c->inpkts++;
		c->inbytes += bytes;
	}
}

static __always_inline void stats_out(__u32 dest, __u32 bytes)
{
	struct counters *c = bpf_map_lookup_elem(&dest_counters, &dest);

	if (c) {
		c->outpkts++;
		c->outbytes += bytes;
	}
}

#endif
