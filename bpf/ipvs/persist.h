/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Scheduling of a persistent service: the client's template decides, and where there is none the scheduler, whose
 * choice becomes a template. */
#ifndef XLVS_PERSIST_H
#define XLVS_PERSIST_H

#include "sched.h"
#include "service.h"
#include "sync.h"
#include "template.h"

/* What of a client's address a template has: the netmask's part. `netmask` is that of struct service. */
static __always_inline void persist_mask(struct addr *addr, __u8 family, __u32 netmask)
{
	if (family == FAMILY_IPV4) {
		addr->words[3] &= bpf_htonl(netmask);
		return;
	}
	for (int i = 0; i < 4; i++) {
		__s32 bits = (__s32)netmask - 32 * i;

		if (bits < 32)
			addr->words[i] &= bits > 0 ? bpf_htonl(~0u << (32 - bits)) : 0;
	}
}

/* A mark's template has the mark in the place of the address, as the kernel lists it. */
static __always_inline void persist_mark(struct addr *addr, __u8 family, __u32 fwmark)
{
	addr->halves[0] = 0;
	addr->halves[1] = 0;
	if (family == FAMILY_IPV4)
		addr_set_ipv4(addr, bpf_htonl(fwmark));
	else
		addr->words[0] = bpf_htonl(fwmark);
}

/* Is it the service's own port, which FTP's control connections share with all others? */
static __always_inline int persist_is_port(const struct service *svc, __be16 port)
{
	return port == svc->key.vport && port != bpf_htons(FTP_PORT);
}

/* The key of the template of a client and a service. One of port 0, of a mark or of FTP is for all ports. */
static __always_inline void persist_key(struct conn_key *key, const struct service *svc, const struct addr *client,
					const struct addr *virtual, __be16 port, __u8 protocol)
{
	key->client = *client;
	persist_mask(&key->client, svc->key.family, svc->netmask);
	key->other = *virtual;
	key->cport = 0;
	key->oport = persist_is_port(svc, port) ? port : 0;
	key->protocol = protocol | PROTOCOL_TEMPLATE;
	if (svc->key.fwmark && port != svc->key.vport) {
		key->protocol = PROTOCOL_TEMPLATE;
		persist_mark(&key->other, svc->key.family, svc->key.fwmark);
	}
}

/* The destination that the client has, held for one more connection; 0: none, or none any more. */
static __always_inline __u32 persist_known(struct work *work, const struct call *call, const struct settings *set,
					   __u32 now)
{
	__u32 number = template_find(&work->key, call, now);
	struct conn *conn = conn_get(number);

	work->trail.template = number;
	if (!number || !conn)
		return 0;
	if (!template_is_usable(conn, set)) {
		template_outdate(number);
		return 0;
	}
	if (template_hold(number, now))
		return 0;
	work->choice.control = number;
	return conn->dest;
}

/* A destination for a new client, which it keeps. Returns VERDICT_CONTINUE, or why there is none. */
static __always_inline enum verdict persist_unknown(struct work *work, struct service *svc, __u32 service,
						    const struct call *call, const struct settings *set, __u32 now)
{
	struct choice *choice = &work->choice;
	struct packet *p = &work->packet;
	struct dest *dest;

	work->trail.reached = REACHED_SCHEDULER;
	choice->dest = schedule(svc, service, p, set);
	dest = dest_get(choice->dest);
	if (!choice->dest || !dest)
		return DROP_NO_DESTINATION;
	choice->dport = persist_is_port(svc, p->dport) ? dest->port : 0;
	choice->control = template_new(&work->key, call, choice, svc->persistence_s * ticks_per_second, now);
	if (set->sync)
		sync_begin(choice->control);
	return choice->control ? VERDICT_CONTINUE : DROP_TABLE_FULL;
}

/* Choose for a packet of a persistent service; leaves the choice in `work`. DROP_NO_DESTINATION: there is none. */
static __noinline enum verdict persist_choose(ctx_t *ctx, struct work *work, struct service *svc, __u32 service,
					      __u32 now)
{
	struct choice *choice = &work->choice;
	struct settings *set = settings_get();
	struct packet *p = &work->packet;
	const struct call *call = 0;
	struct dest *dest;

	if (!set)
		return DROP_INTERNAL;
	if (svc->engine) {
		if (CTX_IS_XDP)
			return VERDICT_HAND_UP;
		call = call_of_packet(ctx, p);
		if (!call)
			return DROP_NO_CALL_ID;
	}
	persist_key(&work->key, svc, &p->src, &p->dst, p->dport, p->protocol);
	choice->dest = persist_known(work, call, set, now);
	if (!choice->dest) {
		enum verdict verdict = persist_unknown(work, svc, service, call, set, now);

		if (verdict != VERDICT_CONTINUE)
			return verdict;
	}
	dest = dest_get(choice->dest);
	choice->dport = dest && dest->port && p->dport == svc->key.vport ? dest->port : p->dport;
	return VERDICT_CONTINUE;
}

#endif
