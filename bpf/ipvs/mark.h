/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Firewall marks. netfilter sets them behind tc ingress, so a packet that may begin a connection is left to the host's
 * stack first, in a family that has services for its marks. Rules of the routing table lead what bears such a mark, and
 * what belongs to a service by its address, to a device of ours (the mark device), and what leaves through it is looked
 * at again, with its mark: a detour. Packets of connections that are known never take it, as the kernel, too, looks for
 * the connection before it looks at the mark. */
#ifndef XLVS_MARK_H
#define XLVS_MARK_H

#include "hash.h"
#include "maps.h"
#include "parse.h"

/* Whether netfilter's marks count in the packet's family. */
static __always_inline int mark_counts(const struct settings *set, const struct packet *p)
{
	return p->family == FAMILY_IPV4 ? set->marks_ipv4 : set->marks_ipv6;
}

/* Whether a mark may choose the service, whatever the address: netfilter has said it. */
static __always_inline int mark_is_known(const struct packet *p)
{
	return p->detour || (p->own && p->mark);
}

/* Whether netfilter has not said yet which mark the packet bears. It has of what the host itself sends. */
static __always_inline int mark_is_awaited(const struct settings *set, const struct packet *p)
{
	return !p->detour && !p->own && mark_counts(set, p);
}

/* The mark by `mark_ranges`, 0: none. The narrowest range that has the port decides. */
static __always_inline __u32 mark_classify(const struct packet *p)
{
	struct mark_range_key key = {
		.prefix = MARK_RANGE_BITS,
		.family = p->family,
		.protocol = p->protocol,
		.vport = p->dport,
	};
	__u32 *mark;

	__builtin_memcpy(key.virtual, &p->dst, sizeof(key.virtual));
	mark = bpf_map_lookup_elem(&mark_ranges, &key);
	return mark ? *mark : 0;
}

/* Services by mark have no addresses: those that packets come to are learned, so that the connection is looked for
 * where its next packets come in. */
static __noinline int mark_note_address(const struct packet *p)
{
	__u32 zero = 0;
	struct filter *bits = bpf_map_lookup_elem(&filter, &zero);

	if (!bits || !p)
		return -1;
	filter_set(bits->virtual, &p->dst);
	return 0;
}

#endif
