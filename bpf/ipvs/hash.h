/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Hashes: of a connection's key (seeded, since clients choose half of it) and of an address. */
#ifndef XLVS_HASH_H
#define XLVS_HASH_H

#include "maps.h"

#define HASH_MULTIPLIER 0x9e3779b97f4a7c15ULL

static __always_inline __u64 hash_mix(__u64 hash, __u64 word)
{
	hash = (hash ^ word) * HASH_MULTIPLIER;
	return hash ^ hash >> 32;
}

/* Hash of one end pair: the client's end and the other end, which is the virtual one in the forward
 * key and the destination's in the reply key. */
static __always_inline __u64 hash_ends(const struct addr *client, __be16 cport, const struct addr *other, __be16 oport,
				       __u8 protocol)
{
	__u64 hash = hash_mix(hash_seed, (__u64)cport << 32 | (__u64)oport << 16 | protocol);

	hash = hash_mix(hash, client->halves[1]);
	hash = hash_mix(hash, other->halves[1]);
	if (client->halves[0] | other->halves[0]) {
		hash = hash_mix(hash, client->halves[0]);
		hash = hash_mix(hash, other->halves[0]);
	}
	return hash;
}

/* Which bit of a filter stands for an address; user space computes the same (ipvs/filter). */
static __always_inline __u32 hash_addr(const struct addr *addr)
{
	__u64 hash = (addr->halves[0] ^ addr->halves[1] ^ addr->halves[0] >> 31) * HASH_MULTIPLIER;

	return hash >> 48;
}

static __always_inline int filter_has(const __u64 *bits, const struct addr *addr)
{
	__u32 bit = hash_addr(addr);

	return bits[bit >> 6 & (FILTER_WORDS - 1)] >> (bit & 63) & 1;
}

#endif
