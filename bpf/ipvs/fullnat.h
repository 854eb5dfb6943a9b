/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Full NAT: masquerading on both sides. Towards the destination a packet bears a local address of the director's as its
 * source, so that the answer comes back here whatever the destination's routes are. */
#ifndef XLVS_FULLNAT_H
#define XLVS_FULLNAT_H

#include "pair.h"
#include "work.h"

/* What else changes in a packet towards the destination: the source becomes the connection's pair. Returns 0, or -1 when
 * the connection is none of full NAT, or the packet has no ports by which its answer could be told. */
static __noinline int fullnat_forward(struct work *work, const struct conn *conn)
{
	const struct conn *companion;

	if (conn->method != METHOD_FULL_NAT || protocol_is_ipsec(work->packet.protocol))
		return -1;
	companion = conn_get(conn->companion);
	if (!companion)
		return -1;
	work->nat.both = 1;
	work->nat.also = companion->client;
	work->nat.also_port = companion->cport;
	return 0;
}

/* What else changes in an answer: its destination becomes the client. Returns the connection, or null when that is over. */
static __noinline struct conn *fullnat_reply(struct work *work, const struct conn *companion, __u32 now)
{
	struct conn *conn = companion_conn(companion, now);

	if (!conn)
		return 0;
	work->nat.both = 1;
	work->nat.also = conn->client;
	work->nat.also_port = conn->cport;
	return conn;
}

#endif
