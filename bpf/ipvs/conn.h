/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* The connection table.
 *
 * A connection is one 64-byte entry of the dense array `conns`. The index `buckets` leads to it under
 * two keys: the forward one (client, virtual) and, where the director translates the answers, the
 * reply one (client, destination). Look-ups take no lock: they read one line of the index and one
 * entry per matching tag. Slots change by compare-and-swap.
 *
 * Functions without `static` are verified once, by themselves, instead of at each call: that keeps the whole
 * program within the verifier's limits.
 *
 * An entry that has expired is absent for every look-up. The sweeper (expire.h) takes it out of the
 * index and gives it back a moment later, when no packet can still hold its number. */
#ifndef XLVS_CONN_H
#define XLVS_CONN_H

#include "dest.h"
#include "hash.h"
#include "parse.h"

#define BUCKET_CHOICES 4
#define CONN_FIRST_LIFE_S 3 /* until a packet gives the connection a state, and with it a timeout */
#define CONN_NUMBER_BITS 24
#define CONN_NUMBER_MASK ((1u << CONN_NUMBER_BITS) - 1)

enum direction {
	DIRECTION_FORWARD = 0,
	DIRECTION_REPLY = 1,
};

/* What the director sees of a connection, and from whom a packet is. */
enum conn_view {
	VIEW_CLIENT = 0, /* from the client, answers are seen too */
	VIEW_SERVER = 1, /* from the destination */
	VIEW_CLIENT_ONLY = 2, /* from the client, answers go another way */
	VIEW_COUNT = 3,
};

/* The ends of a packet in the order of a connection's key. */
struct conn_key {
	struct addr client;
	struct addr other;
	__be16 cport;
	__be16 oport;
	__u8 protocol;
	__u8 direction;
};

/* What was decided for a new connection. */
struct choice {
	__u32 dest; /* number */
	__u32 control; /* number of its template, 0: none */
	__u32 begun; /* number of the connection; 0: one for a single packet, see single.h */
	__be16 dport;
	__u8 one_packet; /* it is for this packet alone */
};

int template_release(__u32 number, __u32 ended, __u32 now);

static __always_inline __u64 conn_key_hash(const struct conn_key *key)
{
	return hash_ends(&key->client, key->cport, &key->other, key->oport, key->protocol);
}

static __always_inline __u32 conn_slot(__u64 hash, __u32 number)
{
	return (__u32)(hash >> 56) << CONN_NUMBER_BITS | number;
}

static __always_inline __u32 conn_first_bucket(__u64 hash)
{
	return (__u32)hash & bucket_mask;
}

/* The next choice follows from bucket and tag alone. An odd step never comes back to a bucket before all of
 * them were tried. */
static __always_inline __u32 conn_next_bucket(__u32 bucket, __u64 hash)
{
	return (bucket + ((__u32)(hash >> 56) * 0x5bd1e995u | 1)) & bucket_mask;
}

static __always_inline int conn_is_live(const struct conn *conn, __u32 now)
{
	return conn->word.life == LIFE_LIVE && (__s32)(conn->word.expires - now) > 0;
}

static __always_inline int conn_matches(const struct conn *conn, const struct conn_key *key)
{
	struct dest *dest;

	if (conn->cport != key->cport || conn->protocol != key->protocol || !addr_equal(&conn->client, &key->client))
		return 0;
	if (key->direction == DIRECTION_FORWARD)
		return conn->vport == key->oport && addr_equal(&conn->virtual, &key->other);
	if (conn->method != METHOD_MASQUERADE || conn->dport != key->oport)
		return 0;
	dest = dest_get(conn->dest);
	return dest && addr_equal(&dest->addr, &key->other);
}

static __always_inline __u32 conn_find_in(struct bucket *bucket, __u64 hash, const struct conn_key *key, __u32 now)
{
	__u32 tag = hash >> 56;

	for (int i = 0; i < BUCKET_SLOTS; i++) {
		__u32 slot = bucket->slots[i], number = slot & CONN_NUMBER_MASK;
		struct conn *conn;

		if (slot >> CONN_NUMBER_BITS != tag || !number)
			continue;
		conn = conn_get(number);
		if (conn && conn_is_live(conn, now) && conn_matches(conn, key))
			return number;
	}
	return 0;
}

/* Number of the live connection of a key, 0: none. */
__noinline __u32 conn_find(const struct conn_key *key, __u64 hash, __u32 now)
{
	__u32 index = conn_first_bucket(hash);

	if (!key)
		return 0;
	for (int choice = 0; choice < BUCKET_CHOICES; choice++) {
		struct bucket *bucket = bpf_map_lookup_elem(&buckets, &index);
		__u32 number;

		if (!bucket)
			return 0;
		number = conn_find_in(bucket, hash, key, now);
		if (number || !bucket->spilled)
			return number;
		index = conn_next_bucket(index, hash);
	}
	return 0;
}

static __always_inline __u32 conn_of_ends(const struct addr *client, __be16 cport, const struct addr *other,
					  __be16 oport, __u8 protocol, __u8 direction, __u32 now)
{
	struct conn_key key = {};

	key.client = *client;
	key.cport = cport;
	key.other = *other;
	key.oport = oport;
	key.protocol = protocol_of_conn(protocol);
	key.direction = direction;
	return conn_find(&key, conn_key_hash(&key), now);
}

/* Number of the connection that a packet towards a virtual address belongs to, 0: none. */
__noinline __u32 conn_of_request(const struct packet *p, __u32 now)
{
	return p ? conn_of_ends(&p->src, p->sport, &p->dst, p->dport, p->protocol, DIRECTION_FORWARD, now) : 0;
}

/* Number of the connection that a packet from a destination answers, 0: none. */
__noinline __u32 conn_of_answer(const struct packet *p, __u32 now)
{
	return p ? conn_of_ends(&p->dst, p->dport, &p->src, p->sport, p->protocol, DIRECTION_REPLY, now) : 0;
}

/* Number of the connection that a packet from its virtual address answers, 0: none. */
__noinline __u32 conn_of_direct_answer(const struct packet *p, __u32 now)
{
	return p ? conn_of_ends(&p->dst, p->dport, &p->src, p->sport, p->protocol, DIRECTION_FORWARD, now) : 0;
}

/* Number of the connection that a packet quoted by an ICMP error belongs to: a request (to be found under the reply
 * key: it is quoted as the destination saw it) or an answer as the client saw it. */
static __always_inline __u32 conn_of_quote(const struct packet *inner, __u32 direction, __u32 now)
{
	if (direction == DIRECTION_FORWARD)
		return conn_of_direct_answer(inner, now);
	return inner ? conn_of_ends(&inner->src, inner->sport, &inner->dst, inner->dport, inner->protocol,
				    DIRECTION_REPLY, now) :
		       0;
}

static __always_inline int slot_swap(__u32 *slot, __u32 old, __u32 new)
{
	return __sync_val_compare_and_swap(slot, old, new) == old;
}

/* Take an empty slot. Of two connections with one reply key the newest is to be found, as in the kernel: one
 * of the same tag that stands before moves into the empty slot, ours into its place, and a look-up finds one
 * of them at any moment. Returns 0, or -1 when the bucket is full or was changed too often meanwhile. */
__noinline int conn_link_in(struct bucket *bucket, __u32 slot)
{
	__u32 elder = 0, *elder_at = 0;

	if (!bucket)
		return -1;

	for (int i = 0; i < BUCKET_SLOTS; i++) {
		__u32 *at = &bucket->slots[i], there = *at;

		if (there) {
			if (there >> CONN_NUMBER_BITS == slot >> CONN_NUMBER_BITS && !elder) {
				elder = there;
				elder_at = at;
			}
			continue;
		}
		if (!elder && slot_swap(at, 0, slot))
			return 0;
		if (elder && elder_at && slot_swap(at, 0, elder)) {
			if (slot_swap(elder_at, elder, slot))
				return 0;
			/* The elder one went: its copy is ours, unless it was taken for it. */
			if (slot_swap(at, elder, slot))
				return 0;
			elder = 0;
		}
	}
	return -1;
}

__noinline int conn_unlink_in(struct bucket *bucket, __u32 slot)
{
	if (!bucket)
		return -1;
	for (int i = 0; i < BUCKET_SLOTS; i++)
		if (bucket->slots[i] == slot && slot_swap(&bucket->slots[i], slot, 0))
			return 0;
	return -1;
}

/* Count `by` on the buckets that a key passed before its `choice`. */
static __always_inline void conn_count_spilled(__u64 hash, int choice, int by)
{
	__u32 index = conn_first_bucket(hash);

	for (int i = 0; i < BUCKET_CHOICES - 1 && i < choice; i++) {
		struct bucket *bucket = bpf_map_lookup_elem(&buckets, &index);

		if (bucket)
			__sync_fetch_and_add(&bucket->spilled, by);
		index = conn_next_bucket(index, hash);
	}
}

/* Link a connection under a hash. Returns 0, or -1 when all its buckets are full. */
__noinline int conn_link(__u64 hash, __u32 number)
{
	__u32 index = conn_first_bucket(hash);

	for (int choice = 0; choice < BUCKET_CHOICES; choice++) {
		struct bucket *bucket = bpf_map_lookup_elem(&buckets, &index);

		if (!bucket)
			return -1;
		/* Announced before: a look-up that comes between must not stop too early. */
		conn_count_spilled(hash, choice, 1);
		if (!conn_link_in(bucket, conn_slot(hash, number)))
			return 0;
		conn_count_spilled(hash, choice, -1);
		index = conn_next_bucket(index, hash);
	}
	return -1;
}

__noinline int conn_unlink(__u64 hash, __u32 number)
{
	__u32 index = conn_first_bucket(hash);

	for (int choice = 0; choice < BUCKET_CHOICES; choice++) {
		struct bucket *bucket = bpf_map_lookup_elem(&buckets, &index);

		if (bucket && !conn_unlink_in(bucket, conn_slot(hash, number))) {
			conn_count_spilled(hash, choice, -1);
			return 0;
		}
		index = conn_next_bucket(index, hash);
	}
	return -1;
}

static __always_inline __u64 conn_forward_hash(const struct conn *conn)
{
	return hash_ends(&conn->client, conn->cport, &conn->virtual, conn->vport, conn->protocol);
}

static __always_inline __u64 conn_reply_hash(const struct conn *conn, const struct dest *dest)
{
	return hash_ends(&conn->client, conn->cport, &dest->addr, conn->dport, conn->protocol);
}

/* A free number, 0: the table is full. */
static __always_inline __u32 conn_allocate(void)
{
	struct pool *pool_state;
	__u32 number = 0;

	if (!bpf_map_pop_elem(&free_conns, &number))
		return number;
	pool_state = pool_get();
	if (!pool_state || pool_state->next >= conn_entries - 1)
		return 0;
	number = __sync_fetch_and_add(&pool_state->next, 1) + 1;
	return number < conn_entries ? number : 0;
}

static __always_inline void conn_give_back(__u32 number)
{
	bpf_map_push_elem(&free_conns, &number, BPF_ANY);
}

/* End a live connection: once, whoever sees it first. Its memory follows by the sweeper. All that is needed of it is
 * read before it is dead: on a processor that stands still meanwhile, as virtual ones do, the rest may be too short. */
__noinline int conn_kill(struct conn *conn, __u32 number, __u32 now)
{
	struct conn_word old, new;
	__u64 forward, reply = 0;
	struct dest *dest;
	__u32 control;

	if (!conn)
		return -1;
	old.all = conn->word.all;
	new = old;
	new.life = LIFE_DEAD;
	new.expires = now;
	forward = conn_forward_hash(conn);
	dest = dest_get(conn->dest);
	if (dest && conn->method == METHOD_MASQUERADE)
		reply = conn_reply_hash(conn, dest);
	control = conn->control;
	if (old.life != LIFE_LIVE || __sync_val_compare_and_swap(&conn->word.all, old.all, new.all) != old.all)
		return -1;
	conn_unlink(forward, number);
	if (!dest || old.bits & CONN_ONE_PACKET)
		return 0;
	if (reply)
		conn_unlink(reply, number);
	dest_unbind(dest, old.bits & CONN_INACTIVE);
	if (control)
		template_release(control, old.expires, now);
	return 0;
}

/* Fill in a connection of packet `p`, but for its word. */
static __always_inline void conn_fill(struct conn *conn, const struct packet *p, const struct choice *choice,
				      const struct dest *dest)
{
	conn->client = p->src;
	conn->virtual = p->dst;
	conn->cport = p->sport;
	conn->vport = p->dport;
	conn->dport = choice->dport;
	conn->protocol = p->protocol;
	conn->method = dest->method;
	conn->dest = choice->dest;
	conn->control = choice->control;
	conn->hop[DIRECTION_FORWARD] = 0;
	conn->hop[DIRECTION_REPLY] = 0;
}

static __always_inline struct conn_word conn_first_word(const struct conn *conn, const struct choice *choice, __u32 now)
{
	struct conn_word word = { .all = 0 };

	word.expires = now + CONN_FIRST_LIFE_S * ticks_per_second;
	word.state = conn->protocol == IPPROTO_UDP ? STATE_UDP : STATE_NONE;
	word.life = LIFE_LIVE;
	word.bits = conn->method == METHOD_MASQUERADE ? CONN_INACTIVE : CONN_INACTIVE | CONN_NO_ANSWERS;
	if (choice->one_packet)
		word.bits |= CONN_ONE_PACKET;
	return word;
}

/* Begin a connection of packet `p` as chosen. Returns its number; 0: the table is full.
 * It is linked under its reply key first: nothing can come back before something went out. Two first
 * packets of one client at the same instant on two processors make two connections; look-ups find
 * the newest from then on, and the other one expires. */
__noinline __u32 conn_new(const struct packet *p, const struct choice *choice, __u32 now)
{
	__u32 number = conn_allocate();
	struct conn *conn = conn_get(number);
	struct conn_word word;
	struct dest *dest;

	if (!number || !conn || !p || !choice)
		return 0;
	dest = dest_get(choice->dest);
	if (!dest)
		goto full;
	conn_fill(conn, p, choice, dest);
	word = conn_first_word(conn, choice, now);
	/* In one exchange, after all the rest: the sweeper looks at any entry, on any processor. */
	__sync_lock_test_and_set(&conn->word.all, word.all);
	if (choice->one_packet)
		return number;
	if (conn->method == METHOD_MASQUERADE && conn_link(conn_reply_hash(conn, dest), number))
		goto full;
	if (conn_link(conn_forward_hash(conn), number)) {
		if (conn->method == METHOD_MASQUERADE)
			conn_unlink(conn_reply_hash(conn, dest), number);
		goto full;
	}
	dest_bind(dest);
	return number;
full:
	conn->word.life = LIFE_FREE;
	conn_give_back(number);
	return 0;
}

/* Move a connection from the word `old` to a state, restart its timer, and count it as active or inactive as its new
 * `bits` say. Returns 0, or -1 when another processor changed the word meanwhile: the state may follow from another one then. */
static __always_inline int conn_set_state(struct conn *conn, struct conn_word old, __u8 state, __u16 bits,
					  __u32 expires)
{
	struct conn_word new = old;

	new.expires = expires;
	new.state = state;
	new.bits = bits;
	if (new.all == old.all)
		return 0;
	if (new.state == old.state && new.bits == old.bits) {
		conn->word.expires = expires;
		return 0;
	}
	if (__sync_val_compare_and_swap(&conn->word.all, old.all, new.all) != old.all)
		return -1;
	if ((new.bits ^ old.bits) & CONN_INACTIVE) {
		struct dest *dest = dest_get(conn->dest);

		if (dest)
			dest_count(dest, !(new.bits & CONN_INACTIVE));
	}
	return 0;
}

#endif
