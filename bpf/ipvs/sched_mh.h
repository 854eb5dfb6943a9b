/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Maglev hashing: the client's address picks one of 4093 entries that user space filled (schedulers/maglev.py), so
 * that most clients stay where they are when a destination comes or goes. With mh-port its port counts too, with
 * mh-fallback other entries are tried when the destination is unusable.
 *
 * The hash is SipHash-1-3 (Aumasson and Bernstein) of the number's four bytes, with the kernel's key on 64-bit
 * machines, both halves 2654435761: directors of both kinds choose alike. */
#ifndef XLVS_SCHED_MH_H
#define XLVS_SCHED_MH_H

#define MH_ENTRIES 4093
#define MH_KEY 2654435761ULL
#define MH_LENGTH_BLOCK (4ULL << 56) /* the last block carries the length in its top byte */

struct siphash {
	__u64 a;
	__u64 b;
	__u64 c;
	__u64 d;
};

struct mh_walk {
	struct range table;
	__u32 service;
	__u32 number; /* what is hashed of the client */
	__u32 start; /* entry of the first try */
	__u32 found;
};

static __always_inline __u64 siphash_rotate(__u64 word, __u32 bits)
{
	return word << bits | word >> (64 - bits);
}

static __always_inline void siphash_round(struct siphash *h)
{
	h->a += h->b;
	h->c += h->d;
	h->b = siphash_rotate(h->b, 13) ^ h->a;
	h->d = siphash_rotate(h->d, 16) ^ h->c;
	h->a = siphash_rotate(h->a, 32);
	h->c += h->b;
	h->a += h->d;
	h->b = siphash_rotate(h->b, 17) ^ h->c;
	h->d = siphash_rotate(h->d, 21) ^ h->a;
	h->c = siphash_rotate(h->c, 32);
}

static __always_inline __u32 mh_entry(__u32 number)
{
	struct siphash h = {
		.a = MH_KEY ^ 0x736f6d6570736575ULL,
		.b = MH_KEY ^ 0x646f72616e646f6dULL,
		.c = MH_KEY ^ 0x6c7967656e657261ULL,
		.d = MH_KEY ^ 0x7465646279746573ULL,
	};
	__u64 block = MH_LENGTH_BLOCK | number;

	h.d ^= block;
	siphash_round(&h);
	h.a ^= block;
	h.c ^= 0xff;
	siphash_round(&h);
	siphash_round(&h);
	siphash_round(&h);
	return (__u32)(h.a ^ h.b ^ h.c ^ h.d) % MH_ENTRIES;
}

static __always_inline __u32 mh_usable(struct range table, __u32 service, __u32 entry)
{
	__u32 number;
	struct dest *dest;

	if (table.length != MH_ENTRIES)
		return 0;
	dest = sched_at(table, service, entry, &number);
	return dest && dest_is_usable(dest) ? number : 0;
}

/* Try i hashes anew, with an offset that begins at the first entry. */
static long mh_step(__u32 i, void *data)
{
	struct mh_walk *walk = data;

	walk->found = mh_usable(walk->table, walk->service, mh_entry(walk->number + (walk->start + i) % MH_ENTRIES));
	return walk->found ? 1 : 0;
}

__noinline __u32 sched_mh(struct service *svc, __u32 service, const struct packet *p)
{
	struct mh_walk walk = { .service = service };

	if (!svc || !p)
		return 0;
	walk.table.all = svc->table.all;
	walk.number = sh_fold(&p->src, p->family);
	if (svc->flags & SERVICE_SCHED2)
		walk.number += bpf_ntohs(p->sport);
	walk.start = mh_entry(walk.number);
	walk.found = mh_usable(walk.table, service, walk.start);
	if (!walk.found && svc->flags & SERVICE_SCHED1 && walk.table.length == MH_ENTRIES)
		bpf_loop(MH_ENTRIES, mh_step, &walk, 0);
	return walk.found;
}

#endif
