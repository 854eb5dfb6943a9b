/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* ICMP errors that the director sends in the name of the virtual address: the packet itself becomes the
 * error, quoting its own beginning (RFC 1812 4.3.2.3: 576 bytes in all; RFC 4443 2.4: 1280). */
#ifndef XLVS_ICMP_SEND_H
#define XLVS_ICMP_SEND_H

#include "sum_skb.h"
#include "local.h"

#define ICMP_BYTES_IPV4 576
#define ICMP_BYTES_IPV6 1280
#define ICMP_TTL 64
#define ICMP_TOS 0xc0 /* internetwork control, as the kernel's */
#define ICMP_PER_SECOND 1000 /* the kernel's default of icmp_msgs_per_sec */

struct icmp_error {
	__u8 type;
	__u8 code;
	__be32 rest; /* second word of the ICMP header */
};

static __always_inline int icmp_allowed(void)
{
	struct clockwork *clock;
	__u32 zero = 0, now = ticks_now();

	clock = bpf_map_lookup_elem(&clockworks, &zero);
	if (!clock)
		return 0;
	if (now - clock->icmp_since >= ticks_per_second) {
		clock->icmp_since = now;
		clock->icmp_sent = 0;
	}
	return clock->icmp_sent++ < ICMP_PER_SECOND;
}

static __always_inline int icmp_write_ipv4(ctx_t *ctx, const struct packet *p, const struct icmp_error *error,
					   __u32 length, __u16 check)
{
	struct iphdr *ip = ctx_data(ctx) + L3;
	struct icmphdr *icmp = (void *)(ip + 1);
	__u32 sum;

	if ((void *)(icmp + 1) > ctx_data_end(ctx))
		return -1;
	*(__be32 *)ip = bpf_htonl(0x45000000 | ICMP_TOS << 16 | length);
	ip->id = 0;
	ip->frag_off = 0;
	ip->ttl = ICMP_TTL;
	ip->protocol = IPPROTO_ICMP;
	ip->check = 0;
	ip->saddr = p->dst.words[3];
	ip->daddr = p->src.words[3];
	sum = bpf_csum_diff(0, 0, (__be32 *)ip, sizeof(*ip), 0);
	ip->check = ~csum_fold(sum);
	icmp->type = error->type;
	icmp->code = error->code;
	icmp->checksum = check;
	icmp->rest = error->rest;
	return 0;
}

static __always_inline int icmp_write_ipv6(ctx_t *ctx, const struct packet *p, const struct icmp_error *error,
					   __u32 length, __u16 check)
{
	struct ipv6hdr *ip = ctx_data(ctx) + L3;
	struct icmphdr *icmp = (void *)(ip + 1);

	if ((void *)(icmp + 1) > ctx_data_end(ctx))
		return -1;
	*(__be32 *)ip = bpf_htonl(0x60000000);
	ip->payload_len = bpf_htons(length - sizeof(*ip));
	ip->nexthdr = PROTOCOL_ICMPV6;
	ip->hop_limit = ICMP_TTL;
	__builtin_memcpy(&ip->saddr, &p->dst, sizeof(p->dst));
	__builtin_memcpy(&ip->daddr, &p->src, sizeof(p->src));
	icmp->type = error->type;
	icmp->code = error->code;
	icmp->checksum = check;
	icmp->rest = error->rest;
	return 0;
}

static __always_inline void icmp_decrement_ttl(ctx_t *ctx, const struct packet *p)
{
	struct iphdr *ip = ctx_data(ctx) + L3;
	struct ipv6hdr *ip6 = (void *)ip;

	if (p->family == FAMILY_IPV4 && (void *)(ip + 1) <= ctx_data_end(ctx)) {
		ip->ttl--;
		ip->check = csum_update(ip->check, (__u16)~bpf_htons(0x0100));
	} else if (p->family == FAMILY_IPV6 && (void *)(ip6 + 1) <= ctx_data_end(ctx)) {
		ip6->hop_limit--;
	}
}

/* Checksum of the error whose quote of `quote` bytes stands at `offset`. Whoever sends the error completes a quoted
 * checksum that is open: from the layer-4 header to the end the sum will be the complement of what is in it now. */
static __always_inline int icmp_checksum(ctx_t *ctx, const struct packet *p, const struct icmp_error *error,
					 __u32 offset, __u32 quote, __u16 *check)
{
	__u32 sum = csum_add(error->rest, bpf_htons((__u16)error->type << 8 | error->code));
	int failed = 0, open = sum_open(ctx, p, offset + (p->l4 - L3));

	if (p->family == FAMILY_IPV6)
		sum = csum_add(sum, sum_pseudo(p, &p->dst, &p->src, PROTOCOL_ICMPV6, quote + sizeof(struct icmphdr)));
	if (open >= 0) {
		sum = csum_add(sum, (__u16)~open);
		quote = p->l4 - L3;
	}
	*check = ~csum_fold(sum_bytes(ctx, offset, quote, sum, &failed));
	return failed;
}

static __always_inline int icmp_show_whole_ipv4(ctx_t *ctx, const struct packet *p)
{
	struct iphdr *ip = ctx_data(ctx) + L3;
	__be16 total = bpf_htons(p->length);
	__u32 change;
	__be16 bits;

	if ((void *)(ip + 1) > ctx_data_end(ctx))
		return -1;
	bits = ip->frag_off & IPV4_DONT_FRAGMENT;
	change = csum_add(csum_add((__u16)~ip->tot_len, total), csum_add((__u16)~ip->frag_off, bits));
	ip->check = csum_update(ip->check, change);
	ip->tot_len = total;
	ip->frag_off = bits;
	return 0;
}

/* The fragment header goes: the IP header takes its place, and what was before that is cut out. */
static __always_inline int icmp_show_whole_ipv6(ctx_t *ctx, struct packet *p)
{
	struct ipv6hdr ip;

	if (p->payload != L3 + sizeof(ip) + FRAGMENT_HEADER)
		return 0;
	if (bpf_skb_load_bytes(ctx, L3, &ip, sizeof(ip)))
		return -1;
	ip.payload_len = bpf_htons(p->length - sizeof(ip));
	ip.nexthdr = p->protocol;
	if (bpf_skb_store_bytes(ctx, L3 + FRAGMENT_HEADER, &ip, sizeof(ip), 0) ||
	    bpf_skb_adjust_room(ctx, -FRAGMENT_HEADER, BPF_ADJ_ROOM_MAC, 0))
		return -1;
	p->segment -= FRAGMENT_HEADER;
	return 0;
}

/* Errors are about datagrams: of one that came in fragments the quote shows the header of the whole. */
static __always_inline int icmp_show_whole(ctx_t *ctx, struct packet *p)
{
	if (p->part == FRAGMENT_NONE)
		return 0;
	return p->family == FAMILY_IPV4 ? icmp_show_whole_ipv4(ctx, p) : icmp_show_whole_ipv6(ctx, p);
}

/* Turn the packet into an error for its sender and send it. */
__noinline enum verdict answer(ctx_t *ctx, struct packet *p, const struct icmp_error *error)
{
	struct work *work = work_get();
	__u32 header, quote, available;
	__u16 check = 0;
	long rc;

	if (!work || !p || !error || !icmp_allowed())
		return DROP_ICMP_LIMIT;
	if (icmp_show_whole(ctx, p))
		return DROP_INTERNAL;
	header = (p->family == FAMILY_IPV4 ? sizeof(struct iphdr) : sizeof(struct ipv6hdr)) + sizeof(struct icmphdr);
	quote = (p->family == FAMILY_IPV4 ? ICMP_BYTES_IPV4 : ICMP_BYTES_IPV6) - header;
	available = p->part == FRAGMENT_NONE ? p->length : p->segment;
	if (available < quote)
		quote = available;
	if (bpf_skb_change_tail(ctx, L3 + quote, 0) || bpf_skb_adjust_room(ctx, header, BPF_ADJ_ROOM_MAC, 0))
		return DROP_INTERNAL;
	if (icmp_checksum(ctx, p, error, L3 + header, quote, &check))
		return DROP_INTERNAL;
	if (p->family == FAMILY_IPV4 ? icmp_write_ipv4(ctx, p, error, header + quote, check) :
				       icmp_write_ipv6(ctx, p, error, header + quote, check))
		return DROP_INTERNAL;
	rc = route(ctx, &work->fib, p, &p->dst, &p->src, header + quote);
	if (p->own && route_is_local(rc))
		return local_send(ctx, p, rc, &work->fib, 1) ? DROP_INTERNAL : VERDICT_ANSWERED;
	if (!route_is_found(rc))
		return route_drop_reason(rc);
	return xmit(ctx, p, rc, &work->fib) ? DROP_INTERNAL : VERDICT_ANSWERED;
}

static __always_inline enum verdict answer_unreachable(ctx_t *ctx, struct packet *p)
{
	struct icmp_error error = { .type = ICMP_DEST_UNREACH, .code = ICMP_PORT_UNREACH };

	if (p->family == FAMILY_IPV6) {
		error.type = ICMPV6_DEST_UNREACH;
		error.code = ICMPV6_PORT_UNREACH;
	}
	return answer(ctx, p, &error);
}

static __always_inline enum verdict answer_no_route(ctx_t *ctx, struct packet *p)
{
	struct icmp_error error = { .type = ICMP_DEST_UNREACH, .code = ICMP_HOST_UNREACH };
	enum verdict verdict;

	if (p->family == FAMILY_IPV6) {
		error.type = ICMPV6_DEST_UNREACH;
		error.code = ICMPV6_ADDR_UNREACH;
	}
	verdict = answer(ctx, p, &error);
	return verdict == VERDICT_ANSWERED ? VERDICT_UNREACHABLE : verdict;
}

static __always_inline enum verdict answer_ttl(ctx_t *ctx, struct packet *p)
{
	struct icmp_error error = { .type = p->family == FAMILY_IPV4 ? ICMP_TIME_EXCEEDED : ICMPV6_TIME_EXCEED };

	return answer(ctx, p, &error);
}

/* The quote shows the packet as it would have left. */
static __always_inline enum verdict answer_too_big(ctx_t *ctx, struct packet *p, __u32 mtu)
{
	struct icmp_error error = { .type = ICMP_DEST_UNREACH, .code = ICMP_FRAG_NEEDED, .rest = bpf_htonl(mtu) };

	if (p->family == FAMILY_IPV6) {
		error.type = ICMPV6_PKT_TOOBIG;
		error.code = 0;
	}
	icmp_decrement_ttl(ctx, p);
	return answer(ctx, p, &error);
}

#endif
