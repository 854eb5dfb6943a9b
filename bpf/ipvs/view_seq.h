/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* What every view needs: the context of an iterator over a map's elements, and names of numbers.
 *
 * A view walks a map only to be called often enough: what a call prints follows from the element's index, a step.
 * The kernel shows a step again when its text did not fit the reader's buffer, and gives up when one step alone
 * prints more than 8 pages; so a step prints the same when it is repeated, and never more than STEP_LINES lines. */
#ifndef XLVS_VIEW_SEQ_H
#define XLVS_VIEW_SEQ_H

#include <linux/bpf.h>
#include "maps.h"

#define STEP_LINES 200
#define HALF_OF_MAPPED 0xffff0000 /* bytes 8 to 11 of ::ffff:0:0/96, little-endian */

struct seq_file;

/* Kernel types; the loader finds the members' places in the running kernel. */
struct bpf_iter_meta {
	struct seq_file *seq;
	__u64 session_id;
	__u64 seq_num;
} __attribute__((preserve_access_index));

struct bpf_iter__bpf_map_elem {
	struct bpf_iter_meta *meta;
	void *map;
	void *key;
	void *value;
};

static const char scheduler_names[16][8] = {
	[SCHED_NONE] = "none", [SCHED_RR] = "rr",       [SCHED_WRR] = "wrr", [SCHED_LC] = "lc", [SCHED_WLC] = "wlc",
	[SCHED_LBLC] = "lblc", [SCHED_LBLCR] = "lblcr", [SCHED_DH] = "dh",   [SCHED_SH] = "sh", [SCHED_SED] = "sed",
	[SCHED_NQ] = "nq",     [SCHED_FO] = "fo",       [SCHED_OVF] = "ovf", [SCHED_MH] = "mh", [SCHED_TWOS] = "twos",
};

static const char method_names[8][8] = {
	[METHOD_MASQUERADE] = "Masq",    [METHOD_LOCAL] = "Local",   [METHOD_TUNNEL] = "Tunnel",
	[METHOD_DIRECT_ROUTE] = "Route", [METHOD_BYPASS] = "Bypass", [METHOD_FULL_NAT] = "FullNat",
};

static const char state_names[STATE_SLOTS][12] = {
	[STATE_NONE] = "NONE",
	[STATE_ESTABLISHED] = "ESTABLISHED",
	[STATE_SYN_SENT] = "SYN_SENT",
	[STATE_SYN_RECV] = "SYN_RECV",
	[STATE_FIN_WAIT] = "FIN_WAIT",
	[STATE_TIME_WAIT] = "TIME_WAIT",
	[STATE_CLOSE] = "CLOSE",
	[STATE_CLOSE_WAIT] = "CLOSE_WAIT",
	[STATE_LAST_ACK] = "LAST_ACK",
	[STATE_LISTEN] = "LISTEN",
	[STATE_SYNACK] = "SYNACK",
	[STATE_UDP] = "UDP",
	[STATE_SCTP_INIT1] = "INIT1",
	[STATE_SCTP_INIT] = "INIT",
	[STATE_SCTP_C_SENT] = "C-SENT",
	[STATE_SCTP_C_REPLIED] = "C-REPLIED",
	[STATE_SCTP_C_WAIT] = "C-WAIT",
	[STATE_SCTP_COOKIE] = "COOKIE",
	[STATE_SCTP_C_ECHOED] = "C-ECHOED",
	[STATE_SCTP_ESTABLISHED] = "ESTABLISHED",
	[STATE_SCTP_S_SENT] = "S-SENT",
	[STATE_SCTP_S_RECEIVED] = "S-RECEIVED",
	[STATE_SCTP_S_ACK_SENT] = "S-ACK-SENT",
	[STATE_SCTP_REJECTED] = "REJECTED",
	[STATE_SCTP_CLOSED] = "CLOSED",
};

static const char template_names[2][12] = { [TEMPLATE_NONE] = "NONE", [TEMPLATE_ASSURED] = "ASSURED" };

static const char protocol_names[4][8] = { "TCP", "UDP", "SCTP", "IP" };

static __always_inline __u64 protocol_name(__u8 protocol)
{
	__u32 row = protocol == 6 ? 0 : protocol == 17 ? 1 : protocol == 132 ? 2 : 3;

	return (__u64)protocol_names[bounded(row, 3)];
}

static __always_inline int addr_is_ipv4(const struct addr *addr)
{
	return !addr->halves[0] && addr->words[2] == HALF_OF_MAPPED;
}

static __always_inline __u32 addr_ipv4(const struct addr *addr)
{
	return __builtin_bswap32(addr->words[3]);
}

/* The index of the element that is shown; ~0 after the last one. */
static __always_inline __u32 view_step(const struct bpf_iter__bpf_map_elem *ctx)
{
	__u32 *step = ctx->key;

	return step ? *step : ~0u;
}

#endif
