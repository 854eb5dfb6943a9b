/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Telling other directors of connections: which packet is the reason to, by the kernel's rules, and the way to the
 * process that sends. Nothing of this runs while no daemon is configured. */
#ifndef XLVS_SYNC_H
#define XLVS_SYNC_H

#include "template.h"
#include "verdict.h"

/* On the wire: the kernel's flags of a connection; the lower three bits are the forwarding method. */
enum wire_flags {
	WIRE_METHOD = 0x7,
	WIRE_SYNCED = 0x20,
	WIRE_NO_ANSWERS = 0x80,
	WIRE_INACTIVE = 0x100,
	WIRE_TEMPLATE = 0x1000,
};

enum {
	WIRE_IPV4_BYTES = 36,
	WIRE_IPV6_BYTES = 72,
	SYNC_RECORD_BYTES = sizeof(struct sync_entry) + 8, /* in the ring */
	SYNC_WAKE_BYTES = 8192, /* the process is woken each time that so much is there; else it looks every second */
};

/* States worth telling of: what is there to be lost, or ends. */
#define SYNC_STATES                                                                                          \
	(1u << STATE_ESTABLISHED | 1u << STATE_FIN_WAIT | 1u << STATE_TIME_WAIT | 1u << STATE_CLOSE |        \
	 1u << STATE_CLOSE_WAIT | 1u << STATE_UDP | 1u << STATE_SCTP_ESTABLISHED | 1u << STATE_SCTP_S_SENT | \
	 1u << STATE_SCTP_S_RECEIVED | 1u << STATE_SCTP_S_ACK_SENT | 1u << STATE_SCTP_CLOSED)

/* A backup that is told to keep still balances nothing; answers of what it had go on. */
static __always_inline int sync_is_idle(const struct settings *set)
{
	return set->sync & SYNC_BACKUP && set->sysctls[SYSCTL_BACKUP_ONLY];
}

/* Did the packet count for its connection? */
static __always_inline int sync_counts(enum verdict verdict)
{
	return verdict != VERDICT_HAND_UP && verdict != DROP_DESTINATION_GONE;
}

static __always_inline struct sync_track *sync_track_get(__u32 number)
{
	__u32 zero = 0;
	void *tracks = bpf_map_lookup_elem(&sync_tracks, &zero);

	return tracks ? bpf_map_lookup_elem(tracks, &number) : 0;
}

/* A template begins: what was told of the entry's former owner does not count for it. */
__noinline int sync_begin(__u32 number)
{
	struct sync_track *track = sync_track_get(number);

	if (!track)
		return -1;
	__builtin_memset(track, 0, sizeof(*track));
	track->known = 1;
	return 0;
}

static __always_inline void sync_fill(struct sync_entry *entry, const struct conn *conn, struct conn_word word,
				      __u32 timeout)
{
	struct dest *dest = dest_get(conn->dest);
	__u32 flags = conn->method & WIRE_METHOD, state = word.state;

	if (word.bits & CONN_SYNCED)
		flags |= WIRE_SYNCED;
	if (word.bits & CONN_INACTIVE)
		flags |= WIRE_INACTIVE;
	if (conn_is_template(conn)) {
		flags |= WIRE_TEMPLATE;
		if (conn->method != METHOD_MASQUERADE)
			flags |= WIRE_NO_ANSWERS;
	} else {
		if (word.bits & CONN_NO_ANSWERS)
			flags |= WIRE_NO_ANSWERS;
		if (state >= STATE_UDP)
			state -= STATE_UDP;
	}
	entry->protocol = conn->protocol & ~PROTOCOL_TEMPLATE;
	entry->flags = bpf_htonl(flags);
	entry->state = bpf_htons(state);
	entry->cport = conn->cport;
	entry->vport = conn->vport;
	entry->dport = conn->dport;
	entry->timeout_s = bpf_htonl(timeout / ticks_per_second);
	entry->client = conn->client;
	entry->virtual = conn->virtual;
	entry->type = !addr_is_mapped(&conn->client);
	entry->size = bpf_htons(entry->type ? WIRE_IPV6_BYTES : WIRE_IPV4_BYTES);
	entry->fwmark = 0;
	if (dest && conn->dest) {
		entry->dest = dest->addr;
		entry->fwmark = bpf_htonl(dest->service_key.fwmark);
	} else {
		addr_set_ipv4(&entry->dest, 0);
		if (entry->type)
			entry->dest.words[2] = 0;
	}
	entry->call = conn_is_template(conn) && conn->control;
}

/* One more that the process will not hear of. */
static __always_inline void sync_lose(void)
{
	__u32 zero = 0;
	struct sync_daemon *daemon = bpf_map_lookup_elem(&sync_daemons, &zero);

	if (daemon)
		__sync_fetch_and_add(&daemon->lost, 1);
}

/* Hand a connection to the process that sends. */
__noinline int sync_tell(const struct conn *conn, __u32 number, __u32 timeout)
{
	__u32 zero = 0;
	void *ring = bpf_map_lookup_elem(&sync_rings, &zero);
	struct sync_entry *entry;
	struct conn_word word;
	__u64 waiting;

	if (!conn || !ring)
		return -1;
	word.all = conn->word.all;
	entry = bpf_ringbuf_reserve(ring, sizeof(*entry), 0);
	if (!entry) {
		sync_lose();
		return -1;
	}
	sync_fill(entry, conn, word, timeout);
	entry->number = number;
	/* Of what was there before this one: nothing, or the next portion. */
	waiting = bpf_ringbuf_query(ring, BPF_RB_AVAIL_DATA) - SYNC_RECORD_BYTES;
	waiting &= SYNC_WAKE_BYTES - 1;
	bpf_ringbuf_submit(entry, waiting < SYNC_RECORD_BYTES ? BPF_RB_FORCE_WAKEUP : BPF_RB_NO_WAKEUP);
	return 0;
}

/* With a refresh period, is it too early to repeat what was told? `end` then counts the repetition in its lower bits. */
static __always_inline int sync_is_early(const struct sync_track *track, __u32 *end, __u32 timeout, __u32 refresh,
					 const struct settings *set, __u32 now)
{
	__u32 least = timeout / 2, retries = track->end & 3;
	__s32 moved = (__s32)(*end - track->end);

	if (least < 10 * ticks_per_second)
		least = 10 * ticks_per_second;
	if (!track->told || (__u32)(moved < 0 ? -moved : moved) >= (refresh < least ? refresh : least))
		return 0;
	if ((__s32)retries >= set->sysctls[SYSCTL_SYNC_RETRIES] ||
	    (__s32)(now - (track->end - timeout + refresh / 8)) < 0)
		return 1;
	*end |= retries + 1;
	return 0;
}

/* Is the packet of a state change, which is told at once? */
static __always_inline int sync_is_change(const struct sync_track *track, __u8 state)
{
	return state != STATE_UDP && state != track->state;
}

static __always_inline int sync_is_due(struct sync_track *track, struct conn_word word, int template, __u32 timeout,
				       const struct settings *set, __u32 now)
{
	__u32 refresh = set->sysctls[SYSCTL_SYNC_REFRESH_PERIOD] * ticks_per_second;
	__s32 period = set->sysctls[SYSCTL_SYNC_THRESHOLD_PERIOD];
	__u32 threshold = set->sysctls[SYSCTL_SYNC_THRESHOLD];
	__u32 end = (now + timeout) & ~3u, former = track->end;
	int change = !template && sync_is_change(track, word.state);

	if (!change || word.state == STATE_ESTABLISHED || word.state == STATE_SCTP_ESTABLISHED) {
		if (set->sysctls[SYSCTL_SYNC_REFRESH_PERIOD] > 0 &&
		    sync_is_early(track, &end, timeout, refresh, set, now))
			return 0;
		if (period > 0) {
			if (!template && track->packets % (__u32)period != threshold)
				return 0;
		} else if (!set->sysctls[SYSCTL_SYNC_REFRESH_PERIOD] && track->packets != threshold) {
			return 0;
		}
	}
	track->state = word.state;
	track->told = 1;
	return __sync_val_compare_and_swap(&track->end, former, end) == former || change;
}

/* Count a packet of the client. */
static __always_inline void sync_count(struct sync_track *track, struct conn_word word)
{
	__u32 seen = word.bits >> CONN_PACKETS_SHIFT;

	if (seen == 1) {
		__builtin_memset(track, 0, sizeof(*track));
	} else if (!track->known) {
		/* It is older than the daemon: how many there were is known of the first ones. */
		track->packets = seen - 1;
	}
	track->known = 1;
	__sync_fetch_and_add(&track->packets, 1);
}

/* Tell of a connection, if its packet is the reason to. Returns whether it was one. */
__noinline int sync_conn(const struct conn *conn, __u32 number, const struct settings *set, __u32 now)
{
	struct sync_track *track = sync_track_get(number);
	struct conn_word word;
	__u32 timeout;

	if (!conn || !set || !track)
		return 0;
	word.all = conn->word.all;
	timeout = word.expires - now;
	sync_count(track, word);
	/* Full NAT has no place in the kernel's messages: neither the local address nor the method. */
	if (conn->method == METHOD_FULL_NAT)
		return 0;
	if (!(SYNC_STATES >> (word.state & 31) & 1) || (set->sysctls[SYSCTL_SYNC_PERSIST_MODE] && conn->control))
		return 0;
	if (!sync_is_due(track, word, 0, timeout, set, now))
		return 0;
	sync_tell(conn, number, timeout);
	return 1;
}

/* The same of its template, for which each packet of each of its connections is one. */
__noinline int sync_template(__u32 number, const struct settings *set, __u32 now)
{
	struct sync_track *track = sync_track_get(number);
	struct conn *conn = conn_get(number);
	struct conn_word word;

	if (!conn || !set || !track || !conn_is_template(conn) || conn->method == METHOD_FULL_NAT)
		return 0;
	word.all = conn->word.all;
	__sync_fetch_and_add(&track->packets, 1);
	if (sync_is_due(track, word, 1, conn->timeout, set, now))
		sync_tell(conn, number, conn->timeout);
	return 0;
}

/* A client's packet has passed. A function of its own: it is not on the way of others' packets. */
__noinline int sync_packet(const struct conn *conn, __u32 number, const struct settings *set, __u32 now)
{
	int former, told;

	if (!conn || !set || !(set->sync & SYNC_MASTER))
		return 0;
	/* Version 0 has no IPv6, and tells of a template only together with a connection. */
	former = !set->sysctls[SYSCTL_SYNC_VERSION];
	if (former && !addr_is_mapped(&conn->client))
		return 0;
	told = !(conn->word.bits & CONN_ONE_PACKET) && sync_conn(conn, number, set, now);
	if (conn->control && (told || !former))
		sync_template(conn->control, set, now);
	return 0;
}

#endif
