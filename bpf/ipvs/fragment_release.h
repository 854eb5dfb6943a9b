/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Keeping fragments, and letting those of a complete datagram go on. No packet can be made here, but the
 * one at hand can take the shape of any other: it becomes each fragment in turn, and a copy of it enters the
 * interface as if it had just come. */
#ifndef XLVS_FRAGMENT_RELEASE_H
#define XLVS_FRAGMENT_RELEASE_H

#include "copy_skb.h"
#include "maps.h"
#include "parse.h"

#define PIECES_MAX 32 /* per fragment: 64 KiB */

/* Through the pieces of one fragment, and through the fragments of one datagram. */
struct piece_walk {
	ctx_t *ctx;
	struct piece_key key;
	__u32 length; /* of the fragment's IP packet */
	__u32 header; /* what of that is not payload */
	__u32 left; /* payload of the datagram that is to go on yet */
	int failed;
};

/* Length of the piece with this number, from 1 to PIECE_BYTES. */
static __always_inline __u32 piece_length(const struct piece_walk *walk)
{
	__u32 left = walk->length - walk->key.number * PIECE_BYTES;

	return bounded((left < PIECE_BYTES ? left : PIECE_BYTES) - 1, PIECE_BYTES - 1) + 1;
}

static __always_inline __u32 piece_count(const struct piece_walk *walk)
{
	return (walk->length + PIECE_BYTES - 1) / PIECE_BYTES;
}

static long piece_keep_step(__u32 i, void *data)
{
	struct piece_walk *walk = data;
	__u32 zero = 0, offset = L3 + walk->key.number * PIECE_BYTES;
	struct scratch *scratch = bpf_map_lookup_elem(&scratches, &zero);
	struct piece *piece = (void *)scratch;

	if (!scratch)
		return 1;
	piece->length = walk->length;
	piece->header = walk->header;
	if (bpf_skb_load_bytes(walk->ctx, offset, piece->bytes, piece_length(walk)) ||
	    bpf_map_update_elem(&pieces, &walk->key, piece, BPF_ANY)) {
		walk->failed = 1;
		return 1;
	}
	walk->key.number++;
	return 0;
}

/* Keep the packet at hand under `walk->key`. Returns 0, or not. */
static __always_inline int piece_keep(struct piece_walk *walk, __u32 length, __u32 header)
{
	walk->length = length;
	walk->header = header;
	walk->key.number = 0;
	bpf_loop(piece_count(walk), piece_keep_step, walk, 0);
	return walk->failed;
}

static long piece_restore_step(__u32 i, void *data)
{
	struct piece_walk *walk = data;
	struct piece *piece = bpf_map_lookup_elem(&pieces, &walk->key);
	__u32 offset = L3 + walk->key.number * PIECE_BYTES;

	if (!piece || bpf_skb_store_bytes(walk->ctx, offset, piece->bytes, piece_length(walk), BPF_F_RECOMPUTE_CSUM)) {
		walk->failed = 1;
		return 1;
	}
	bpf_map_delete_elem(&pieces, &walk->key);
	walk->key.number++;
	return 0;
}

/* Let the fragment at `walk->key.start` go on. */
static long fragment_release_step(__u32 i, void *data)
{
	struct piece_walk *walk = data;
	struct piece *piece;

	if (!walk->left)
		return 1;
	walk->key.number = 0;
	piece = bpf_map_lookup_elem(&pieces, &walk->key);
	if (!piece)
		goto fail;
	walk->length = piece->length;
	walk->header = piece->header;
	if (bpf_skb_change_tail(walk->ctx, L3 + walk->length, 0))
		goto fail;
	bpf_loop(piece_count(walk), piece_restore_step, walk, 0);
	if (walk->failed || copy_send(walk->ctx, walk->ctx->ifindex, BPF_F_INGRESS))
		goto fail;
	walk->key.start += walk->length - walk->header;
	walk->left -= walk->length - walk->header;
	return 0;
fail:
	walk->failed = 1;
	return 1;
}

/* Let all the fragments of a datagram go on, marked in `tc_index` with the length of the whole as its IP header would
 * show it: that is how they are told from those that come from outside. Returns 0, or not. */
static __always_inline int fragment_release(struct piece_walk *walk, __u8 family)
{
	struct piece *piece;
	__u32 whole;

	walk->key.start = 0;
	walk->key.number = 0;
	piece = bpf_map_lookup_elem(&pieces, &walk->key);
	if (!piece)
		return -1;
	whole = walk->left + piece->header;
	/* IPv6 has the fragment header in fragments only, and its length field leaves the IP header out. */
	if (family == FAMILY_IPV6)
		whole -= sizeof(struct ipv6hdr) + FRAGMENT_HEADER;
	if (whole > 0xffff)
		return -1;
	/* What the interface found out about the checksum of the packet at hand is not true of the others. */
	bpf_csum_level(walk->ctx, BPF_CSUM_LEVEL_RESET);
	walk->ctx->tc_index = whole;
	bpf_loop(DATAGRAM_SPANS, fragment_release_step, walk, 0);
	return walk->failed || walk->left;
}

#endif
