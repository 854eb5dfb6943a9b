/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Persistence templates: which destination a client has. A template is an entry of the connection table under
 * a key that no packet has, see PROTOCOL_TEMPLATE. The connections that began by it refer to it, and it outlives
 * them: when its time is over it gets another minute as long as there is one.
 *
 * Nobody watches that moment. It is made up for by whoever comes next: a new connection, the sweeper when it meets
 * one of the connections, or the last of these when it ends. */
#ifndef XLVS_TEMPLATE_H
#define XLVS_TEMPLATE_H

#include "conn.h"

#define EXTENSION_S 60
#define EXTENSIONS_MAX (31 * 24 * 60) /* the longest timeout of a connection, in minutes */

static __always_inline int conn_is_template(const struct conn *conn)
{
	return conn->protocol & PROTOCOL_TEMPLATE;
}

/* The Call-ID is part of the key where there is one. */
static __always_inline __u64 template_hash(__u64 ends, __u32 call)
{
	return ends ^ call * HASH_MULTIPLIER;
}

/* Calls of one client begin at choices of their own. */
static __always_inline __u64 template_end_hash(const struct conn_key *key, __u32 call)
{
	return template_hash(hash_end(&key->client, 0, key->protocol), call);
}

static __always_inline void template_hashes(const struct conn *conn, struct conn_hashes *hashes)
{
	hashes->end = template_hash(hash_end(&conn->client, 0, conn->protocol), conn->control);
	hashes->forward = template_hash(conn_forward_hash(conn), conn->control);
	hashes->reply = 0;
}

static __always_inline int template_expired(const struct conn_word *word, __u32 now)
{
	return (__s32)(word->expires - now) <= 0;
}

/* Tell a Call-ID from others by a number. */
__noinline int call_hash(struct call *call)
{
	struct hash h = { .a = hash_seed, .b = hash_seed >> 32, .c = 0xdeadbeef };

	if (!call)
		return -1;
	h.c += call->length;
	for (int i = 0; i + 16 <= CALL_BYTES; i += 16) {
		__u32 *words = (__u32 *)(call->bytes + i);

		hash_add(&h, words[0], words[1], words[2]);
		h.a += words[3];
	}
	call->hash = hash_final(&h) | 1;
	return 0;
}

/* The text after the hash: two different ones may share it. */
__noinline int call_equal(const struct call *a, const struct call *b)
{
	if (!a || !b || a->length != b->length)
		return 0;
	for (int i = 0; i < CALL_BYTES; i += sizeof(__u64))
		if (*(__u64 *)(a->bytes + i) != *(__u64 *)(b->bytes + i))
			return 0;
	return 1;
}

static __always_inline int template_matches(const struct conn *conn, __u32 number, const struct conn_key *key,
					    const struct call *call)
{
	if (conn->protocol != key->protocol || conn->vport != key->oport || conn->word.bits & CONN_OUTDATED)
		return 0;
	if (!addr_equal(&conn->client, &key->client) || !addr_equal(&conn->virtual, &key->other))
		return 0;
	if (conn->control != (call ? call->hash : 0))
		return 0;
	return !call || call_equal(call, bpf_map_lookup_elem(&calls, &number));
}

__noinline __u32 template_find_in(struct bucket *bucket, __u32 tag, const struct conn_key *key, const struct call *call,
				  __u32 now)
{
	if (!bucket || !key)
		return 0;
	for (int i = 0; i < BUCKET_SLOTS; i++) {
		__u32 number = slot_number(bucket->slots[i], tag);
		struct conn *conn;

		if (!number)
			continue;
		conn = conn_get(number);
		if (!conn || conn->word.life != LIFE_LIVE || (template_expired(&conn->word, now) && !conn->controls))
			continue;
		if (template_matches(conn, number, key, call))
			return number;
	}
	return 0;
}

__noinline __u32 template_find_at(const struct conn_key *key, const struct call *call, __u32 level, __u32 now)
{
	struct bucket *bucket;
	__u32 number, at;
	__u64 hash;

	if (!key)
		return 0;
	hash = template_end_hash(key, call ? call->hash : 0);
	bucket = bucket_get(bucket_of(hash, level));
	number = template_find_in(bucket, index_tag(hash, level), key, call, now);
	if (number || !bucket || !bucket->spilled)
		return number;
	hash = template_hash(conn_key_hash(key), call ? call->hash : 0);
	at = bucket_of(hash, level);
	for (int choice = 1; choice < BUCKET_CHOICES; choice++) {
		bucket = bucket_get(at);
		number = template_find_in(bucket, index_tag(hash, level), key, call, now);
		if (number || !bucket || !bucket->spilled)
			return number;
		at = bucket_after(at, hash, level);
	}
	return 0;
}

/* Number of the template of a key, 0: none. */
__noinline __u32 template_find(const struct conn_key *key, const struct call *call, __u32 now)
{
	struct index_state *state = index_get();
	__u32 others, number, moved, present;

	if (!key || !state)
		return 0;
	moved = index_moved(state);
	present = level_now(state);
	number = template_find_at(key, call, present, now);
	others = index_others(state, present);
	for (__u32 level = 0; level <= PLACE_LEVEL_MAX && !number; level++)
		if (others & 1u << level)
			number = template_find_at(key, call, level, now);
	if (number || index_moved(state) == moved)
		return number;
	return template_find_at(key, call, level_now(state), now);
}

/* One more connection: the timer begins again. Returns 0, or -1 when the template ended meanwhile. */
__noinline int template_hold(__u32 number, __u32 now)
{
	struct conn *conn = conn_get(number);
	struct conn_word old, new;

	if (!conn)
		return -1;
	__sync_fetch_and_add(&conn->controls, 1);
	for (int i = 0; i < 3; i++) {
		old.all = conn->word.all;
		if (old.life != LIFE_LIVE)
			break;
		/* Like the kernel, which forgets the service's timeout with the first extension. */
		if (template_expired(&old, now))
			conn->timeout = EXTENSION_S * ticks_per_second;
		new = old;
		new.expires = now + conn->timeout;
		if (new.all == old.all || __sync_val_compare_and_swap(&conn->word.all, old.all, new.all) == old.all)
			return 0;
	}
	__sync_fetch_and_add(&conn->controls, -1);
	return -1;
}

/* A connection of it lived at `moment`: a template that was over by then got its extensions. */
__noinline int template_extend(__u32 number, __u32 moment)
{
	__u32 extension = EXTENSION_S * ticks_per_second;
	struct conn *conn = conn_get(number);
	struct conn_word old, new;
	__u32 late;

	if (!conn)
		return -1;
	old.all = conn->word.all;
	if (old.life != LIFE_LIVE || !template_expired(&old, moment))
		return 0;
	late = (moment - old.expires) / extension;
	new = old;
	new.expires = old.expires + (late + 1) * extension;
	/* Who was faster has set its timer. */
	if (__sync_val_compare_and_swap(&conn->word.all, old.all, new.all) == old.all)
		conn->timeout = extension;
	return 0;
}

/* End a template without connections: once, whoever sees it first; what is needed of it is read before, see conn_kill. */
__noinline int template_kill(__u32 number, __u32 now)
{
	struct conn *conn = conn_get(number);
	struct conn_word old, new;
	struct conn_hashes hashes;
	__u32 control, at;
	struct dest *dest;

	if (!conn)
		return -1;
	old.all = conn->word.all;
	new = old;
	new.life = LIFE_DEAD;
	new.expires = now;
	template_hashes(conn, &hashes);
	control = conn->control;
	at = conn->dest;
	dest = dest_get(at);
	if (old.life != LIFE_LIVE || conn->controls ||
	    __sync_val_compare_and_swap(&conn->word.all, old.all, new.all) != old.all)
		return -1;
	if (!(old.bits & CONN_OUTDATED))
		index_unlink(&hashes, conn_place(old), number);
	if (control)
		bpf_map_delete_elem(&calls, &number);
	if (dest)
		dest_unbind_template(dest, at);
	return 0;
}

/* A connection ended, at its time or before: the template may be over as well. Of two whose time is the same tick
 * the connection ends first, as in the kernel. */
__noinline int template_release(__u32 number, __u32 ended, __u32 now)
{
	struct conn *conn = conn_get(number);

	if (!conn || !number)
		return -1;
	template_extend(number, ((__s32)(ended - now) < 0 ? ended : now) - 1);
	__sync_fetch_and_add(&conn->controls, -1);
	if (!conn->controls && template_expired(&conn->word, now))
		template_kill(number, now);
	return 0;
}

/* The connection was established, or answered. */
__noinline int template_assure(__u32 number)
{
	struct conn *conn = conn_get(number);
	struct conn_word old, new;

	if (!conn)
		return -1;
	old.all = conn->word.all;
	new = old;
	new.state = TEMPLATE_ASSURED;
	if (old.life == LIFE_LIVE && old.state != TEMPLATE_ASSURED)
		__sync_val_compare_and_swap(&conn->word.all, old.all, new.all);
	return 0;
}

/* Its destination is not to be used any more: it stays until its time is over, and is found no more. */
__noinline int template_outdate(__u32 number)
{
	struct conn *conn = conn_get(number);
	struct conn_hashes hashes;
	struct conn_word old, new;

	if (!conn)
		return -1;
	old.all = conn->word.all;
	new = old;
	new.bits |= CONN_OUTDATED;
	template_hashes(conn, &hashes);
	if (old.life != LIFE_LIVE || old.bits & CONN_OUTDATED ||
	    __sync_val_compare_and_swap(&conn->word.all, old.all, new.all) != old.all)
		return -1;
	index_unlink(&hashes, conn_place(old), number);
	conn->vport = OUTDATED_PORT;
	conn->dport = OUTDATED_PORT;
	return 0;
}

/* May the template's destination get another connection? Being full is no reason against it. */
static __always_inline int template_is_usable(const struct conn *conn, const struct settings *set)
{
	struct dest *dest = dest_get(conn->dest);

	if (!dest || !(dest->flags & DEST_AVAILABLE))
		return 0;
	return dest->weight || !set->sysctls[SYSCTL_EXPIRE_QUIESCENT_TEMPLATE];
}

static __always_inline void template_fill(struct conn *conn, const struct conn_key *key, const struct call *call,
					  const struct choice *choice)
{
	conn->client = key->client;
	conn->virtual = key->other;
	conn->cport = 0;
	conn->vport = key->oport;
	conn->protocol = key->protocol;
	conn->dport = choice->dport;
	conn->dest = choice->dest;
	conn->control = call ? call->hash : 0;
	conn->controls = 1;
}

/* Keep the Call-ID at hand for a template. It is looked up again, since Linux 6.1 takes no argument of a function as a
 * map's value. */
static __always_inline long template_keep_call(__u32 number)
{
	__u32 zero = 0;
	struct call *call = bpf_map_lookup_elem(&calls_at_hand, &zero);

	return call ? bpf_map_update_elem(&calls, &number, call, BPF_ANY) : -1;
}

static __always_inline int template_link(const struct conn *conn, struct conn_word *word, __u32 number)
{
	struct index_state *state = index_get();
	struct conn_hashes hashes;
	__u32 place;

	if (!state)
		return -1;
	template_hashes(conn, &hashes);
	place = level_now(state);
	if (index_link_first(hashes.end, place, number))
		place = index_link_late(&hashes, number);
	return conn_linked(word, state, place);
}

/* Begin a template with its first connection. `call`: null, or the one at hand. Returns its number; 0: the table is
 * full. */
__noinline __u32 template_new(const struct conn_key *key, const struct call *call, const struct choice *choice,
			      __u32 timeout, __u32 now)
{
	struct conn_word word = { .all = 0 };
	__u32 number = conn_allocate(now);
	struct conn *conn = conn_get(number);
	struct dest *dest;

	if (!number || !conn || !key || !choice)
		return 0;
	dest = dest_get(choice->dest);
	if (!dest || (call && template_keep_call(number)))
		goto full;
	template_fill(conn, key, call, choice);
	conn->method = dest->method;
	conn->timeout = timeout;
	word.expires = now + timeout;
	word.life = LIFE_LIVE;
	word.bits = CONN_INACTIVE;
	if (!template_link(conn, &word, number)) {
		__sync_lock_test_and_set(&conn->word.all, word.all);
		dest_bind_template(dest, choice->dest);
		return number;
	}
	if (call)
		bpf_map_delete_elem(&calls, &number);
full:
	conn_give_back(conn, number, now);
	return 0;
}

#endif
