/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* The connection table.
 *
 * A connection is one 64-byte entry of the dense array `conns`. The index (index.h) leads to it under two keys: the
 * forward one (client, virtual) and, where the director translates the answers, the reply one (client, destination).
 * conn_find.h has the look-ups.
 *
 * Functions without `static` are verified once, by themselves, instead of at each call: that keeps the whole
 * program within the verifier's limits.
 *
 * An entry that has expired is absent for every look-up. The sweeper (expire.h) takes it out of the
 * index and gives it back a moment later, when no packet can still hold its number. */
#ifndef XLVS_CONN_H
#define XLVS_CONN_H

#include "dest_count.h"
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
	__u32 companion; /* full NAT: number of the connection's companion, see pair.h */
};

static __always_inline __u64 conn_key_hash(const struct conn_key *key)
{
	return hash_ends(&key->client, key->cport, &key->other, key->oport, key->protocol);
}

int template_release(__u32 number, __u32 ended, __u32 now);
int companion_kill(__u32 number, __u32 connection, __u32 now);

static __always_inline int conn_is_live(const struct conn *conn, __u32 now)
{
	return conn->word.life == LIFE_LIVE && (__s32)(conn->word.expires - now) > 0;
}

#define ENDED_LIFE_S 30 /* for so long late packets are answered: TCP sends again some seven times meanwhile */

/* A packet that was under way may have given it the time of a live one, which is longer; or read the clock before it was
 * ended, so that a second more is not too long. */
static __always_inline int conn_is_ended(const struct conn *conn, __u32 now)
{
	return conn->word.life == LIFE_ENDED && conn->word.expires - now - 1 < (ENDED_LIFE_S + 1) * ticks_per_second;
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

/* Does the director translate its answers? */
static __always_inline int conn_is_translated(const struct conn *conn)
{
	return conn->method == METHOD_MASQUERADE || conn->method == METHOD_FULL_NAT;
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
	index_grow(state);
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

/* End a live connection: once, whoever sees it first. Its memory follows by the sweeper. All that is needed of it is
 * read before it is dead: on a processor that stands still meanwhile, as virtual ones do, the rest may be too short. */
__noinline int conn_kill(struct conn *conn, __u32 number, __u32 now)
{
	struct conn_hashes hashes;
	struct conn_word old, new;
	__u32 control, companion, at;
	struct dest *dest;

	if (!conn)
		return -1;
	old.all = conn->word.all;
	new = old;
	new.life = LIFE_DEAD;
	new.expires = now;
	at = conn->dest;
	dest = dest_get(at);
	if (!dest)
		return -1;
	conn_hash(conn, dest, &hashes);
	control = conn->control;
	companion = conn->method == METHOD_FULL_NAT ? conn->companion : 0;
	if (old.life != LIFE_LIVE || __sync_val_compare_and_swap(&conn->word.all, old.all, new.all) != old.all)
		return -1;
	if (old.bits & CONN_ONE_PACKET)
		return 0;
	index_unlink(&hashes, conn_place(old), number);
	if (companion)
		companion_kill(companion, number, now);
	dest_unbind(dest, at, old.bits & CONN_INACTIVE);
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
	conn->hop[DIRECTION_FORWARD].number = 0;
	conn->hop[DIRECTION_REPLY].number = 0;
	if (conn->method == METHOD_FULL_NAT)
		conn->companion = choice->companion;
}

static __always_inline struct conn_word conn_first_word(const struct conn *conn, const struct choice *choice, __u32 now)
{
	struct conn_word word = { .all = 0 };

	word.expires = now + CONN_FIRST_LIFE_S * ticks_per_second;
	word.state = conn->protocol == IPPROTO_UDP ? STATE_UDP : STATE_NONE;
	word.life = LIFE_LIVE;
	word.bits = conn_is_translated(conn) ? CONN_INACTIVE : CONN_INACTIVE | CONN_NO_ANSWERS;
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
	if (!choice->one_packet)
		dest_bind(dest);
	/* In one exchange, after all the rest: the sweeper looks at any entry, on any processor. */
	__sync_lock_test_and_set(&conn->word.all, word.all);
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
			dest_count(dest, conn->dest, !(new.bits & CONN_INACTIVE));
	}
	return 0;
}

#endif
