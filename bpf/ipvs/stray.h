/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* nat_icmp_send: a packet from the address and port of a destination that belongs to no connection is refused, as the
 * kernel does: its sender is told that the port is unreachable, since the client would not know what it is about. */
#ifndef XLVS_STRAY_H
#define XLVS_STRAY_H

#include "dest.h"
#include "icmp_send.h"
#include "tunnel_way.h"

struct stray_search {
	const struct packet *packet;
	__u32 found; /* number of the destination, 0: none yet */
};

/* The port is compared as it is: that of a destination without one is 0. */
static long stray_step(__u32 i, void *data)
{
	struct stray_search *search = data;
	const struct packet *p = search->packet;
	struct dest *dest = dest_get(i + 1);

	if (!dest)
		return 1;
	if (!(dest->flags & DEST_AVAILABLE) || dest->method != METHOD_MASQUERADE || dest->port != p->sport ||
	    !addr_equal(&dest->addr, &p->src))
		return 0;
	if (!dest->service_key.fwmark && dest->service_key.protocol != p->protocol)
		return 0;
	search->found = i + 1;
	return 1;
}

/* The end of a connection is taken note of, not answered. */
static __always_inline int stray_may_be_answered(const struct packet *p)
{
	if (p->protocol == IPPROTO_TCP)
		return !(p->tcp_flags & TCP_RST);
	return p->protocol == IPPROTO_UDP || (p->protocol == IPPROTO_SCTP && p->chunk != SCTP_CHUNK_ABORT);
}

/* The director's address that a destination sees: that of the way to it. Zero where nobody knows. */
static __noinline int stray_source(ctx_t *ctx, struct work *work, __u32 number, struct addr *source)
{
	struct bpf_fib_lookup *fib = &work->fib;
	struct packet *p = &work->packet;
	struct dest *dest = dest_get(number);
	long rc;

	if (!dest || !source)
		return -1;
	__builtin_memset(fib, 0, sizeof(*fib));
	fib->family = p->family;
	fib->ifindex = ctx_ifindex(ctx);
	if (p->family == FAMILY_IPV4)
		fib->ipv4_dst = p->src.words[3];
	else
		__builtin_memcpy(fib->ipv6_dst, &p->src, sizeof(p->src));
	rc = bpf_fib_lookup(ctx, fib, sizeof(*fib), FIB_LOOKUP_SRC);
	if (rc == NOT_KNOWN_FLAG)
		*source = dest->source;
	else if (!route_is_found(rc))
		return -1;
	else if (p->family == FAMILY_IPV4)
		addr_set_ipv4(source, fib->ipv4_src);
	else
		__builtin_memcpy(source, fib->ipv6_src, sizeof(*source));
	return source->words[3] ? 0 : -1;
}

/* VERDICT_CONTINUE: nothing to refuse. What is refused shows how far it came: a packet for the host itself as it is, one
 * that would be forwarded with one hop less to live. */
static __noinline enum verdict refuse_stray(ctx_t *ctx, struct work *work, const struct settings *set)
{
	struct packet *p = &work->packet;
	struct stray_search search = { .packet = p };
	struct addr source, sent_to = p->dst;
	enum verdict verdict;
	long rc;

	if (!stray_may_be_answered(p))
		return VERDICT_CONTINUE;
	bpf_loop(set->dest_high, stray_step, &search, 0);
	if (!search.found)
		return VERDICT_CONTINUE;
	rc = route(ctx, &work->fib, p, &p->src, &p->dst, p->segment);
	if (rc != BPF_FIB_LKUP_RET_NOT_FWDED) {
		if (!route_is_found(rc) || p->ttl <= 1 || stray_source(ctx, work, search.found, &source))
			return VERDICT_PASS;
		icmp_decrement_ttl(ctx, p);
		p->dst = source;
	}
	verdict = answer_unreachable(ctx, p);
	p->dst = sent_to;
	return verdict;
}

#endif
