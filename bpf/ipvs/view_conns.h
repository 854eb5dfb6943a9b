/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* The views ip_vs_conn and ip_vs_conn_sync: connections that have not expired, those of a step's numbers. */
#ifndef XLVS_VIEW_CONNS_H
#define XLVS_VIEW_CONNS_H

#include "view_seq.h"

const volatile __u32 conns_per_step = 64; /* at most STEP_LINES */

static const char origin_names[2][8] = { "LOCAL", "SYNC" };

struct conn_walk {
	struct seq_file *seq;
	__u32 first;
	__u32 now;
	__u32 with_origin;
};

static __always_inline void view_addr(struct seq_file *seq, const struct addr *addr, __be16 port)
{
	if (addr_is_ipv4(addr))
		BPF_SEQ_PRINTF(seq, " %08X %04X", addr_ipv4(addr), __builtin_bswap16(port));
	else
		BPF_SEQ_PRINTF(seq, " %pI6 %04X", addr, __builtin_bswap16(port));
}

/* Engine and data of a template. */
static __always_inline void view_call(struct seq_file *seq, __u32 number)
{
	struct call *call = bpf_map_lookup_elem(&calls, &number);

	if (call)
		BPF_SEQ_PRINTF(seq, " sip %s", call->bytes);
}

static long conn_line(__u32 i, void *data)
{
	struct conn_walk *walk = data;
	__u32 number = walk->first + i;
	struct conn *conn = conn_get(number);
	__s32 left;
	struct dest *dest;
	__u64 protocol, state;

	if (!conn || !number || conn->word.life != LIFE_LIVE || conn->word.bits & (CONN_ONE_PACKET | CONN_COMPANION))
		return 0;
	left = (__s32)(conn->word.expires - walk->now);
	dest = dest_get(conn->dest);
	if (left <= 0 || !dest)
		return 0;
	protocol = protocol_name(conn->protocol & ~PROTOCOL_TEMPLATE);
	state = conn->protocol & PROTOCOL_TEMPLATE ? (__u64)template_names[bounded(conn->word.state, 1)] :
						     (__u64)state_names[bounded(conn->word.state, STATE_SLOTS - 1)];
	/* In one piece, where it is one format: a table of a million connections is read twice as fast. */
	if (addr_is_ipv4(&conn->client) && (conn->method == METHOD_BYPASS || addr_is_ipv4(&dest->addr))) {
		BPF_SEQ_PRINTF(walk->seq, "%-3s %08X %04X %08X %04X %08X %04X %-11s", protocol,
			       addr_ipv4(&conn->client), __builtin_bswap16(conn->cport), addr_ipv4(&conn->virtual),
			       __builtin_bswap16(conn->vport), addr_ipv4(&dest->addr), __builtin_bswap16(conn->dport),
			       state);
	} else {
		BPF_SEQ_PRINTF(walk->seq, "%-3s", protocol);
		view_addr(walk->seq, &conn->client, conn->cport);
		view_addr(walk->seq, &conn->virtual, conn->vport);
		view_addr(walk->seq, &dest->addr, conn->dport);
		BPF_SEQ_PRINTF(walk->seq, " %-11s", state);
	}
	if (walk->with_origin)
		BPF_SEQ_PRINTF(walk->seq, " %-6s %7u\n", (__u64)origin_names[conn_is_synced(conn)],
			       left / ticks_per_second);
	else
		BPF_SEQ_PRINTF(walk->seq, " %7u", left / ticks_per_second);
	if (!walk->with_origin && conn->protocol & PROTOCOL_TEMPLATE && conn->control)
		view_call(walk->seq, number);
	if (!walk->with_origin)
		BPF_SEQ_PRINTF(walk->seq, "\n");
	return 0;
}

static __always_inline void view_conns(struct seq_file *seq, __u32 step, int with_origin)
{
	struct conn_walk walk = {
		.seq = seq, .first = step * conns_per_step, .now = ticks_now(), .with_origin = with_origin
	};

	if (!step && with_origin)
		BPF_SEQ_PRINTF(seq, "Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       Origin Expires\n");
	else if (!step)
		BPF_SEQ_PRINTF(seq,
			       "Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       Expires PEName PEData\n");
	bpf_loop(conns_per_step, conn_line, &walk, 0);
}

#endif
