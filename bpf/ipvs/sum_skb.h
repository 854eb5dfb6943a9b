/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Checksums over a packet's bytes, at tc, where a packet may be longer than its linear part. */
#ifndef XLVS_SUM_H
#define XLVS_SUM_H

#include "csum.h"
#include "maps.h"
#include "parse.h"

#define SUM_CHUNK 512 /* most that bpf_csum_diff takes */
#define SUM_CHUNKS_MAX 128 /* 64 KiB */

struct sum_walk {
	ctx_t *ctx;
	__u32 offset;
	__u32 left;
	__u32 sum;
	int failed;
};

static long sum_step(__u32 i, void *data)
{
	struct sum_walk *walk = data;
	__u32 length = walk->left < SUM_CHUNK ? walk->left : SUM_CHUNK, zero = 0;
	struct scratch *scratch = bpf_map_lookup_elem(&scratches, &zero);

	if (!scratch || !walk->left)
		return 1;
	length = bounded_size(length, SUM_CHUNK);
	/* The last chunk is filled up to a multiple of four with zeros. */
	*(__u32 *)(scratch->bytes + (length & ~3u)) = 0;
	if (bpf_skb_load_bytes(walk->ctx, walk->offset, scratch->bytes, length)) {
		walk->failed = 1;
		return 1;
	}
	walk->sum = bpf_csum_diff(0, 0, (__be32 *)scratch->bytes, (length + 3) & ~3u, walk->sum);
	walk->offset += length;
	walk->left -= length;
	return 0;
}

/* Sum of `length` bytes of the frame from `offset` on, on top of `sum`; failure in `failed`. */
__noinline __u32 sum_bytes(ctx_t *ctx, __u32 offset, __u32 length, __u32 sum, int *failed)
{
	struct sum_walk walk = { .ctx = ctx, .offset = offset, .left = length, .sum = sum };

	if (!failed)
		return 0;
	bpf_loop(SUM_CHUNKS_MAX, sum_step, &walk, 0);
	*failed = walk.failed || walk.left;
	return walk.sum;
}

/* Sum of the pseudo-header (RFC 9293 3.1, RFC 8200 8.1). */
static __always_inline __u32 sum_pseudo(const struct packet *p, const struct addr *src, const struct addr *dst,
					__u8 protocol, __u32 length)
{
	__u32 sum = csum_add(bpf_htonl(length), bpf_htonl(protocol));

	for (int i = p->family == FAMILY_IPV4 ? 3 : 0; i < 4; i++)
		sum = csum_add(sum, csum_add(src->words[i & 3], dst->words[i & 3]));
	return sum;
}

/* Is the checksum of the packet, whose layer-4 header stands at `offset` of the frame, left to the network card, or to
 * the kernel when it cuts a GSO packet? Then the field holds the sum over the pseudo-header, which is returned, else -1. */
__noinline int sum_open(ctx_t *ctx, const struct packet *p, __u32 offset)
{
	__u16 field;

	if (!p || p->part != FRAGMENT_NONE || (p->protocol != IPPROTO_TCP && p->protocol != IPPROTO_UDP))
		return -1;
	if (bpf_skb_load_bytes(ctx, offset + l4_checksum_offset(p->protocol), &field, sizeof(field)))
		return -1;
	if (field != csum_fold(sum_pseudo(p, &p->src, &p->dst, p->protocol, p->length - (p->l4 - L3))))
		return -1;
	return field;
}

/* Give a UDP datagram that has no checksum one, as the kernel does before it translates it. */
__noinline int sum_fill_udp(ctx_t *ctx, const struct packet *p)
{
	__u32 offset, length;
	__u16 check;
	struct udphdr *udp;
	int failed = 0;

	if (!p)
		return -1;
	offset = p->l4;
	if (offset > L4_MAX)
		return -1;
	udp = ctx_data(ctx) + offset;
	if ((void *)(udp + 1) > ctx_data_end(ctx))
		return -1;
	if (udp->check)
		return 0;
	length = bpf_ntohs(udp->len);
	check = ~csum_fold(
		sum_bytes(ctx, offset, length, sum_pseudo(p, &p->src, &p->dst, IPPROTO_UDP, length), &failed));
	if (failed)
		return -1;
	udp = ctx_data(ctx) + offset;
	if ((void *)(udp + 1) > ctx_data_end(ctx))
		return -1;
	udp->check = check ? check : 0xffff;
	return 0;
}

#endif
