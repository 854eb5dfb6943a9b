/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Checksums over a packet's bytes, which may lie outside its linear part. */
#ifndef XLVS_DECAP_SUM_H
#define XLVS_DECAP_SUM_H

#include "../ipvs/csum.h"
#include "maps.h"

#define CHUNKS_MAX 128 /* 64 KiB */

struct sum_walk {
	struct __sk_buff *ctx;
	__u32 offset;
	__u32 left;
	__u32 sum;
	__u32 failed;
};

/* A size from 1 to CHUNK, seen as such by the verifier of Linux 6.1. */
static __always_inline __u32 chunk_size(__u32 size)
{
	size = (size - 1) & (CHUNK - 1);
	asm volatile("" : "+r"(size));
	return size + 1;
}

static long sum_step(__u32 i, void *data)
{
	struct sum_walk *walk = data;
	__u32 length = walk->left < CHUNK ? walk->left : CHUNK, zero = 0;
	struct chunk *chunk = bpf_map_lookup_elem(&decap_chunks, &zero);

	if (!chunk || !walk->left)
		return 1;
	length = chunk_size(length);
	/* The last chunk is filled up to a multiple of four with zeros. */
	*(__u32 *)(chunk->bytes + (length & ~3u)) = 0;
	if (bpf_skb_load_bytes(walk->ctx, walk->offset, chunk->bytes, length)) {
		walk->failed = 1;
		return 1;
	}
	walk->sum = bpf_csum_diff(0, 0, (__be32 *)chunk->bytes, (length + 3) & ~3u, walk->sum);
	walk->offset += length;
	walk->left -= length;
	return 0;
}

/* Sum of the frame's bytes from `from` up to `end`, on top of `sum`; a sum of bytes that are not there is 0, which
 * no packet has. */
static __noinline __u32 sum_bytes(struct __sk_buff *ctx, __u32 from, __u32 end, __u32 sum)
{
	struct sum_walk walk = { .ctx = ctx, .offset = from, .left = end - from, .sum = sum };

	if (end < from)
		return 0;
	bpf_loop(CHUNKS_MAX, sum_step, &walk, 0);
	return walk.failed || walk.left ? 0 : walk.sum;
}

/* The two halves of a hash sum may have been swapped when its part begins at an odd offset: none of ours does. */
static __always_inline int sum_holds(__u32 sum)
{
	return csum_fold(sum) == 0xffff;
}

#endif
