/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Full NAT: the client's address as a TCP option, so that the real server can know it (toa_option.h). At tc alone; XDP
 * leaves these few segments to it.
 *
 * Each segment of the client carries it until the server has answered with more than its SYN: the third one of the
 * handshake, which makes the server's socket, and, should that be lost, those that make it instead. The server is
 * asked for an MSS that leaves room for it. A segment in which there is no room goes without: one that is full, one that
 * the kernel will cut yet. The option stands before those of the client, see toa_claim.h. */
#ifndef XLVS_TOA_H
#define XLVS_TOA_H

#include "csum.h"
#include "toa_claim.h"

#define TOA_MOVED_MAX (SCRATCH_BYTES / 2)
#define MSS_LEAST 88 /* RFC 791: 68 bytes pass any link; no segment shall be all headers */

static __always_inline __u32 toa_size(const struct packet *p)
{
	return p->family == FAMILY_IPV4 ? TOA_SIZE_IPV4 : TOA_SIZE_IPV6;
}

/* Put the option, which tells the packet's source, in place, and all that follows behind it. `head`: the bytes that say
 * the header's length and flags. */
static __noinline int toa_put(ctx_t *ctx, const struct packet *p, __u32 size, __u32 moved)
{
	struct toa_option option = { .kind = TOA_KIND, .length = size, .port = p->sport };
	__u32 zero = 0, at = p->l4 + TCP_HEADER_MIN;
	struct scratch *scratch = bpf_map_lookup_elem(&scratches, &zero);

	if (!scratch || moved > TOA_MOVED_MAX)
		return -1;
	option.addr[0] = p->src.words[3];
	if (size == TOA_SIZE_IPV6)
		__builtin_memcpy(option.addr, &p->src, sizeof(option.addr));
	if (moved && bpf_skb_load_bytes(ctx, at, scratch->bytes, bounded_size(moved, TOA_MOVED_MAX)))
		return -1;
	/* A short frame may be padded: what is behind the packet goes. */
	if (bpf_skb_change_tail(ctx, L3 + p->length + size, 0))
		return -1;
	if (moved && bpf_skb_store_bytes(ctx, at + size, scratch->bytes, bounded_size(moved, TOA_MOVED_MAX), 0))
		return -1;
	return size == TOA_SIZE_IPV6 ? bpf_skb_store_bytes(ctx, at, &option, TOA_SIZE_IPV6, 0) :
				       bpf_skb_store_bytes(ctx, at, &option, TOA_SIZE_IPV4, 0);
}

/* The sum of the option. */
static __always_inline __u32 toa_sum(const struct packet *p, __u32 size)
{
	__u32 sum = csum_add(bpf_htons(TOA_KIND << 8 | size), p->sport);

	for (int i = size == TOA_SIZE_IPV6 ? 0 : 3; i < 4; i++)
		sum = csum_add(sum, p->src.words[i & 3]);
	return sum;
}

/* The IP header says the new length. */
static __always_inline int toa_lengthen(ctx_t *ctx, const struct packet *p, __u32 size)
{
	__be16 length;

	if (p->family == FAMILY_IPV4) {
		struct iphdr *ip = ctx_data(ctx) + L3;

		if ((void *)(ip + 1) > ctx_data_end(ctx))
			return -1;
		length = bpf_htons(p->length + size);
		ip->check = csum_update(ip->check, csum_change_port(ip->tot_len, length));
		ip->tot_len = length;
	} else {
		struct ipv6hdr *ip = ctx_data(ctx) + L3;

		if ((void *)(ip + 1) > ctx_data_end(ctx))
			return -1;
		length = bpf_htons(p->length + size - sizeof(*ip));
		/* Of a packet that an interface summed up, the sum covers this. */
		bpf_csum_update(ctx, csum_change_port(ip->payload_len, length));
		ip = ctx_data(ctx) + L3;
		if ((void *)(ip + 1) > ctx_data_end(ctx))
			return -1;
		ip->payload_len = length;
	}
	return 0;
}

/* Insert the option. Returns 0, 1 when there is no room for it and the segment is left as it is, or -1 when the kernel
 * refused amid it. */
__noinline int toa_insert(ctx_t *ctx, struct packet *p)
{
	__u32 size, header, segment, pseudo, plain;
	__be16 before, after;

	if (!p || p->l4 > L4_MAX || bpf_skb_load_bytes(ctx, p->l4 + TCP_DATA_OFFSET, &before, sizeof(before)))
		return 1;
	size = toa_size(p);
	header = (bpf_ntohs(before) >> 12) * 4;
	segment = p->length - (p->l4 - L3);
	if (header < TCP_HEADER_MIN || header > segment || header + size > TCP_HEADER_MAX ||
	    segment - TCP_HEADER_MIN > TOA_MOVED_MAX)
		return 1;
	if (toa_put(ctx, p, size, segment - TCP_HEADER_MIN))
		return -1;
	after = bpf_htons(bpf_ntohs(before) + (size / 4 << 12));
	if (bpf_skb_store_bytes(ctx, p->l4 + TCP_DATA_OFFSET, &after, sizeof(after), 0))
		return -1;
	pseudo = csum_change_port(bpf_htons(segment), bpf_htons(segment + size));
	plain = csum_add(csum_change_port(before, after), toa_sum(p, size));
	if (ctx_checksum(ctx, p->l4 + l4_checksum_offset(IPPROTO_TCP), pseudo, plain, 0) || toa_lengthen(ctx, p, size))
		return -1;
	p->length += size;
	p->segment += size;
	return 0;
}

/* Overwrite what claims to be the option. Returns 0, or -1. */
__noinline int toa_disclaim(ctx_t *ctx, const struct packet *p)
{
	struct scratch *scratch;
	__u32 zero = 0, change;
	int length;

	if (!p)
		return -1;
	length = toa_claims(ctx, p);
	if (length <= 0)
		return length;
	scratch = bpf_map_lookup_elem(&scratches, &zero);
	if (!scratch)
		return -1;
	change = bpf_csum_diff((void *)scratch->bytes, CLAIM_BYTES, (void *)(scratch->bytes + CLAIM_BYTES), CLAIM_BYTES,
			       0);
	if (bpf_skb_store_bytes(ctx, p->l4 + TCP_HEADER_MIN, scratch->bytes + CLAIM_BYTES,
				bounded_size(length, CLAIM_BYTES), 0))
		return -1;
	return bpf_l4_csum_replace(ctx, p->l4 + l4_checksum_offset(IPPROTO_TCP), 0, change, 0) ? -1 : 0;
}

/* Let the client leave room for the option: lower the MSS that the server's SYN says. */
__noinline int toa_make_room(ctx_t *ctx, const struct packet *p)
{
	__u8 option[4], header;
	__be16 before, after;
	__u32 at, end, check;

	if (!p || bpf_skb_load_bytes(ctx, p->l4 + TCP_DATA_OFFSET, &header, sizeof(header)))
		return 0;
	at = p->l4 + TCP_HEADER_MIN;
	end = p->l4 + (header >> 4) * 4;
	check = p->l4 + l4_checksum_offset(IPPROTO_TCP);
#pragma clang loop unroll(disable)
	for (int i = 0; i < TCP_OPTIONS_MAX / 2; i++) {
		if (at + sizeof(option) > end || bpf_skb_load_bytes(ctx, at, option, sizeof(option)))
			return 0;
		if (option[0] == TCP_OPTION_MSS)
			break;
		if (option[0] == TCP_OPTION_END || (option[0] != TCP_OPTION_NOP && option[1] < 2))
			return 0;
		at += option[0] == TCP_OPTION_NOP ? 1 : option[1];
	}
	if (option[0] != TCP_OPTION_MSS || option[1] != sizeof(option))
		return 0;
	before = bpf_htons(option[2] << 8 | option[3]);
	if (bpf_ntohs(before) < MSS_LEAST + toa_size(p))
		return 0;
	after = bpf_htons(bpf_ntohs(before) - toa_size(p));
	if (bpf_skb_store_bytes(ctx, at + 2, &after, sizeof(after), 0))
		return -1;
	/* An option may stand at an odd place, where the checksum counts its bytes the other way round. */
	if ((at - p->l4) & 1)
		return bpf_l4_csum_replace(ctx, check, __builtin_bswap16(before), __builtin_bswap16(after),
					   sizeof(after));
	return bpf_l4_csum_replace(ctx, check, before, after, sizeof(after));
}

#endif
