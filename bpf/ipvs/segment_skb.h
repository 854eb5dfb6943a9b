/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Cutting a GSO packet into its segments, each in a tunnel of its own, where the kernel cannot: no program can tell it
 * to make an outer checksum for each, and it confuses UDP inside of UDP. The payload is put aside, and the packet is
 * sent once per segment with its part of it. The inner checksum is left to hardware as before. */
#ifndef XLVS_SEGMENT_H
#define XLVS_SEGMENT_H

#include "split.h"
#include "tunnel_head.h"

#define SEGMENT_MAX 16384 /* bytes of payload */
#define SEGMENTS_MAX 128
#define STORES 4 /* of SEGMENT_MAX each, and as much of the next one: a segment is whole in that where it begins */
#define TCP_PSH 8
#define TCP_CWR 0x80
#define TCP_FLAGS_OFFSET 13
#define SEGMENT_OFFSET_MASK 0x3ff

struct segment_store {
	__u8 bytes[2 * SEGMENT_MAX];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, STORES);
	__type(key, __u32);
	__type(value, struct segment_store);
} segment_stores SEC(".maps");

struct segment_walk {
	ctx_t *ctx;
	__u32 header; /* offset of the payload in the frame */
	__u32 size; /* payload of every segment but the last */
	__u32 start; /* of the next segment's payload */
	__u32 left;
	__u32 sequence;
	__u32 ident; /* inner IPv4's, of the first segment */
	__u8 flags; /* TCP's */
	__u8 failed;
};

/* Does the packet have to be cut here? */
static __always_inline int segment_must(const ctx_t *ctx, const struct packet *p, const struct tunnel_way *way)
{
	if (!ctx_segment(ctx))
		return 0;
	return tunnel_is_summed(way) || (way->protocol == IPPROTO_UDP && p->protocol == IPPROTO_UDP);
}

static long segment_keep_step(__u32 i, void *data)
{
	struct segment_walk *walk = data;
	__u32 offset = i * SEGMENT_MAX, left;
	struct segment_store *store = bpf_map_lookup_elem(&segment_stores, &i);

	if (!store || offset >= walk->left)
		return 1;
	left = walk->left - offset;
	left = bounded_size(left < 2 * SEGMENT_MAX ? left : 2 * SEGMENT_MAX, 2 * SEGMENT_MAX);
	walk->failed |= !!bpf_skb_load_bytes(walk->ctx, walk->header + offset, store->bytes, left);
	return 0;
}

/* Length, identification and the sum of the inner IP header, which is returned: an IPv4 header sums up to nothing. */
static __always_inline __u32 segment_mark_ip(const struct segment_walk *walk, struct work *work, __u32 number)
{
	void *header = ctx_data(walk->ctx) + L3 + bounded(work->way.room, OFFSET_MASK);
	struct packet *p = &work->packet;

	if (header + sizeof(struct ipv6hdr) > ctx_data_end(walk->ctx))
		return 0;
	if (p->family == FAMILY_IPV4) {
		__be16 length = bpf_htons(p->length), ident = bpf_htons(walk->ident + number);
		struct iphdr *ip = header;

		ip->check = csum_update(
			ip->check, csum_add(csum_add((__u16)~ip->tot_len, length), csum_add((__u16)~ip->id, ident)));
		ip->tot_len = length;
		ip->id = ident;
		return 0;
	}
	((struct ipv6hdr *)header)->payload_len = bpf_htons(p->length - sizeof(struct ipv6hdr));
	return csum_add(csum_add(((__be32 *)header)[0], ((__be32 *)header)[1]),
			csum_add(addr_sum(&p->src, FAMILY_IPV6), addr_sum(&p->dst, FAMILY_IPV6)));
}

/* The inner TCP or UDP header; its checksum is that of the pseudo-header, the rest is added at the very end. */
static __always_inline int segment_mark_l4(const struct segment_walk *walk, struct work *work, __u32 number, int last,
					   __u32 pseudo)
{
	void *header = ctx_data(walk->ctx) + bounded(work->packet.l4 + work->way.room, SEGMENT_OFFSET_MASK);
	struct udphdr *udp = header;
	struct tcphdr *tcp = header;
	__u8 flags = walk->flags;

	if (work->packet.protocol == IPPROTO_UDP) {
		if ((void *)(udp + 1) > ctx_data_end(walk->ctx))
			return -1;
		udp->len = bpf_htons(work->packet.length - (work->packet.l4 - L3));
		udp->check = csum_fold(pseudo);
		return 0;
	}
	if ((void *)(tcp + 1) > ctx_data_end(walk->ctx))
		return -1;
	if (!last)
		flags &= ~(TCP_FIN | TCP_PSH);
	if (number)
		flags &= ~TCP_CWR;
	tcp->seq = bpf_htonl(walk->sequence + walk->start);
	((__u8 *)tcp)[TCP_FLAGS_OFFSET] = flags;
	tcp->check = csum_fold(pseudo);
	return 0;
}

/* Make the packet the segment that holds `length` bytes of the payload from `walk->start` on. */
static __always_inline int segment_shape(const struct segment_walk *walk, struct work *work, __u32 number, __u32 length)
{
	__u32 place = walk->start / SEGMENT_MAX, start = bounded(walk->start, SEGMENT_MAX - 1), ends, payload, pseudo;
	struct segment_store *store = bpf_map_lookup_elem(&segment_stores, &place);
	struct tunnel_head *head = &work->head;
	struct packet *p = &work->packet;

	if (!store || bpf_skb_change_tail(walk->ctx, walk->header + length, 0) ||
	    bpf_skb_store_bytes(walk->ctx, walk->header, store->bytes + start, bounded_size(length, SEGMENT_MAX), 0))
		return -1;
	p->length = walk->header - work->way.room - L3 + length;
	payload = p->length - (p->l4 - L3);
	ends = csum_add(addr_sum(&p->src, p->family), addr_sum(&p->dst, p->family));
	pseudo = csum_add(ends, csum_add(bpf_htons(p->protocol), bpf_htons(payload)));
	head->sum = csum_add(segment_mark_ip(walk, work, number), ~pseudo);
	head->length = p->length;
	if (!head->fragment)
		head->id = bpf_htons(bpf_ntohs(head->id) + possible_cpus);
	return segment_mark_l4(walk, work, number, length == walk->left, pseudo) ||
	       head_write(walk->ctx, &work->way, head);
}

static long segment_step(__u32 i, void *data)
{
	struct segment_walk *walk = data;
	__u32 zero = 0, length = walk->left < walk->size ? walk->left : walk->size;
	struct work *work = bpf_map_lookup_elem(&works, &zero);

	if (!walk->left || !work)
		return 1;
	if (segment_shape(walk, work, i, length) || copy_send(walk->ctx, work->way.ifindex, 0)) {
		walk->failed = 1;
		return 1;
	}
	walk->start += length;
	walk->left -= length;
	return 0;
}

/* Send the packet, for whose outer headers there is room already, in segments. Returns 0, or not. */
static __noinline int segment_send(ctx_t *ctx, struct work *work)
{
	struct packet *p = &work->packet;
	struct segment_walk walk = {
		.ctx = ctx,
		.header = L3 + work->way.room + p->segment,
		.size = ctx_segment(ctx),
	};
	struct tcphdr tcp = {};
	__be16 ident = 0;

	walk.left = L3 + work->way.room + p->length - walk.header;
	if (walk.size > SEGMENT_MAX || walk.left > STORES * SEGMENT_MAX || p->l4 > L4_MAX)
		return -1;
	if (p->family == FAMILY_IPV6 && p->l4 != L3 + sizeof(struct ipv6hdr))
		return -1;
	if (bpf_skb_load_bytes(ctx, p->l4 + work->way.room, &tcp, p->protocol == IPPROTO_TCP ? sizeof(tcp) : 8) ||
	    bpf_skb_load_bytes(ctx, L3 + work->way.room + __builtin_offsetof(struct iphdr, id), &ident, sizeof(ident)))
		return -1;
	walk.sequence = bpf_ntohl(tcp.seq);
	walk.flags = ((__u8 *)&tcp)[TCP_FLAGS_OFFSET];
	walk.ident = bpf_ntohs(ident);
	bpf_loop(STORES, segment_keep_step, &walk, 0);
	if (!walk.failed)
		bpf_loop(SEGMENTS_MAX, segment_step, &walk, 0);
	return walk.failed || walk.left;
}

#endif
