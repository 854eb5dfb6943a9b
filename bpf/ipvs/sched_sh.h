/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Source hashing: the client's address picks one of 256 buckets that user space filled by weight.
 * With sh-port its port counts too, with sh-fallback another bucket is tried when the server is unusable. */
#ifndef XLVS_SCHED_SH_H
#define XLVS_SCHED_SH_H

#define SH_BUCKETS 256

struct sh_walk {
	struct range table;
	__u32 service;
	__u32 start; /* bucket of the first try */
	__u32 found;
};

static __always_inline __u32 sh_fold(const struct addr *addr, __u8 family)
{
	if (family == FAMILY_IPV4)
		return bpf_ntohl(addr->words[3]);
	return bpf_ntohl(addr->words[0] ^ addr->words[1] ^ addr->words[2] ^ addr->words[3]);
}

/* The kernel's multiplicative hash: the upper 8 bits of the product. */
static __always_inline __u32 sh_bucket(__u32 number)
{
	return number * 0x61C88647u >> 24;
}

static __always_inline __u32 sh_usable(struct range table, __u32 service, __u32 bucket)
{
	__u32 number;
	struct dest *dest;

	if (table.length != SH_BUCKETS)
		return 0;
	dest = sched_at(table, service, bucket & (SH_BUCKETS - 1), &number);
	return dest && dest_is_usable(dest) ? number : 0;
}

/* The offset of try i begins at the first bucket itself and is added to it: 2 x start + i. */
static long sh_step(__u32 i, void *data)
{
	struct sh_walk *walk = data;

	walk->found = sh_usable(walk->table, walk->service, walk->start * 2 + i);
	return walk->found ? 1 : 0;
}

__noinline __u32 sched_sh(struct service *svc, __u32 service, const struct packet *p)
{
	struct sh_walk walk = { .service = service };
	__u32 hashed;

	if (!svc || !p)
		return 0;
	walk.table.all = svc->table.all;
	hashed = sh_fold(&p->src, p->family);
	if (svc->flags & SERVICE_SCHED2)
		hashed += bpf_ntohs(p->sport);
	walk.start = sh_bucket(hashed);
	walk.found = sh_usable(walk.table, service, walk.start);
	if (!walk.found && svc->flags & SERVICE_SCHED1)
		bpf_loop(SH_BUCKETS, sh_step, &walk, 0);
	return walk.found;
}

#endif
