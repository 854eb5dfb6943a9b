/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* What another director tells becomes connections of this one, by the rules of the kernel's backup daemon. The process
 * that listens has taken the message apart and looked up the destination. */
#ifndef XLVS_SYNC_HEAR_H
#define XLVS_SYNC_HEAR_H

#include "pair.h"
#include "sync.h"

#define HEARD_ENTRIES 1024 /* at once */
#define HEARD_CALLS 64
#define HEARD_TRIES 3

LARGE_ARRAY(heard, struct sync_entry, HEARD_ENTRIES);
LARGE_ARRAY(heard_calls, struct call, HEARD_CALLS); /* their hashes are computed here */

struct hearing {
	__u32 now;
};

/* Packets that count as seen of a connection, so that telling of it goes on where the other director stopped. */
static __always_inline __u32 heard_packets(const struct settings *set)
{
	return set->sysctls[SYSCTL_SYNC_THRESHOLD];
}

static __always_inline void heard_track(__u32 number, __u8 state, int is_new, const struct settings *set)
{
	struct sync_track *track = sync_track_get(number);

	if (!track)
		return;
	if (is_new)
		track->told = 0;
	track->packets = heard_packets(set);
	track->state = state;
	track->known = 1;
}

/* A state as here: UDP and SCTP have numbers of their own. */
static __always_inline __u8 heard_state(const struct sync_entry *entry)
{
	__u32 state = bpf_ntohs(entry->state);

	if (entry->protocol == IPPROTO_UDP)
		return STATE_UDP;
	if (entry->protocol == IPPROTO_SCTP && state)
		state += STATE_UDP;
	return state & (STATE_SLOTS - 1);
}

static __always_inline __u32 heard_timeout(const struct sync_entry *entry)
{
	return bpf_ntohl(entry->timeout_s) * ticks_per_second;
}

static __always_inline int heard_is_inactive(const struct sync_entry *entry)
{
	return !!(entry->flags & bpf_htonl(WIRE_INACTIVE));
}

/* The word of a connection that begins so. The first packet that passes here is not its first. */
static __always_inline struct conn_word heard_word(const struct sync_entry *entry, const struct conn *conn,
						   const struct settings *set, __u32 now)
{
	__u32 packets = heard_packets(set);
	struct conn_word word = { .all = 0 };

	packets = packets < 2 ? 2 : packets < CONN_PACKETS_MASK ? packets : CONN_PACKETS_MASK;
	word.expires = now + heard_timeout(entry);
	word.life = LIFE_LIVE;
	word.state = heard_state(entry);
	word.bits = CONN_SYNCED | packets << CONN_PACKETS_SHIFT;
	if (heard_is_inactive(entry))
		word.bits |= CONN_INACTIVE;
	if (conn->method != METHOD_MASQUERADE)
		word.bits |= CONN_NO_ANSWERS;
	return word;
}

static __always_inline void heard_fill(struct conn *conn, const struct sync_entry *entry, const struct dest *dest)
{
	conn->client = entry->client;
	conn->virtual = entry->virtual;
	conn->cport = entry->cport;
	conn->vport = entry->vport;
	conn->dport = entry->dport;
	conn->protocol = entry->protocol;
	conn->method = entry->number ? dest->method : METHOD_BYPASS;
	conn->dest = entry->number;
	conn->control = 0;
	conn->hop[DIRECTION_FORWARD].number = 0;
	conn->hop[DIRECTION_REPLY].number = 0;
}

__noinline int heard_begin(const struct sync_entry *entry, const struct settings *set, __u32 now)
{
	__u32 number = conn_allocate(now);
	struct conn *conn = conn_get(number);
	struct conn_word word;
	struct dest *dest;

	if (!number || !conn || !entry || !set)
		return -1;
	dest = dest_get(entry->number);
	if (!dest)
		goto full;
	heard_fill(conn, entry, dest);
	word = heard_word(entry, conn, set, now);
	if (conn_link(conn, dest, &word, number))
		goto full;
	/* Counted before, as in conn_new: whoever ends it takes it off the counts again. */
	dest_bind(dest);
	if (word.bits & CONN_INACTIVE)
		dest_changed(dest, entry->number);
	else
		dest_count(dest, entry->number, 1);
	__sync_lock_test_and_set(&conn->word.all, word.all);
	heard_track(number, word.state, 1, set);
	return 0;
full:
	conn_give_back(conn, number, now);
	return -1;
}

/* Returns 0, or -1 when packets were faster each time, or ended it. */
__noinline int heard_update(struct conn *conn, const struct sync_entry *entry, __u32 now)
{
	struct conn_word old;
	__u16 bits;

	if (!conn || !entry)
		return -1;
#pragma clang loop unroll(disable)
	for (int i = 0; i < HEARD_TRIES; i++) {
		old.all = conn->word.all;
		if (old.life != LIFE_LIVE)
			return -1;
		bits = heard_is_inactive(entry) ? old.bits | CONN_INACTIVE : old.bits & ~CONN_INACTIVE;
		if (!conn_set_state(conn, old, heard_state(entry), bits, now + heard_timeout(entry)))
			return 0;
	}
	return -1;
}

/* Does the connection that is here lead elsewhere than the one that was told? One whose destination nobody had
 * configured goes over to the one that is there by now. */
static __always_inline int heard_is_other(const struct conn *conn, const struct sync_entry *entry)
{
	struct dest *here = dest_get(conn->dest), *there = dest_get(entry->number);

	if (!here || !there || conn->dport != entry->dport)
		return 1;
	return !addr_equal(&here->addr, &there->addr);
}

static __always_inline int heard_is_bound_now(const struct conn *conn, const struct sync_entry *entry)
{
	struct dest *here = dest_get(conn->dest), *there = dest_get(entry->number);

	return here && there && here != there && !(here->flags & DEST_AVAILABLE) && there->flags & DEST_AVAILABLE;
}

__noinline int heard_conn(const struct sync_entry *entry, const struct settings *set, __u32 now)
{
	struct ends ends = { .all = 0 };
	const struct dest *dest;
	struct conn *conn;
	__u32 number;

	dest = entry ? dest_get(entry->number) : 0;
	/* Nobody tells the local address and port that one of full NAT needs. */
	if (!dest || !set || dest->method == METHOD_FULL_NAT)
		return -1;
	ends.cport = entry->cport;
	ends.vport = entry->vport;
	ends.protocol = entry->protocol;
	number = conn_find(&entry->client, &entry->virtual, ends.all, DIRECTION_FORWARD, now);
	conn = conn_get(number);
	if (number && conn) {
		/* No message may end one end of full NAT alone. */
		if (conn_is_companion(conn))
			return -1;
		if (heard_is_other(conn, entry)) {
			/* The end of a connection that made room for this one here already. */
			if (heard_is_inactive(entry))
				return 0;
			conn_kill(conn, number, now);
		} else if (heard_is_bound_now(conn, entry)) {
			conn_kill(conn, number, now);
		} else if (!heard_update(conn, entry, now)) {
			heard_track(number, heard_state(entry), 0, set);
			return 0;
		}
	}
	return heard_begin(entry, set, now);
}

/* Put the Call-ID in the place where templates look for it. Null: there is none. */
static __always_inline struct call *heard_call(const struct sync_entry *entry)
{
	__u32 zero = 0, place = entry->call - 1;
	struct call *at_hand = bpf_map_lookup_elem(&calls_at_hand, &zero);
	struct call *call = bpf_map_lookup_elem(&heard_calls, &place);

	if (!entry->call || !call || !at_hand)
		return 0;
	*at_hand = *call;
	call_hash(at_hand);
	return at_hand;
}

__noinline int heard_template_update(__u32 number, const struct sync_entry *entry, __u32 bits, __u32 now)
{
	__u32 timeout;
	struct conn_word old, new;
	struct conn *conn = conn_get(number);

	if (!conn || !entry)
		return -1;
	timeout = heard_timeout(entry);
	conn->timeout = timeout;
	for (int i = 0; i < HEARD_TRIES; i++) {
		old.all = conn->word.all;
		if (old.life != LIFE_LIVE)
			return -1;
		new = old;
		new.state = entry->state == bpf_htons(TEMPLATE_ASSURED) ? TEMPLATE_ASSURED : TEMPLATE_NONE;
		new.bits |= bits;
		new.expires = now + timeout;
		if (new.all == old.all || __sync_val_compare_and_swap(&conn->word.all, old.all, new.all) == old.all)
			return 0;
	}
	return -1;
}

__noinline int heard_template(const struct sync_entry *entry, const struct settings *set, __u32 now)
{
	struct choice choice = { 0 };
	struct conn_key key = { 0 };
	__u32 number, bits = 0;
	struct call *call;
	struct conn *conn;

	if (!entry || !set)
		return -1;
	key.client = entry->client;
	key.other = entry->virtual;
	key.oport = entry->vport;
	key.protocol = entry->protocol | PROTOCOL_TEMPLATE;
	call = heard_call(entry);
	number = template_find(&key, call, now);
	if (!number) {
		choice.dest = entry->number;
		choice.dport = entry->dport;
		number = template_new(&key, call, &choice, heard_timeout(entry), now);
		conn = conn_get(number);
		if (!number || !conn)
			return -1;
		sync_begin(number);
		__sync_fetch_and_add(&conn->controls, -1);
		bits = CONN_SYNCED;
	}
	heard_template_update(number, entry, bits, now);
	heard_track(number, bpf_ntohs(entry->state), 0, set);
	return 0;
}

static long hear_step(__u32 i, void *data)
{
	struct hearing *hearing = data;
	struct settings *set = settings_get();
	struct sync_entry *entry = bpf_map_lookup_elem(&heard, &i);

	if (!entry || !set)
		return 1;
	if (entry->flags & bpf_htonl(WIRE_TEMPLATE))
		heard_template(entry, set, hearing->now);
	else
		heard_conn(entry, set, hearing->now);
	return 0;
}

#endif
