/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* A glance at what the host itself sends: is it to a virtual address, from one, from a destination's address, or ICMP?
 * It changes nothing, so that a packet of a connection of the host's own is not copied for its sake. */
#ifndef XLVS_EGRESS_H
#define XLVS_EGRESS_H

#include "hash.h"
#include "parse.h"

static __always_inline int egress_read(ctx_t *ctx, struct addr *src, struct addr *dst, __u8 *protocol)
{
	__be16 ether = parse_ethernet(ctx);

	if (ether == bpf_htons(ETH_P_IP)) {
		struct iphdr *ip = ctx_data(ctx) + L3;

		if ((void *)(ip + 1) > ctx_data_end(ctx))
			return -1;
		addr_set_ipv4(src, ip->saddr);
		addr_set_ipv4(dst, ip->daddr);
		*protocol = ip->protocol;
	} else if (ether == bpf_htons(ETH_P_IPV6)) {
		struct ipv6hdr *ip = ctx_data(ctx) + L3;

		if ((void *)(ip + 1) > ctx_data_end(ctx))
			return -1;
		__builtin_memcpy(src, &ip->saddr, sizeof(*src));
		__builtin_memcpy(dst, &ip->daddr, sizeof(*dst));
		*protocol = ip->nexthdr;
	} else {
		return -1;
	}
	return 0;
}

static __always_inline int egress_is_ours(ctx_t *ctx)
{
	struct settings *set = settings_get();
	struct filter *bits;
	struct addr src, dst;
	__u8 protocol;
	__u32 zero = 0;

	if (!set || !(set->services_ipv4 | set->services_ipv6) || egress_read(ctx, &src, &dst, &protocol))
		return 0;
	if (protocol == IPPROTO_ICMP || protocol == PROTOCOL_ICMPV6 ||
	    (ctx->mark && (set->marks_ipv4 | set->marks_ipv6)))
		return 1;
	bits = bpf_map_lookup_elem(&filter, &zero);
	return bits &&
	       (filter_has(bits->virtual, &dst) || filter_has(bits->dest, &src) || filter_has(bits->virtual, &src));
}

#endif
