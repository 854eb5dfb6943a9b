/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Finding the virtual service of a packet. */
#ifndef XLVS_SERVICE_H
#define XLVS_SERVICE_H

#include "mark.h"

#define FTP_PORT 21
#define FTP_DATA_PORT 20

/* May the port be one of FTP's data connections, passive ones too? */
static __always_inline int service_may_be_ftp(const struct packet *p, const struct settings *set)
{
	__u16 port = bpf_ntohs(p->dport);

	return p->protocol == IPPROTO_TCP && (port == FTP_DATA_PORT || port >= set->unprivileged_port);
}

/* Number of the service of a mark, 0: none. */
static __always_inline __u32 service_of_mark(__u32 mark, __u8 family)
{
	struct service_key key = { .fwmark = mark, .family = family };
	__u32 *number = mark ? bpf_map_lookup_elem(&service_numbers, &key) : 0;

	return number ? *number : 0;
}

/* Number of the service of the packet's mark, else of protocol, address and port, else of the address's FTP service,
 * if it may be its data connection, else of the address alone (port 0); 0: none, or none before netfilter has said
 * the mark. */
static __noinline __u32 service_find(const struct packet *p, const struct settings *set)
{
	struct service_key key = {};
	__u32 *number, marked;

	if (!p || !set)
		return 0;
	marked = service_of_mark(p->mark, p->family);
	if (!marked && set->mark_ranges)
		marked = service_of_mark(mark_classify(p), p->family);
	/* The rules of the routing table see no ports in fragments, nor in what an ICMP error quotes. */
	if (marked || (mark_is_awaited(set, p) && p->part == FRAGMENT_NONE && !p->quoted))
		return marked;
	key.virtual = p->dst;
	key.vport = p->dport;
	key.protocol = p->protocol;
	key.family = p->family;
	number = bpf_map_lookup_elem(&service_numbers, &key);
	if (!number && service_may_be_ftp(p, set)) {
		key.vport = bpf_htons(FTP_PORT);
		number = bpf_map_lookup_elem(&service_numbers, &key);
	}
	if (!number) {
		key.vport = 0;
		number = bpf_map_lookup_elem(&service_numbers, &key);
	}
	return number ? *number : 0;
}

#endif
