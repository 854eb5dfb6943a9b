/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Choosing entries of the connection table by what users know of them, and ending the chosen. */
#ifndef XLVS_SELECT_H
#define XLVS_SELECT_H

#include "ended.h"

#define SELECT_PART 65536 /* entries in one call: a few milliseconds */

enum select_act {
	SELECT_FIND = 0, /* only say which */
	SELECT_RESET = 1, /* end them; late packets of TCP are answered with a reset */
	SELECT_DISCARD = 2, /* end them, and say nothing to anybody */
};

enum select_kind {
	SELECT_CONNECTIONS = 1,
	SELECT_TEMPLATES = 2,
	SELECT_ENDED = 4, /* those of TCP that were ended since `since` */
};

/* What is wanted, and what was found. One element, of one command. */
struct selection {
	__u32 first; /* of the part */
	__u32 count; /* at most SELECT_PART */
	__u32 act; /* enum select_act */
	__u32 kinds; /* enum select_kind */
	__u32 states; /* of connections: bits by enum conn_state, 0: any */
	__u32 since; /* tick */
	struct addr client;
	struct addr client_mask;
	struct addr server; /* zero: any */
	struct service_key service;
	__be16 client_port; /* 0: any */
	__be16 server_port; /* 0: any */
	__u8 protocol; /* 0: any */
	__u8 by_service; /* 1: that one alone */
	__u16 reserved0;
	__u32 dest; /* number of the destination, 0: any */
	__u32 left; /* over within so many ticks, 0: whenever */
	__u32 chosen; /* from here on written here: how many fit the filter, and were still there to be ended */
	__u32 chosen_tcp;
	__u32 chosen_templates;
	__u32 now; /* tick at which this was looked at */
	__u64 found[SELECT_PART / 64]; /* a bit for each entry of the part */
};

LARGE_ARRAY(selections, struct selection, 1);

static __always_inline int select_by_dest(const struct selection *wanted, const struct conn *conn)
{
	int by_server = wanted->server.halves[0] || wanted->server.halves[1];
	const struct dest *dest;

	if (wanted->dest && wanted->dest != conn->dest)
		return 0;
	if (!by_server && !wanted->by_service)
		return 1;
	dest = dest_get(conn->dest);
	if (!dest || !conn->dest)
		return 0;
	if (by_server && !addr_equal(&dest->addr, &wanted->server))
		return 0;
	return !wanted->by_service || service_key_equal(&dest->service_key, &wanted->service);
}

static __always_inline int select_by_ends(const struct selection *wanted, const struct conn *conn)
{
	if ((conn->client.halves[0] ^ wanted->client.halves[0]) & wanted->client_mask.halves[0] ||
	    (conn->client.halves[1] ^ wanted->client.halves[1]) & wanted->client_mask.halves[1])
		return 0;
	if (wanted->protocol && wanted->protocol != (conn->protocol & ~PROTOCOL_TEMPLATE))
		return 0;
	if (wanted->client_port && wanted->client_port != conn->cport)
		return 0;
	return !wanted->server_port || wanted->server_port == conn->dport;
}

static __always_inline int select_by_kind(const struct selection *wanted, const struct conn *conn,
					  struct conn_word word)
{
	if (word.bits & (CONN_ONE_PACKET | CONN_COMPANION))
		return 0;
	if (word.life == LIFE_ENDED)
		return wanted->kinds & SELECT_ENDED && conn->protocol == IPPROTO_TCP &&
		       (__s32)(word.expires - ENDED_LIFE_S * ticks_per_second - wanted->since) >= 0;
	if (word.life != LIFE_LIVE || (wanted->left && (__s32)(word.expires - wanted->now - wanted->left) > 0))
		return 0;
	if (conn_is_template(conn))
		return wanted->kinds & SELECT_TEMPLATES && (!template_expired(&word, wanted->now) || conn->controls);
	return wanted->kinds & SELECT_CONNECTIONS && conn_is_live(conn, wanted->now) &&
	       (!wanted->states || wanted->states >> (word.state & 31) & 1);
}

static __always_inline int select_fits(const struct selection *wanted, const struct conn *conn)
{
	struct conn_word word = { .all = conn->word.all };

	return select_by_kind(wanted, conn, word) && select_by_ends(wanted, conn) && select_by_dest(wanted, conn);
}

/* A template with connections stays with them until they end, found by nobody. */
static __always_inline int select_end_template(__u32 number, __u32 now)
{
	return template_kill(number, now) && template_outdate(number);
}

/* Returns 0, or -1 when it was over. */
static __noinline int select_end(struct selection *wanted, struct conn *conn, __u32 number)
{
	if (conn_is_template(conn))
		return select_end_template(number, wanted->now);
	if (wanted->act == SELECT_RESET && conn->protocol == IPPROTO_TCP)
		return conn_end(conn, number, wanted->now);
#pragma clang loop unroll(disable)
	for (int i = 0; i < END_TRIES; i++)
		if (!conn_kill(conn, number, wanted->now))
			return 0;
	return -1;
}

static long select_step(__u32 i, void *data)
{
	struct selection *wanted = *(struct selection **)data;
	struct conn *conn = conn_get(wanted->first + i);

	if (!conn || !select_fits(wanted, conn))
		return 0;
	if (wanted->act != SELECT_FIND && select_end(wanted, conn, wanted->first + i))
		return 0;
	wanted->chosen++;
	if (conn_is_template(conn))
		wanted->chosen_templates++;
	else if (conn->protocol == IPPROTO_TCP)
		wanted->chosen_tcp++;
	wanted->found[bounded(i >> 6, SELECT_PART / 64 - 1)] |= 1ULL << (i & 63);
	return 0;
}

static __always_inline int select_part(void)
{
	__u32 zero = 0;
	struct selection *wanted = bpf_map_lookup_elem(&selections, &zero);

	if (!wanted)
		return -1;
	wanted->now = ticks_now();
	bpf_loop(wanted->count < SELECT_PART ? wanted->count : SELECT_PART, select_step, &wanted, 0);
	return 0;
}

#endif
