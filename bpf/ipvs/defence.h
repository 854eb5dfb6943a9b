/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Defences against floods, as the kernel's: drop_packet drops every n-th packet that would begin a connection,
 * drop_entry ends half-open and idle connections at random, secure_tcp counts a client as connected only when its
 * server says so. Each has a mode: 0 off, 1 on while memory is short (2: it is), 3 on. */
#ifndef XLVS_DEFENCE_H
#define XLVS_DEFENCE_H

#include "timeout.h"

enum defence_mode {
	DEFENCE_OFF = 0,
	DEFENCE_READY = 1,
	DEFENCE_ACTIVE = 2,
	DEFENCE_ON = 3,
};

#define PAGES_MAX 0x7fffffff
#define DROP_ENTRY_PART 32 /* one in so many connections is looked at in a second */
#define DROP_ENTRY_IDLE_S 60
#define IDLE_PACKETS_MAX 8 /* a connection that had more is not ended */

/* Pages that nobody uses; what user space saw last where the kernel does not let programs read it. */
static __always_inline __s32 defence_free_pages(const struct settings *set)
{
	__u64 pages = set->free_pages;

	if (memory_readable && set->free_pages_at)
		bpf_probe_read_kernel(&pages, sizeof(pages), (void *)(unsigned long)set->free_pages_at);
	return pages < PAGES_MAX ? pages : PAGES_MAX;
}

/* The mode after a look at the memory; whether the defence is on follows from it. */
static __always_inline __s32 defence_mode_of(struct settings *set, __u32 which, int is_short)
{
	__s32 mode = set->sysctls[which & (SYSCTL_SLOTS - 1)];

	if (mode == DEFENCE_READY || mode == DEFENCE_ACTIVE) {
		mode = is_short ? DEFENCE_ACTIVE : DEFENCE_READY;
		set->sysctls[which & (SYSCTL_SLOTS - 1)] = mode;
	}
	return mode;
}

/* Once a second, and after a change of a mode. */
__noinline int defence_update(struct settings *set)
{
	__s32 limit, free_pages, drop_packet;

	if (!set)
		return -1;
	limit = set->sysctls[SYSCTL_AMEMTHRESH];
	free_pages = defence_free_pages(set);
	set->secure_tcp = defence_mode_of(set, SYSCTL_SECURE_TCP, free_pages < limit) > DEFENCE_READY;
	set->drop_entry = defence_mode_of(set, SYSCTL_DROP_ENTRY, free_pages < limit) > DEFENCE_READY;
	drop_packet = defence_mode_of(set, SYSCTL_DROP_PACKET, free_pages < limit);
	if (drop_packet == DEFENCE_ON)
		set->drop_rate = set->sysctls[SYSCTL_AM_DROPRATE];
	else if (drop_packet == DEFENCE_ACTIVE)
		set->drop_rate = (__u32)limit / (__u32)(limit - free_pages);
	else
		set->drop_rate = 0;
	return 0;
}

static __always_inline struct clockwork *clockwork_get(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&clockworks, &zero);
}

/* Is it the turn of this packet, which would begin a connection, to be dropped? */
__noinline int defence_drops(const struct settings *set)
{
	struct clockwork *clock = clockwork_get();

	if (!set || !clock || !set->drop_rate || --clock->drop_counter > 0)
		return 0;
	clock->drop_counter = set->drop_rate;
	return 1;
}

/* XDP leaves the packet to tc after all, which counts it again. */
static __always_inline void defence_uncount(const struct settings *set)
{
	struct clockwork *clock = clockwork_get();

	if (set->drop_rate && clock)
		clock->drop_counter++;
}

/* Of connections with few packets that were idle for a minute every n-th goes, n being the packets that the client has
 * sent. */
static __always_inline int defence_takes_idle(struct clockwork *clock, struct conn_word word, __u32 timeout, __u32 now)
{
	__u32 packets = word.bits >> CONN_PACKETS_SHIFT & CONN_PACKETS_MASK;

	if (timeout - (word.expires - now) < DROP_ENTRY_IDLE_S * ticks_per_second)
		return 0;
	if (!packets || packets > IDLE_PACKETS_MAX || --clock->idle_counters[bounded(packets, CONN_PACKETS_MASK)] > 0)
		return 0;
	clock->idle_counters[bounded(packets, CONN_PACKETS_MASK)] = packets;
	return 1;
}

/* With drop_entry: does this connection, which the sweeper just sees, end? It sees each one about once a second. */
__noinline int defence_takes(const struct conn *conn, const struct settings *set, __u32 now)
{
	struct clockwork *clock = clockwork_get();
	struct conn_word word;
	__u8 state;

	if (!conn || !set || !clock || !set->drop_entry || bpf_get_prandom_u32() % DROP_ENTRY_PART)
		return 0;
	word.all = conn->word.all;
	state = word.state;
	if (state == STATE_SYN_RECV || state == STATE_SYNACK || state == STATE_SCTP_INIT1 || state == STATE_SCTP_INIT)
		return 1;
	if (state != STATE_ESTABLISHED && state != STATE_SCTP_ESTABLISHED && state != STATE_UDP)
		return 0;
	return defence_takes_idle(clock, word, state_timeout(conn, set, state), now);
}

#endif
