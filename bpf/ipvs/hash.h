/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Hashes: of a connection's key, and of an address. The first is Bob Jenkins' lookup3 (public domain) with
 * a secret start value, since clients choose half of the key and must not choose the bucket with it. */
#ifndef XLVS_HASH_H
#define XLVS_HASH_H

#include "maps.h"

#define HASH_MULTIPLIER 0x9e3779b97f4a7c15ULL

struct hash {
	__u32 a;
	__u32 b;
	__u32 c;
};

static __always_inline __u32 hash_rotate(__u32 word, __u32 bits)
{
	return word << bits | word >> (32 - bits);
}

static __always_inline void hash_mix(struct hash *h)
{
	h->a = (h->a - h->c) ^ hash_rotate(h->c, 4);
	h->c += h->b;
	h->b = (h->b - h->a) ^ hash_rotate(h->a, 6);
	h->a += h->c;
	h->c = (h->c - h->b) ^ hash_rotate(h->b, 8);
	h->b += h->a;
	h->a = (h->a - h->c) ^ hash_rotate(h->c, 16);
	h->c += h->b;
	h->b = (h->b - h->a) ^ hash_rotate(h->a, 19);
	h->a += h->c;
	h->c = (h->c - h->b) ^ hash_rotate(h->b, 4);
	h->b += h->a;
}

static __always_inline __u64 hash_final(struct hash *h)
{
	h->c = (h->c ^ h->b) - hash_rotate(h->b, 14);
	h->a = (h->a ^ h->c) - hash_rotate(h->c, 11);
	h->b = (h->b ^ h->a) - hash_rotate(h->a, 25);
	h->c = (h->c ^ h->b) - hash_rotate(h->b, 16);
	h->a = (h->a ^ h->c) - hash_rotate(h->c, 4);
	h->b = (h->b ^ h->a) - hash_rotate(h->a, 14);
	h->c = (h->c ^ h->b) - hash_rotate(h->b, 24);
	return (__u64)h->b << 32 | h->c;
}

static __always_inline void hash_add(struct hash *h, __u32 a, __u32 b, __u32 c)
{
	h->a += a;
	h->b += b;
	h->c += c;
	hash_mix(h);
}

/* Hash of one pair of ends: the client's and the other one, which is the virtual one in the forward key and
 * the destination's in the reply key. */
static __always_inline __u64 hash_ends(const struct addr *client, __be16 cport, const struct addr *other, __be16 oport,
				       __u8 protocol)
{
	struct hash h = { .a = hash_seed, .b = hash_seed >> 32, .c = 0xdeadbeef + protocol };

	if (client->halves[0] | other->halves[0]) {
		hash_add(&h, client->words[0], client->words[1], client->words[2]);
		hash_add(&h, other->words[0], other->words[1], other->words[2]);
	}
	h.a += client->words[3];
	h.b += other->words[3];
	h.c += (__u32)cport << 16 | oport;
	return hash_final(&h);
}

/* Hash of the client's end alone. */
static __always_inline __u64 hash_end(const struct addr *client, __be16 cport, __u8 protocol)
{
	struct hash h = { .a = hash_seed, .b = hash_seed >> 32, .c = 0xdeadbeef + protocol };

	if (client->halves[0])
		hash_add(&h, client->words[0], client->words[1], client->words[2]);
	h.a += client->words[3];
	h.b += cport;
	return hash_final(&h);
}

/* Which bit of a filter stands for an address; user space computes the same (layout.py). */
static __always_inline __u32 hash_addr(const struct addr *addr)
{
	__u64 hash = (addr->halves[0] ^ addr->halves[1] ^ addr->halves[0] >> 31) * HASH_MULTIPLIER;

	return hash >> 45;
}

static __always_inline int filter_has(const __u64 *bits, const struct addr *addr)
{
	__u32 bit = hash_addr(addr);

	return bits[bit >> 6 & (FILTER_WORDS - 1)] >> (bit & 63) & 1;
}

/* Let packets of an address be looked at from now on. */
static __always_inline void filter_set(__u64 *bits, const struct addr *addr)
{
	__u32 bit = hash_addr(addr);
	__u64 *word = &bits[bit >> 6 & (FILTER_WORDS - 1)];

	if (!(*word >> (bit & 63) & 1))
		__sync_fetch_and_or(word, 1ULL << (bit & 63));
}

#endif
