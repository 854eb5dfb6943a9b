/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Fragments of outer packets. A client's packet of full size does not fit through the tunnel; without "don't fragment"
 * it comes in two, which the host's stack would put together only behind us. So they are put together here, in the
 * fragment that comes last.
 *
 * A later fragment of UDP does not say whether it is GUE's. Until the first one is here, later ones go on to the host's
 * stack as well, and a copy is kept. */
#ifndef XLVS_DECAP_GATHER_H
#define XLVS_DECAP_GATHER_H

#include "tunnel.h"

#define GATHERINGS 128
#define GATHERING_BYTES 16384 /* about as long as a packet of one piece may become */
#define GATHERING_SPANS 16
#define GATHERING_LIFE_NS (30ULL * 1000000000) /* the kernel's ipfrag_time */
#define LOCK_TRIES 8192 /* some 100 us: who holds the lock copies one packet */

struct gathering {
	struct addr src;
	struct addr dst;
	__u64 since; /* ns; 0: not in use */
	__be32 id;
	__u32 lock;
	__u32 total; /* bytes of the whole payload, 0: the last fragment is not here yet */
	__u32 received;
	__u32 count; /* of `spans` */
	__u8 protocol;
	__u8 foreign; /* its first fragment showed that it is no tunnel's */
	__u8 known; /* its first fragment is here */
	__u8 congested; /* a fragment was marked: so is the whole (RFC 3168 5.3) */
	__u16 starts[GATHERING_SPANS];
	__u16 ends[GATHERING_SPANS];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, GATHERINGS);
	__type(key, __u32);
	__type(value, struct gathering);
} decap_parts SEC(".maps");

struct payload {
	__u8 bytes[2 * GATHERING_BYTES]; /* twice, so that no start and length lead out of it */
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, GATHERINGS);
	__type(key, __u32);
	__type(value, struct payload);
} decap_payloads SEC(".maps");

static __always_inline __u32 payload_bounded(__u32 value)
{
	value &= GATHERING_BYTES - 1;
	asm volatile("" : "+r"(value));
	return value;
}

struct lock_walk {
	struct gathering *gathering;
	int taken;
};

static long gathering_lock_step(__u32 i, void *data)
{
	struct lock_walk *walk = data;

	walk->taken = !__sync_val_compare_and_swap(&walk->gathering->lock, 0, 1);
	return walk->taken;
}

/* Packets are not interrupted by packets, so the holder is at work on another processor. */
static __always_inline int gathering_lock(struct gathering *gathering)
{
	struct lock_walk walk = { .gathering = gathering };

	bpf_loop(LOCK_TRIES, gathering_lock_step, &walk, 0);
	return walk.taken;
}

static __always_inline void gathering_unlock(struct gathering *gathering)
{
	__sync_lock_test_and_set(&gathering->lock, 0);
}

static __always_inline __u32 gathering_place(const struct tunnel *t)
{
	__u64 hash = t->src.halves[0] ^ t->src.halves[1] ^ t->dst.halves[1] ^ (__u64)t->fragment_id << 32 ^ t->protocol;

	return (hash * 0x9e3779b97f4a7c15ULL) >> 57 & (GATHERINGS - 1);
}

/* The place is taken over from another datagram, which is lost, when both come at the same time. */
static __always_inline void gathering_claim(struct gathering *gathering, const struct tunnel *t)
{
	__u64 now = bpf_ktime_get_coarse_ns();

	if (gathering->since && now - gathering->since < GATHERING_LIFE_NS && gathering->id == t->fragment_id &&
	    gathering->protocol == t->protocol && addr_equal(&gathering->src, &t->src) &&
	    addr_equal(&gathering->dst, &t->dst))
		return;
	gathering->src = t->src;
	gathering->dst = t->dst;
	gathering->since = now;
	gathering->id = t->fragment_id;
	gathering->protocol = t->protocol;
	gathering->total = gathering->received = gathering->count = 0;
	gathering->foreign = gathering->congested = 0;
	gathering->known = t->protocol != IPPROTO_UDP;
}

/* Note that bytes `start` to `end` came. DECAP_HELD: go on; DECAP_UNTOUCHED: they are here already;
 * DECAP_DROP_FRAGMENTS: they overlap others or contradict them (RFC 5722). */
static __always_inline enum decap_outcome gathering_note(struct gathering *gathering, __u32 start, __u32 end, int last)
{
	__u32 count = gathering->count;

	for (int i = 0; i < GATHERING_SPANS; i++) {
		if (i >= count)
			break;
		if (gathering->starts[i] == start && gathering->ends[i] == end)
			return DECAP_UNTOUCHED;
		if ((gathering->starts[i] < end && start < gathering->ends[i]) || (last && gathering->ends[i] > end))
			return DECAP_DROP_FRAGMENTS;
	}
	if (count >= GATHERING_SPANS || (gathering->total && (last || end > gathering->total)))
		return DECAP_DROP_FRAGMENTS;
	gathering->starts[count & (GATHERING_SPANS - 1)] = start;
	gathering->ends[count & (GATHERING_SPANS - 1)] = end;
	gathering->count = count + 1;
	gathering->received += end - start;
	if (last)
		gathering->total = end;
	return DECAP_HELD;
}

/* Make the IP header of a fragment that of the whole, in case the packet turns out to be for the host's stack. */
static __always_inline int whole_header(struct __sk_buff *ctx, const struct tunnel *t)
{
	struct iphdr *ip = header_at(ctx, L3, sizeof(*ip));
	struct ipv6hdr *ip6 = header_at(ctx, L3, sizeof(*ip6));
	__be32 *fragment = header_at(ctx, t->l4 - FRAGMENT_HEADER, FRAGMENT_HEADER);
	__be16 length = bpf_htons(t->end - L3);
	__u32 change;

	if (t->family == FAMILY_IPV6) {
		if (!ip6 || !fragment)
			return -1;
		ip6->payload_len = bpf_htons(t->end - L3 - sizeof(*ip6));
		*fragment &= bpf_htonl(0xff000000);
		return 0;
	}
	if (!ip)
		return -1;
	change = csum_add(csum_change(ip->tot_len, length), csum_change(ip->frag_off, 0));
	ip->check = csum_update(ip->check, change);
	ip->tot_len = length;
	ip->frag_off = 0;
	return 0;
}

/* The fragment at hand becomes the whole packet. */
static __always_inline enum decap_outcome whole_packet(struct __sk_buff *ctx, struct tunnel *t,
						       struct gathering *gathering, struct payload *payload)
{
	__u32 total = gathering->total, before = t->end - t->l4;

	t->end = t->l4 + total;
	t->pseudo = csum_add(t->pseudo, csum_change(bpf_htonl(before), bpf_htonl(total)));
	t->more_fragments = 0;
	t->fragment_start = 0;
	if (gathering->congested)
		t->ecn = 3;
	gathering->since = 0;
	if (bpf_skb_change_tail(ctx, t->end, 0) ||
	    bpf_skb_store_bytes(ctx, t->l4, payload->bytes, payload_bounded(total - 1) + 1, 0) ||
	    ctx_pull(ctx, HEADERS_MAX) || whole_header(ctx, t))
		return DECAP_DROP_INTERNAL;
	return DECAP_DONE;
}

static __always_inline enum decap_outcome gather_locked(struct __sk_buff *ctx, struct tunnel *t,
							struct gathering *gathering, struct payload *payload,
							int is_tunnel)
{
	__u32 length = t->end - t->l4, start = t->fragment_start;
	enum decap_outcome outcome;

	gathering_claim(gathering, t);
	if (!start && t->protocol == IPPROTO_UDP) {
		gathering->known = 1;
		gathering->foreign = !is_tunnel;
	}
	if (gathering->foreign)
		return DECAP_UNTOUCHED;
	outcome = gathering_note(gathering, start, start + length, !t->more_fragments);
	if (outcome == DECAP_UNTOUCHED)
		return gathering->known ? DECAP_HELD : DECAP_UNTOUCHED;
	if (outcome != DECAP_HELD) {
		gathering->since = 0;
		return outcome;
	}
	if (t->ecn == 3)
		gathering->congested = 1;
	if (bpf_skb_load_bytes(ctx, t->l4, payload->bytes + payload_bounded(start), payload_bounded(length - 1) + 1)) {
		gathering->since = 0;
		return DECAP_DROP_INTERNAL;
	}
	if (gathering->total && gathering->received == gathering->total)
		return whole_packet(ctx, t, gathering, payload);
	return gathering->known ? DECAP_HELD : DECAP_UNTOUCHED;
}

/* DECAP_DONE: the packet is whole now. Verified once, by itself. `gue_port`: 0 when there is no GUE. */
__noinline enum decap_outcome gather(struct __sk_buff *ctx, struct tunnel *t, __be16 gue_port)
{
	__u32 place, length, is_tunnel = 0;
	struct gathering *gathering;
	struct payload *payload;
	enum decap_outcome outcome;
	struct udphdr *udp;

	if (!t)
		return DECAP_DROP_INTERNAL;
	length = t->end - t->l4;
	if (t->end <= t->l4 || (t->more_fragments && length & 7) || t->fragment_start + length > GATHERING_BYTES - 512)
		return t->protocol == IPPROTO_UDP ? DECAP_UNTOUCHED : DECAP_DROP_FRAGMENTS;
	if (t->protocol == IPPROTO_UDP && !t->fragment_start) {
		udp = header_at(ctx, t->l4, sizeof(*udp));
		is_tunnel = udp && udp->dest == gue_port;
	}
	place = gathering_place(t);
	gathering = bpf_map_lookup_elem(&decap_parts, &place);
	payload = bpf_map_lookup_elem(&decap_payloads, &place);
	if (!gathering || !payload || !gathering_lock(gathering))
		return DECAP_DROP_INTERNAL;
	outcome = gather_locked(ctx, t, gathering, payload, is_tunnel);
	gathering_unlock(gathering);
	return outcome;
}

#endif
