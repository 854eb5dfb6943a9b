/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Full NAT: the local address and port with which a connection goes on, its pair, and how answers to it are found.
 *
 * A connection of full NAT has a second entry in the table, its companion: the client of that is the pair, its method
 * masquerading, so that the look-up of answers finds it under (pair, destination) and no other look-up does. It leads
 * to the connection, which has the state, the timer and the counters. Both end together: who ends the connection ends
 * the companion; one without its connection is ended by the sweeper.
 *
 * A pair may serve one connection for each destination. To take one is to look whether its key is in the index, to link
 * it, and to look again: of two processors with the same one at least one sees the other, and gives way. A search looks
 * at PAIR_TRIES pairs and the next one goes on from there. When it found none, others for that destination fail at once
 * until the next tick, or until a pair comes free: a flood shall not cost a search for each of its packets. */
#ifndef XLVS_PAIR_H
#define XLVS_PAIR_H

#include "conn.h"
#include "conn_find.h"

#define PAIR_TRIES 256
#define COMPANION_LIFE (1u << 29) /* ticks; the connection's expiry counts */
#define COMPANION_TRIES 4

static __always_inline int conn_is_companion(const struct conn *conn)
{
	return conn->word.bits & CONN_COMPANION;
}

/* It is found under its reply key alone. */
static __always_inline void companion_hashes(const struct conn *conn, const struct dest *dest,
					     struct conn_hashes *hashes)
{
	hashes->end = hash_end(&conn->client, conn->cport, conn->protocol);
	hashes->forward = hash_ends(&conn->client, conn->cport, &dest->addr, conn->dport, conn->protocol);
	hashes->reply = 0;
}

/* The connection of a companion, live or ended on command as that is, or null. */
static __always_inline struct conn *companion_conn(const struct conn *companion, __u32 now)
{
	struct conn *conn = conn_get(companion->control);

	if (!conn || conn->method != METHOD_FULL_NAT)
		return 0;
	if (companion->word.life == LIFE_ENDED)
		return conn_is_ended(conn, now) && conn_get(conn->companion) == companion ? conn : 0;
	return conn_is_live(conn, now) ? conn : 0;
}

/* Has an entry the same pair and destination, and does it live, is it about to, or may its server remember it? */
static __always_inline int pair_is_same(const struct conn *a, const struct conn *b, const struct dest *dest)
{
	struct dest *other;

	if (b->word.life != LIFE_LIVE && b->word.life != LIFE_BEGUN && b->word.life != LIFE_ENDED)
		return 0;
	if ((*(const __u64 *)&a->cport & ENDS_REPLY) != (*(const __u64 *)&b->cport & ENDS_REPLY) ||
	    !addr_equal(&a->client, &b->client))
		return 0;
	other = dest_get(b->dest);
	return other && addr_equal(&dest->addr, &other->addr);
}

/* Is a slot of the tag that of another entry with the pair? */
static __always_inline int pair_is_in(const struct bucket *bucket, __u32 tag, const struct conn *conn,
				      const struct dest *dest, __u32 number)
{
	for (int i = 0; i < BUCKET_SLOTS; i++) {
		__u32 slot = bucket->slots[i], found = slot & CONN_NUMBER_MASK;
		struct conn *other;

		if (slot >> CONN_NUMBER_BITS != tag || !found || found == number)
			continue;
		other = conn_get(found);
		if (other && pair_is_same(conn, other, dest))
			return 1;
	}
	return 0;
}

__noinline int pair_is_at(const struct conn *conn, __u32 number, __u32 level)
{
	struct conn_hashes hashes;
	struct dest *dest;
	__u64 hash;
	__u32 at;

	if (!conn)
		return 1;
	dest = dest_get(conn->dest);
	if (!dest)
		return 1;
	companion_hashes(conn, dest, &hashes);
	hash = hashes.end;
	at = bucket_of(hash, level);
	for (int choice = 0; choice < BUCKET_CHOICES; choice++) {
		const struct bucket *bucket = bucket_get(at);

		if (!bucket)
			return 0;
		if (pair_is_in(bucket, index_tag(hash, level), conn, dest, number))
			return 1;
		if (!bucket->spilled)
			return 0;
		hash = hashes.forward;
		at = choice ? bucket_after(at, hash, level) : bucket_of(hash, level);
	}
	return 0;
}

/* Has another entry than `number` the pair? The sweeper may move that one meanwhile: see conn_find_elsewhere. */
__noinline int pair_is_taken(const struct conn *conn, __u32 number)
{
	struct index_state *state = index_get();
	__u32 level, former;

	if (!state)
		return 1;
	level = level_now(state);
	if (pair_is_at(conn, number, level))
		return 1;
	former = state->former & ~(1u << (level & 31));
	if (!former)
		return 0;
	for (__u32 each = 0; each <= PLACE_LEVEL_MAX; each++)
		if (former & 1u << each && pair_is_at(conn, number, each))
			return 1;
	return pair_is_at(conn, number, level_now(state));
}

/* A search for a free pair. */
struct pair_search {
	struct conn *conn;
	const struct service *svc;
	struct range list;
	__u32 turn;
	__u32 found; /* 1: `conn` has one */
};

/* Put the next port of the next local address into the companion, and see whether nobody has it. */
static long pair_step(__u32 i, void *data)
{
	struct pair_search *search = data;
	struct local_address *local;
	struct conn *conn = search->conn;
	__u32 number, turn;

	if (!search->list.length)
		return 1;
	number = slot_get(search->list.start + (search->turn + i) % search->list.length);
	local = local_address_get(number);
	/* The list may have been given up since, and be another service's. */
	if (!local || !(local->flags & LOCAL_ADDRESS_LISTED) || !service_key_equal(&local->key, &search->svc->key))
		return 0;
	turn = __sync_fetch_and_add(&local->cursor, 1);
	conn->client = local->addr;
	conn->cport = bpf_htons(local->first + turn % ((__u32)local->last - local->first + 1));
	conn->local_address = number;
	search->found = !pair_is_taken(conn, 0);
	return search->found;
}

/* Put a companion into the index, whose pair nobody had a moment ago. Returns 0, or -1: somebody else has it now, or
 * there is no room. */
static __always_inline int pair_link(struct conn *conn, const struct dest *dest, __u32 number)
{
	struct conn_word word = { .life = LIFE_BEGUN, .bits = CONN_COMPANION };
	struct index_state *state = index_get();
	struct local_address *local;
	struct conn_hashes hashes;
	__u32 place;

	if (!state)
		return -1;
	__sync_lock_test_and_set(&conn->word.all, word.all);
	companion_hashes(conn, dest, &hashes);
	place = level_now(state);
	if (index_link_first(hashes.end, place, number))
		place = index_link_late(&hashes, number);
	if (conn_linked(&word, state, place))
		goto gone;
	__sync_lock_test_and_set(&conn->word.all, word.all);
	if (!pair_is_taken(conn, number)) {
		local = local_address_get(conn->local_address);
		if (local)
			__sync_fetch_and_add(&local->used, 1);
		return 0;
	}
	index_unlink(&hashes, conn_place(word), number);
gone:
	__sync_lock_test_and_set(&conn->word.all, 0);
	return -1;
}

static __always_inline void pair_fill(struct conn *conn, const struct packet *p, const struct choice *choice)
{
	__builtin_memset(&conn->virtual, 0, sizeof(conn->virtual));
	conn->vport = 0;
	conn->dport = choice->dport;
	conn->protocol = p->protocol;
	conn->method = METHOD_MASQUERADE;
	conn->dest = choice->dest;
	conn->control = 0;
	conn->reply_hop.number = 0;
}

/* Give the companion a pair that nobody else has. Returns 0, or -1: none was found, or another processor took it. */
static __always_inline int pair_take(struct conn *conn, struct dest *dest, __u32 number, __u32 now)
{
	struct service *svc = service_get(dest->service);
	struct pair_search search = { .conn = conn, .svc = svc };

	if (!svc)
		return -1;
	search.list.all = svc->local_list.all;
	search.turn = svc->local_next++;
	bpf_loop(PAIR_TRIES, pair_step, &search, 0);
	if (search.found)
		return pair_link(conn, dest, number);
	dest->dry = now | 1;
	return -1;
}

/* Begin the companion of a connection that is about to begin as chosen. Returns its number; 0: no pair is free. */
__noinline __u32 pair_begin(const struct packet *p, const struct choice *choice, __u32 now)
{
	struct dest *dest;
	struct conn *conn;
	__u32 number;

	if (!p || !choice)
		return 0;
	dest = dest_get(choice->dest);
	if (!dest || dest->dry == (now | 1))
		return 0;
	number = conn_allocate(now);
	conn = conn_get(number);
	if (!number || !conn)
		return 0;
	pair_fill(conn, p, choice);
	if (!pair_take(conn, dest, number, now))
		return number;
	conn_give_back(conn, number, now);
	return 0;
}

/* Its connection lives. */
__noinline int pair_live(__u32 number, __u32 connection, __u32 now)
{
	struct conn *conn = conn_get(number);
	struct conn_word word;

	if (!conn)
		return -1;
	conn->control = connection;
	word.all = conn->word.all;
	word.expires = now + COMPANION_LIFE;
	word.life = LIFE_LIVE;
	__sync_lock_test_and_set(&conn->word.all, word.all);
	return 0;
}

static __always_inline void pair_come_free(const struct conn_hashes *hashes, __u32 number, struct conn_word word,
					   __u32 local_number, struct dest *dest)
{
	struct local_address *local = local_address_get(local_number);

	index_unlink(hashes, conn_place(word), number);
	if (local)
		__sync_fetch_and_add(&local->used, -1);
	dest->dry = 0;
}

/* Its connection has found no room. */
__noinline int pair_withdraw(__u32 number, __u32 now)
{
	struct conn *conn = conn_get(number);
	struct conn_hashes hashes;
	struct conn_word word;
	struct dest *dest;

	if (!number || !conn)
		return -1;
	dest = dest_get(conn->dest);
	word.all = conn->word.all;
	if (!dest)
		return -1;
	companion_hashes(conn, dest, &hashes);
	pair_come_free(&hashes, number, word, conn->local_address, dest);
	word.all = 0;
	__sync_lock_test_and_set(&conn->word.all, word.all);
	conn_give_back(conn, number, now);
	return 0;
}

/* End the companion of a connection that ended: once, whoever sees it first. Its memory follows by the sweeper, which
 * may be moving it in the index just now. What is needed of it is read before, see conn_kill. */
__noinline int companion_kill(__u32 number, __u32 connection, __u32 now)
{
	struct conn *conn = conn_get(number);
	struct conn_hashes hashes;
	struct conn_word old, new;
	struct dest *dest;
	__u32 local;

	if (!conn)
		return -1;
	dest = dest_get(conn->dest);
	if (!dest)
		return -1;
	companion_hashes(conn, dest, &hashes);
	local = conn->local_address;
#pragma clang loop unroll(disable)
	for (int i = 0; i < COMPANION_TRIES; i++) {
		old.all = conn->word.all;
		if (old.life != LIFE_LIVE || !(old.bits & CONN_COMPANION) || conn->control != connection)
			return -1;
		new = old;
		new.life = LIFE_DEAD;
		new.expires = now;
		if (__sync_val_compare_and_swap(&conn->word.all, old.all, new.all) != old.all)
			continue;
		pair_come_free(&hashes, number, old, local, dest);
		return 0;
	}
	return -1;
}

#endif
