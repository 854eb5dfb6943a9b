/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* The connection table.
 *
 * A connection is one 64-byte entry of the dense array `conns`. The index `buckets` leads to it under
 * two keys: the forward one (client, virtual) and, where the director translates the answers, the
 * reply one (client, destination). Look-ups take no lock: they read one line of the index and one
 * entry per matching tag. Linking and unlinking hold the lock of the bucket.
 *
 * An entry that has expired is absent for every look-up. The sweeper (expire.h) takes it out of the
 * index and gives it back a moment later, when no packet can still hold its number. */
#ifndef XLVS_CONN_H
#define XLVS_CONN_H

#include "dest.h"
#include "hash.h"
#include "parse.h"

#define CONN_NUMBER_BITS 24
#define CONN_NUMBER_MASK ((1u << CONN_NUMBER_BITS) - 1)

enum direction {
	DIRECTION_FORWARD = 0,
	DIRECTION_REPLY = 1,
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

static __always_inline __u32 conn_second_bucket(__u64 hash)
{
	return ((__u32)hash ^ ((__u32)(hash >> 56) + 1) * 0x5bd1e995u) & bucket_mask;
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
static __noinline __u32 conn_find(const struct conn_key *key, __u64 hash, __u32 now)
{
	__u32 index = conn_first_bucket(hash);
	struct bucket *bucket;
	__u32 number;

	if (!key)
		return 0;
	bucket = bpf_map_lookup_elem(&buckets, &index);
	if (!bucket)
		return 0;
	number = conn_find_in(bucket, hash, key, now);
	if (number || !bucket->spilled)
		return number;
	index = conn_second_bucket(hash);
	bucket = bpf_map_lookup_elem(&buckets, &index);
	return bucket ? conn_find_in(bucket, hash, key, now) : 0;
}

/* Put a slot before all others of its tag, so that of two connections with one reply key the newest
 * is found, as in the kernel. Returns 0, or -1 when the bucket is full. */
static __always_inline int conn_link_in(struct bucket *bucket, __u32 slot)
{
	int full = 1;

	bpf_spin_lock(&bucket->lock);
	for (int i = 0; i < BUCKET_SLOTS; i++)
		if (!bucket->slots[i])
			full = 0;
	if (!full) {
		for (int i = 0; i < BUCKET_SLOTS; i++) {
			__u32 there = bucket->slots[i];

			if (there && there >> CONN_NUMBER_BITS != slot >> CONN_NUMBER_BITS)
				continue;
			bucket->slots[i] = slot;
			if (!there)
				break;
			slot = there;
		}
	}
	bpf_spin_unlock(&bucket->lock);
	return full ? -1 : 0;
}

static __always_inline int conn_unlink_in(struct bucket *bucket, __u32 slot)
{
	int found = 0;

	bpf_spin_lock(&bucket->lock);
	for (int i = 0; i < BUCKET_SLOTS; i++)
		if (bucket->slots[i] == slot && !found) {
			bucket->slots[i] = 0;
			found = 1;
		}
	bpf_spin_unlock(&bucket->lock);
	return found ? 0 : -1;
}

/* Link a connection under a hash. Returns 0, or -1 when both its buckets are full. */
static __noinline int conn_link(__u64 hash, __u32 number)
{
	__u32 first = conn_first_bucket(hash), second = conn_second_bucket(hash);
	struct bucket *bucket = bpf_map_lookup_elem(&buckets, &first);
	struct bucket *other;

	if (!bucket)
		return -1;
	if (!conn_link_in(bucket, conn_slot(hash, number)))
		return 0;
	other = bpf_map_lookup_elem(&buckets, &second);
	if (!other || first == second)
		return -1;
	/* Announce first: a look-up that comes between must not stop at the first bucket. */
	__sync_fetch_and_add(&bucket->spilled, 1);
	if (!conn_link_in(other, conn_slot(hash, number)))
		return 0;
	__sync_fetch_and_add(&bucket->spilled, -1);
	return -1;
}

static __noinline int conn_unlink(__u64 hash, __u32 number)
{
	__u32 first = conn_first_bucket(hash), second = conn_second_bucket(hash);
	struct bucket *bucket = bpf_map_lookup_elem(&buckets, &first);
	struct bucket *other;

	if (!bucket)
		return -1;
	if (!conn_unlink_in(bucket, conn_slot(hash, number)))
		return 0;
	other = bpf_map_lookup_elem(&buckets, &second);
	if (!other || conn_unlink_in(other, conn_slot(hash, number)))
		return -1;
	__sync_fetch_and_add(&bucket->spilled, -1);
	return 0;
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
	__u32 number = 0, zero = 0;
	struct pool *pool_state;

	if (!bpf_map_pop_elem(&free_conns, &number))
		return number;
	pool_state = bpf_map_lookup_elem(&pool, &zero);
	if (!pool_state || pool_state->next >= conn_entries - 1)
		return 0;
	number = __sync_fetch_and_add(&pool_state->next, 1) + 1;
	return number < conn_entries ? number : 0;
}

static __always_inline void conn_give_back(__u32 number)
{
	bpf_map_push_elem(&free_conns, &number, BPF_ANY);
}

/* End a live connection: once, whoever sees it first. Its memory follows by the sweeper. */
static __noinline int conn_kill(struct conn *conn, __u32 number, __u32 now)
{
	struct conn_word old, new;
	struct dest *dest;

	if (!conn)
		return -1;
	old.all = conn->word.all;
	new = old;
	new.life = LIFE_DEAD;
	if (old.life != LIFE_LIVE || __sync_val_compare_and_swap(&conn->word.all, old.all, new.all) != old.all)
		return -1;
	conn->died = now;
	conn_unlink(conn_forward_hash(conn), number);
	dest = dest_get(conn->dest);
	if (!dest)
		return 0;
	if (conn->method == METHOD_MASQUERADE)
		conn_unlink(conn_reply_hash(conn, dest), number);
	dest_unbind(dest, old.bits & CONN_INACTIVE);
	return 0;
}

/* Begin a connection of packet `p` with a destination. Returns its number; 0: the table is full.
 * It is linked under its reply key first: nothing can come back before something went out. Two first
 * packets of one client at the same instant on two processors make two connections; look-ups find
 * the newest from then on, and the other one expires. */
static __noinline __u32 conn_new(const struct packet *p, struct dest *dest, __u32 dest_number, __u32 now)
{
	__u32 number = conn_allocate();
	struct conn *conn = conn_get(number);

	if (!number || !conn || !p || !dest)
		return 0;
	conn->client = p->src;
	conn->virtual = p->dst;
	conn->cport = p->sport;
	conn->vport = p->dport;
	conn->dport = dest->method == METHOD_MASQUERADE && dest->port ? dest->port : p->dport;
	conn->protocol = p->protocol;
	conn->method = dest->method;
	conn->dest = dest_number;
	conn->control = 0;
	conn->word.expires = now + ticks_per_second;
	conn->word.state = STATE_NONE;
	conn->word.bits = CONN_INACTIVE;
	conn->word.life = LIFE_LIVE;
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

/* Move a connection to a state, restart its timer, and count it as active or inactive. */
static __always_inline void conn_set_state(struct conn *conn, __u8 state, int active, __u32 expires)
{
	struct conn_word old, new;

	old.all = conn->word.all;
	new = old;
	new.expires = expires;
	new.state = state;
	new.bits = active ? old.bits & ~CONN_INACTIVE : old.bits | CONN_INACTIVE;
	if (new.all == old.all)
		return;
	if (new.state == old.state && new.bits == old.bits) {
		conn->word.expires = expires;
		return;
	}
	/* Lost to another processor: its packet of the same connection came first, ours changes nothing more. */
	if (__sync_val_compare_and_swap(&conn->word.all, old.all, new.all) != old.all)
		return;
	if (new.bits != old.bits) {
		struct dest *dest = dest_get(conn->dest);

		if (dest)
			dest_count(dest, active);
	}
}

#endif
