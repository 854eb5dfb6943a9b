/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Requests that a server of a service with a persistence engine begins, over UDP: they go out in the name of the
 * virtual service, on the template of their Call-ID, so that the answers come back to that server. Of a one-packet
 * service answers to clients are such requests too, since there is no connection that they could belong to. */
#ifndef XLVS_SERVER_REQUEST_H
#define XLVS_SERVER_REQUEST_H

#include "call.h"
#include "persist.h"
#include "single.h"

struct server_walk {
	const struct packet *p;
	__u32 service;
	__u32 line; /* next place in its list */
	__u32 dest; /* found */
};

static long server_step(__u32 i, void *data)
{
	struct server_walk *walk = data;
	struct service *svc = service_get(walk->service);
	struct range list;
	struct dest *dest;
	__u32 number;

	if (!svc)
		return 1;
	list.all = svc->list.all;
	if (!(svc->flags & SERVICE_LIVE) || !svc->engine || svc->key.protocol != IPPROTO_UDP ||
	    walk->line >= list.length) {
		walk->service++;
		walk->line = 0;
		return 0;
	}
	dest = sched_at(list, walk->service, walk->line++, &number);
	if (!dest || dest->method != METHOD_MASQUERADE || dest->port != walk->p->sport ||
	    !addr_equal(&dest->addr, &walk->p->src))
		return 0;
	walk->dest = number;
	return 1;
}

/* Its template, held for one more connection; 0: there is no Call-ID, or no room. */
static __always_inline __u32 server_template(ctx_t *ctx, struct work *work, const struct service *svc, __u32 now)
{
	struct settings *set = settings_get();
	struct packet *p = &work->packet;
	const struct call *call = call_of_packet(ctx, p);
	struct conn *conn;
	__u32 number;

	if (!call || !set)
		return 0;
	persist_key(&work->key, svc, &p->dst, &svc->key.virtual, svc->key.vport, p->protocol);
	number = template_find(&work->key, call, now);
	conn = conn_get(number);
	if (number && conn) {
		if (conn->dest != work->choice.dest || !template_is_usable(conn, set))
			template_outdate(number);
		else if (!template_hold(number, now))
			return number;
	}
	return template_new(&work->key, call, &work->choice, svc->persistence_s * ticks_per_second, now);
}

/* The packet as its answer would come: from the client to the virtual service. */
static __always_inline void server_turn(struct packet *turned, const struct packet *p, const struct service *svc)
{
	*turned = *p;
	turned->src = p->dst;
	turned->sport = p->dport;
	turned->dst = svc->key.virtual;
	turned->dport = svc->key.vport;
}

/* Begin a connection of a datagram from a destination's address that belongs to none, as begin() does in core.h.
 * VERDICT_PASS: it is none of these. */
static __noinline enum verdict server_request(ctx_t *ctx, struct work *work, const struct settings *set, __u32 now)
{
	struct server_walk walk = { .p = &work->packet, .service = 1 };
	struct choice *choice = &work->choice;
	struct service *svc;

	bpf_loop(set->service_high + set->dest_high, server_step, &walk, 0);
	svc = service_get(walk.service);
	if (!walk.dest || !svc)
		return VERDICT_PASS;
	__builtin_memset(choice, 0, sizeof(*choice));
	choice->dest = walk.dest;
	choice->dport = work->packet.sport;
	choice->one_packet = !!(svc->flags & SERVICE_ONE_PACKET);
	if (svc->flags & SERVICE_PERSISTENT) {
		choice->control = server_template(ctx, work, svc, now);
		if (!choice->control)
			return VERDICT_PASS;
	}
	server_turn(&work->quote.inner, &work->packet, svc);
	return single_begin(work, &work->quote.inner, now);
}

#endif
