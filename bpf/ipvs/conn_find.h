/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Finding the connection of a packet. Look-ups take no lock: they read one line of the index and one entry per matching
 * tag, and more only while the index grows or where it is crowded. */
#ifndef XLVS_CONN_FIND_H
#define XLVS_CONN_FIND_H

#include "conn.h"

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
					  const struct addr *other, struct ends ends, __u32 direction, __u32 ended,
					  __u32 now)
{
#pragma unroll
	for (int i = 0; i < BUCKET_SLOTS; i++) {
		__u32 number = slot_number(bucket->slots[i], tag);
		struct conn *conn;

		if (!number)
			continue;
		conn = conn_get(number);
		if (conn && (ended ? conn_is_ended(conn, now) : conn_is_live(conn, now)) &&
		    conn_matches(conn, client, other, ends, direction))
			return number;
	}
	return 0;
}

/* Where to look for a connection: the level of the index, or bits of several, the direction that the packet takes, and
 * what kind, in one argument. */
#define LOOK_REPLY (1u << 31)
#define LOOK_ENDED (1u << 30) /* for one that was ended on command */

static __always_inline __u32 look_direction(__u32 look)
{
	return look & LOOK_REPLY ? DIRECTION_REPLY : DIRECTION_FORWARD;
}

#define FOUND_SPILLED (~0u) /* none, but connections were spilled there */

/* Which line of the index to look at, by its number, for which tag, direction and kind; in one argument. */
static __always_inline __u64 look_at(__u64 hash, __u32 at, __u32 level, __u32 look)
{
	return (__u64)(look >> 30) << 40 | (__u64)index_tag(hash, level) << 32 | at;
}

/* Number of the live connection of a packet's ends in a line of the index, 0: none, or FOUND_SPILLED. `all` is that of
 * struct ends. */
__noinline __u32 conn_find_line(const struct addr *client, const struct addr *other, __u64 all, __u64 look, __u32 now)
{
	const struct bucket *bucket = bucket_get((__u32)look);
	struct ends ends = { .all = all };
	__u32 number;

	if (!client || !other || !bucket)
		return 0;
	number = conn_find_in(bucket, look >> 32 & 0xff, client, other, ends, look >> 41, look >> 40 & 1, now);
	return number || !bucket->spilled ? number : FOUND_SPILLED;
}

/* The same among those that were spilled at a level. */
__noinline __u32 conn_find_spilled(const struct addr *client, const struct addr *other, __u64 all, __u32 look,
				   __u32 now)
{
	__u32 level = look & PLACE_LEVEL_MASK, direction = look_direction(look), at, number;
	struct ends ends = { .all = all };
	__u64 hash;

	if (!client || !other)
		return 0;
	hash = hash_ends(client, ends.cport, other, ends_other_port(ends, direction), ends.protocol);
	at = bucket_of(hash, level);
	for (int choice = 1; choice < BUCKET_CHOICES; choice++) {
		number = conn_find_line(client, other, all, look_at(hash, at, level, look), now);
		if (number != FOUND_SPILLED)
			return number;
		at = bucket_after(at, hash, level);
	}
	return 0;
}

/* The same among those that found room at their first choice, at all levels whose bits `look` has; or FOUND_SPILLED. */
__noinline __u32 conn_find_at(const struct addr *client, const struct addr *other, __u64 all, __u32 look, __u32 now)
{
	struct ends ends = { .all = all };
	__u32 number, found = 0;
	__u64 hash;

	if (!client || !other)
		return 0;
	hash = hash_end(client, ends.cport, ends.protocol);
	for (__u32 level = 0; level <= PLACE_LEVEL_MAX; level++) {
		if (!(look & 1u << level))
			continue;
		number = conn_find_line(client, other, all, look_at(hash, bucket_of(hash, level), level, look), now);
		if (number && number != FOUND_SPILLED)
			return number;
		found |= number;
	}
	return found;
}

static __always_inline __u32 conn_find_elsewhere(const struct addr *client, const struct addr *other, __u64 all,
						 __u32 levels, __u32 reply, __u32 now)
{
	__u32 number = conn_find_at(client, other, all, levels | reply, now);

	if (number != FOUND_SPILLED)
		return number;
	number = 0;
	for (__u32 level = 0; level <= PLACE_LEVEL_MAX && !number; level++)
		if (levels & 1u << level)
			number = conn_find_spilled(client, other, all, level | reply, now);
	return number;
}

/* Number of the live connection of a packet's ends, 0: none. `all` is that of struct ends. One that is not at the first
 * choice of the present level may be at later ones, or at another level, from which the sweeper has not moved it yet.
 * Where it moved any meanwhile, this may be one of them and at the present level after all. */
__noinline __u32 conn_find(const struct addr *client, const struct addr *other, __u64 all, __u32 direction, __u32 now)
{
	__u32 level, number, others, moved, reply = direction == DIRECTION_REPLY ? LOOK_REPLY : 0;
	struct index_state *state = index_get();
	struct ends ends = { .all = all };
	const struct bucket *bucket;
	__u64 hash;

	if (!client || !other || !state)
		return 0;
	moved = index_moved(state);
	level = level_now(state);
	hash = hash_end(client, ends.cport, ends.protocol);
	bucket = bucket_get(bucket_of(hash, level));
	if (!bucket)
		return 0;
	number = conn_find_in(bucket, index_tag(hash, level), client, other, ends, direction, 0, now);
	if (!number && bucket->spilled)
		number = conn_find_spilled(client, other, all, level | reply, now);
	others = index_others(state, level);
	if (!number && others)
		number = conn_find_elsewhere(client, other, all, others, reply, now);
	if (number || index_moved(state) == moved)
		return number;
	return conn_find_elsewhere(client, other, all, 1u << (level_now(state) & 31), reply, now);
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

#endif
