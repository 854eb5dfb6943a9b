/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* The MSS of answers. A client that sends segments as long as the MTU would not get them through the tunnel: the
 * director answers each with "fragmentation needed", which many networks lose. So the real server asks for
 * segments that fit, as a router before a tunnel does. */
#ifndef XLVS_DECAP_ANSWER_H
#define XLVS_DECAP_ANSWER_H

#include "tunnel.h"

#define TCP_OPTIONS 40
#define TCP_OPTION_NOP 1
#define TCP_OPTION_MSS 2
#define SYN_MIN 54 /* Ethernet, IPv4, TCP; the host's own packets have their headers in one piece */

/* Offset of the TCP header of a SYN from a virtual address, 0 when the packet is none. */
static __always_inline __u32 answer_syn(struct __sk_buff *ctx, __u32 *ip_size)
{
	__be16 protocol = parse_ethernet(ctx);
	struct addr src;
	__u8 *tcp;

	if (protocol == bpf_htons(ETH_P_IP)) {
		struct iphdr *ip = header_at(ctx, L3, sizeof(*ip));

		if (!ip || ip->protocol != IPPROTO_TCP || ip->frag_off & IPV4_FRAGMENT_BITS)
			return 0;
		addr_set_ipv4(&src, ip->saddr);
		*ip_size = ip->ihl * 4;
	} else if (protocol == bpf_htons(ETH_P_IPV6)) {
		struct ipv6hdr *ip = header_at(ctx, L3, sizeof(*ip));

		if (!ip || ip->nexthdr != IPPROTO_TCP)
			return 0;
		__builtin_memcpy(&src, &ip->saddr, sizeof(src));
		*ip_size = sizeof(*ip);
	} else {
		return 0;
	}
	tcp = header_at(ctx, L3 + *ip_size, sizeof(struct tcphdr));
	return tcp && tcp[13] & TCP_SYN && bpf_map_lookup_elem(&decap_vips, &src) ? L3 + *ip_size : 0;
}

/* Offset of the MSS in the TCP header's options, 0 without one. */
static __always_inline __u32 mss_place(struct __sk_buff *ctx, __u32 tcp, __u16 *mss)
{
	__u8 head[sizeof(struct tcphdr)], option[4];
	__u32 at = tcp + sizeof(head), end;

	if (bpf_skb_load_bytes(ctx, tcp, head, sizeof(head)))
		return 0;
	end = tcp + (head[12] >> 4) * 4;
	for (int i = 0; i < TCP_OPTIONS / 2; i++) {
		if (at + sizeof(option) > end || bpf_skb_load_bytes(ctx, at, option, sizeof(option)))
			return 0;
		if (option[0] == TCP_OPTION_MSS) {
			*mss = option[2] << 8 | option[3];
			return option[1] == sizeof(option) ? at + 2 : 0;
		}
		if (!option[0] || (option[0] != TCP_OPTION_NOP && option[1] < 2))
			return 0;
		at += option[0] == TCP_OPTION_NOP ? 1 : option[1];
	}
	return 0;
}

static __always_inline void answer_clamp(struct __sk_buff *ctx, __u32 inner_mtu)
{
	__u32 ip_size = 0, tcp = answer_syn(ctx, &ip_size), place, most;
	__be16 before, after;
	__u16 mss = 0;

	if (!tcp)
		return;
	most = inner_mtu - ip_size - sizeof(struct tcphdr);
	place = mss_place(ctx, tcp, &mss);
	if (!place || mss <= most)
		return;
	before = bpf_htons(mss);
	after = bpf_htons(most);
	/* An option may stand at an odd place, where the checksum counts its bytes the other way round. */
	if ((place - tcp) & 1)
		bpf_l4_csum_replace(ctx, tcp + __builtin_offsetof(struct tcphdr, check), __builtin_bswap16(before),
				    __builtin_bswap16(after), sizeof(after));
	else
		bpf_l4_csum_replace(ctx, tcp + __builtin_offsetof(struct tcphdr, check), before, after, sizeof(after));
	bpf_skb_store_bytes(ctx, place, &after, sizeof(after), 0);
}

#endif
