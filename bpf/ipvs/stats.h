/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Counters: one line per destination and processor. Services and the total are sums of these. */
#ifndef XLVS_STATS_H
#define XLVS_STATS_H

#include "maps.h"
#include "parse.h"

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

/* The kernel's hook for answers sees the ICMP errors that it sends for connections whose answers it does not translate,
 * if it can look the connection up. */
static __always_inline enum verdict stats_answered(ctx_t *ctx, const struct conn *conn, enum verdict verdict)
{
	if (!CTX_IS_XDP && verdict == VERDICT_ANSWERED && !(conn->word.bits & CONN_ONE_PACKET))
		stats_out(conn->dest, ctx_length(ctx) - L3);
	return verdict;
}

/* Bytes that belong to a packet which was counted. */
static __always_inline void stats_bytes(__u32 dest, __u32 bytes, __u32 out)
{
	struct counters *c = bpf_map_lookup_elem(&dest_counters, &dest);

	if (c && out)
		c->outbytes += bytes;
	else if (c)
		c->inbytes += bytes;
}

#endif
