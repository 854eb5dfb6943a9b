/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* The connection table.
 *
 * A connection is one 64-byte entry of the dense array `conns`. The index (index.h) leads to it under two keys: the
 * forward one (client, virtual) and, where the director translates the answers, the reply one (client, destination).
 * Look-ups take no lock: they read one line of the index and one entry per matching tag.
 *
 * Functions without `static` are verified once, by themselves, instead of at each call: that keeps the whole
 * program within the verifier's limits.
 *
 * An entry that has expired is absent for every look-up. The sweeper (expire.h) takes it out of the
 * index and gives it back a moment later, when no packet can still hold its number. */
#ifndef XLVS_CONN_H
#define XLVS_CONN_H

#include "dest.h"
#include "index.h"
#include "parse.h"

#define CONN_FIRST_LIFE_S 3 /* until a packet gives the connection a state, and with it a timeout */

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

/* What a template is looked for by: ends in the order of a connection's key. */
struct conn_key {
	struct addr client;
	struct addr other;
	__be16 cport;
	__be16 oport;
	__u8 protocol;
};

/* What was decided for a new connection. */
struct choice {
	__u32 dest; /* number */
	__u32 control; /* number of its template, 0: none */
	__u32 begun; /* number of the connection; 0: one for a single packet, see single.h */
	__be16 dport;
	__u8 one_packet; /* it is for this packet alone */
};

static __always_inline __u64 conn_key_hash(const struct conn_key *key)
{
	return hash_ends(&key->client, key->cport, &key->other, key->oport, key->protocol);
}

int template_release(__u32 number, __u32 ended, __u32 now);

static __always_inline int conn_is_live(const struct conn *conn, __u32 now)
{
	return conn->word.life == LIFE_LIVE && (__s32)(conn->word.expires - now) > 0;
}

/* Ports and protocol of a packet, as they stand in its connection, where they are one word with the method. */
struct ends {
	union {
		struct {
			__be16 cport;
			__be16 vport;
			__be16 dport;
			__u8 protocol;
			__u8 method;
		};
		__u64 all;
	};
};

#define ENDS_FORWARD 0x00ff0000ffffffffULL /* all but dport and method */
#define ENDS_REPLY 0xffffffff0000ffffULL /* all but vport: that of masquerading is the method */

_Static_assert(__builtin_offsetof(struct conn, method) == __builtin_offsetof(struct conn, cport) + 7 &&
		       __builtin_offsetof(struct conn, cport) % 8 == 0 && METHOD_MASQUERADE == 0,
	       "the ends of a connection are one word");

static __always_inline __be16 ends_other_port(struct ends ends, __u32 direction)
{
	return direction == DIRECTION_FORWARD ? ends.vport : ends.dport;
}

static __always_inline int conn_matches(const struct conn *conn, const struct addr *client, const struct addr *other,
					struct ends ends, __u32 direction)
{
	__u64 mask = direction == DIRECTION_FORWARD ? ENDS_FORWARD : ENDS_REPLY;
	struct dest *dest;

	if ((*(const __u64 *)&conn->cport & mask) != ends.all || !addr_equal(&conn->client, client))
		return 0;
	if (direction == DIRECTION_FORWARD)
		return addr_equal(&conn->virtual, other);
	dest = dest_get(conn->dest);
	return dest && addr_equal(&dest->addr, other);
}

static __always_inline __u32 conn_find_in(const struct bucket *bucket, __u32 tag, const struct addr *client,
					  const struct addr *other, struct ends ends, __u32 direction, __u32 now)
{
	for (int i = 0; i < BUCKET_SLOTS; i++) {
		__u32 slot = bucket->slots[i], number = slot & CONN_NUMBER_MASK;
		struct conn *conn;

		if (slot >> CONN_NUMBER_BITS != tag || !number)
			continue;
		conn = conn_get(number);
		if (conn && conn_is_live(conn, now) && conn_matches(conn, client, other, ends, direction))
			return number;
	}
	return 0;
}

/* Where to look for a connection: the level of the index, and the direction that the packet takes, in one argument. */
#define LOOK_REPLY 32

static __always_inline __u32 look_direction(__u32 look)
{
	return look & LOOK_REPLY ? DIRECTION_REPLY : DIRECTION_FORWARD;
}

/* Number of the live connection of a packet's ends that is linked at a level, 0: none. `all` is that of struct ends. */
__noinline __u32 conn_find_at(const struct addr *client, const struct addr *other, __u64 all, __u32 look, __u32 now)
{
	__u32 level = look & PLACE_LEVEL_MASK, direction = look_direction(look), at;
	struct ends ends = { .all = all };
	__u64 hash;

	if (!client || !other)
		return 0;
	hash = hash_end(client, ends.cport, ends.protocol);
	at = bucket_of(hash, level);
	for (int choice = 0; choice < BUCKET_CHOICES; choice++) {
		const struct bucket *bucket = bucket_get(at);
		__u32 number;

		if (!bucket)
			return 0;
		number = conn_find_in(bucket, index_tag(hash, level), client, other, ends, direction, now);
		if (number || !bucket->spilled)
			return number;
		if (!choice) {
			hash = hash_ends(client, ends.cport, other, ends_other_port(ends, direction), ends.protocol);
			at = bucket_of(hash, level);
		} else {
			at = bucket_after(at, hash, level);
		}
	}
	return 0;
}

/* The same where the first choice at the present level does not have it: at later ones, and among those that the sweeper
 * has not moved to this level yet. One that it moved just now is at this level after all. */
static __always_inline __u32 conn_find_elsewhere(const struct addr *client, const struct addr *other, __u64 all,
						 __u32 look, __u32 spilled, __u32 former, __u32 now)
{
	__u32 number = spilled ? conn_find_at(client, other, all, look, now) : 0;

	if (!former)
		return number;
	for (__u32 level = 0; level <= PLACE_LEVEL_MAX && !number; level++)
		if (former & 1u << level)
			number = conn_find_at(client, other, all, level | (look & LOOK_REPLY), now);
	return number ? number : conn_find_at(client, other, all, look, now);
}

/* Number of the live connection of a packet's ends, 0: none. `all` is that of struct ends. */
__noinline __u32 conn_find(const struct addr *client, const struct addr *other, __u64 all, __u32 direction, __u32 now)
{
	struct index_state *state = index_get();
	struct ends ends = { .all = all };
	const struct bucket *bucket;
	__u32 level, number;
	__u64 hash;

	if (!client || !other || !state)
		return 0;
	level = level_now(state);
	hash = hash_end(client, ends.cport, ends.protocol);
	bucket = bucket_get(bucket_of(hash, level));
	if (!bucket)
		return 0;
	number = conn_find_in(bucket, index_tag(hash, level), client, other, ends, direction, now);
	if (number)
		return number;
	return conn_find_elsewhere(client, other, all, direction == DIRECTION_REPLY ? level | LOOK_REPLY : level,
				   bucket->spilled, state->former & ~(1u << (level & 31)), now);
}

static __always_inline __u32 conn_of_ends(const struct addr *client, __be16 cport, const struct addr *other,
					  __be16 oport, __u8 protocol, __u8 direction, __u32 now)
{
	struct ends ends = { .cport = cport, .protocol = protocol_of_conn(protocol) };

	if (direction == DIRECTION_FORWARD)
		ends.vport = oport;
	else
		ends.dport = oport;
	return conn_find(client, other, ends.all, direction, now);
}

/* Number of the connection that a packet towards a virtual address belongs to, 0: none. */
static __always_inline __u32 conn_of_request(const struct packet *p, __u32 now)
{
	return conn_of_ends(&p->src, p->sport, &p->dst, p->dport, p->protocol, DIRECTION_FORWARD, now);
}

/* Number of the connection that a packet from a destination answers, 0: none. */
static __always_inline __u32 conn_of_answer(const struct packet *p, __u32 now)
{
	return conn_of_ends(&p->dst, p->dport, &p->src, p->sport, p->protocol, DIRECTION_REPLY, now);
}

/* Number of the connection that a packet from its virtual address answers, 0: none. */
static __always_inline __u32 conn_of_direct_answer(const struct packet *p, __u32 now)
{
	return conn_of_ends(&p->dst, p->dport, &p->src, p->sport, p->protocol, DIRECTION_FORWARD, now);
}

/* Number of the connection that a packet quoted by an ICMP error belongs to: a request (to be found under the reply
 * key: it is quoted as the destination saw it) or an answer as the client saw it. */
static __always_inline __u32 conn_of_quote(const struct packet *inner, __u32 direction, __u32 now)
{
	if (direction == DIRECTION_FORWARD)
		return conn_of_direct_answer(inner, now);
	return conn_of_ends(&inner->src, inner->sport, &inner->dst, inner->dport, inner->protocol, DIRECTION_REPLY,
			    now);
}

static __always_inline __u64 conn_forward_hash(const struct conn *conn)
{
	return hash_ends(&conn->client, conn->cport, &conn->virtual, conn->vport, conn->protocol);
}

static __always_inline void conn_hash(const struct conn *conn, const struct dest *dest, struct conn_hashes *hashes)
{
	hashes->end = hash_end(&conn->client, conn->cport, conn->protocol);
	hashes->forward = conn_forward_hash(conn);
	hashes->reply = 0;
	if (conn->method == METHOD_MASQUERADE)
		hashes->reply = hash_ends(&conn->client, conn->cport, &dest->addr, conn->dport, conn->protocol);
}

static __always_inline __u32 conn_place(struct conn_word word)
{
	return word.bits >> CONN_PLACE_SHIFT & CONN_PLACE_MASK;
}

/* A connection is linked: its word shall say where. Returns 0, or -1 when it found no room. */
static __always_inline int conn_linked(struct conn_word *word, struct index_state *state, __u32 place)
{
	if (place >= PLACE_NONE)
		return -1;
	word->bits |= place << CONN_PLACE_SHIFT;
	index_count(state, 1);
	return 0;
}

/* Link a connection and note in `word` where. Most need no hash of their whole keys. Returns 0, or -1 when there is no
 * room. */
static __always_inline int conn_link(const struct conn *conn, const struct dest *dest, struct conn_word *word,
				     __u32 number)
{
	__u64 end = hash_end(&conn->client, conn->cport, conn->protocol);
	struct index_state *state = index_get();
	struct conn_hashes hashes;
	__u32 place;

	if (!state)
		return -1;
	place = level_now(state);
	if (index_link_first(end, place, number)) {
		conn_hash(conn, dest, &hashes);
		place = index_link_late(&hashes, number);
	}
	return conn_linked(word, state, place);
}

static __always_inline void conn_unlink(const struct conn_hashes *hashes, struct conn_word word, __u32 number)
{
	struct index_state *state = index_get();

	if (state && !index_unlink(hashes, conn_place(word), number))
		index_count(state, -1);
}

#define FREE_TRIES 32 /* each of them fails only when another processor was faster */

static __always_inline int free_swap(struct pool *pool_state, __u64 old, __u32 number)
{
	__u64 new = ((old >> 32) + 1) << 32 | number;

	return __sync_val_compare_and_swap(&pool_state->free, old, new) == old;
}

/* Take the first of the numbers that were given back, 0: there is none. */
static __always_inline __u32 free_take(struct pool *pool_state)
{
#pragma clang loop unroll(disable)
	for (int i = 0; i < FREE_TRIES; i++) {
		__u64 old = pool_state->free;
		struct conn *conn = conn_get((__u32)old);

		if (!(__u32)old || !conn)
			return 0;
		if (free_swap(pool_state, old, conn->control))
			return (__u32)old;
	}
	return 0;
}

/* A free number, 0: the table is full. */
static __always_inline __u32 conn_allocate(__u32 now)
{
	struct pool *pool_state = pool_get();
	__u32 number;

	if (!pool_state)
		return 0;
	number = free_take(pool_state);
	if (number)
		return number;
	if (pool_state->next < conn_entries - 1) {
		number = __sync_fetch_and_add(&pool_state->next, 1) + 1;
		if (number < conn_entries)
			return number;
	}
	pool_state->full = now;
	return 0;
}

/* Whether there was no place a moment ago: a flood of first packets shall not cost more than it must. */
static __always_inline int conn_is_scarce(__u32 now)
{
	const struct pool *pool_state = pool_get();

	return pool_state && pool_state->full == now;
}

/* Give back the number of a free entry. Where others were faster each time the sweeper does it later. */
static __always_inline void conn_give_back(struct conn *conn, __u32 number, __u32 now)
{
	struct conn_word dead = { .expires = now, .life = LIFE_DEAD };
	struct pool *pool_state = pool_get();

	if (!pool_state)
		return;
#pragma clang loop unroll(disable)
	for (int i = 0; i < FREE_TRIES; i++) {
		__u64 old = pool_state->free;

		conn->control = (__u32)old;
		if (free_swap(pool_state, old, number)) {
			pool_state->full = 0;
			return;
		}
	}
	__sync_lock_test_and_set(&conn->word.all, dead.all);
}

/* End a live connection: once, whoever sees it first. Its memory follows by the sweeper. All that is needed of it is
 * read before it is dead: on a processor that stands still meanwhile, as virtual ones do, the rest may be too short. */
__noinline int conn_kill(struct conn *conn, __u32 number, __u32 now)
{
	struct conn_hashes hashes;
	struct conn_word old, new;
	struct dest *dest;
	__u32 control;

	if (!conn)
		return -1;
	old.all = conn->word.all;
	new = old;
	new.life = LIFE_DEAD;
	new.expires = now;
	dest = dest_get(conn->dest);
	if (!dest)
		return -1;
	conn_hash(conn, dest, &hashes);
	control = conn->control;
	if (old.life != LIFE_LIVE || __sync_val_compare_and_swap(&conn->word.all, old.all, new.all) != old.all)
		return -1;
	if (old.bits & CONN_ONE_PACKET)
		return 0;
	conn_unlink(&hashes, old, number);
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

/* Begin a connection of packet `p` as chosen. Returns its number; 0: the table is full. Two first packets of one client
 * at the same instant on two processors make two connections; look-ups find the newest from then on, and the other one
 * expires. */
__noinline __u32 conn_new(const struct packet *p, const struct choice *choice, __u32 now)
{
	__u32 number = conn_allocate(now);
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
	if (!choice->one_packet && conn_link(conn, dest, &word, number))
		goto full;
	/* In one exchange, after all the rest: the sweeper looks at any entry, on any processor. */
	__sync_lock_test_and_set(&conn->word.all, word.all);
	if (!choice->one_packet)
		dest_bind(dest);
	return number;
full:
	conn_give_back(conn, number, now);
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
