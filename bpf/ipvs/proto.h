/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* What a packet does to the state and the timer of its connection, by protocol. */
#ifndef XLVS_PROTO_H
#define XLVS_PROTO_H

#include "proto_sctp.h"
#include "proto_tcp.h"
#include "service.h"
#include "template.h"
#include "timeout.h"

#define UPDATE_TRIES 3

/* The next state by a packet, as the view of the connection's two directions has it. */
static __always_inline __u8 proto_next_state(struct conn_word old, const struct packet *p, __u32 direction,
					     const struct settings *set)
{
	__u32 view = direction == DIRECTION_REPLY ? VIEW_SERVER :
		     old.bits & CONN_NO_ANSWERS   ? VIEW_CLIENT_ONLY :
						    VIEW_CLIENT;

	if (p->protocol == IPPROTO_TCP)
		return tcp_step(old.state, view, p->tcp_flags, set->secure_tcp);
	return p->protocol == IPPROTO_SCTP ? sctp_step(old.state, view, p->chunk) : STATE_UDP;
}

static __always_inline int state_is_active(__u8 state)
{
	return tcp_state_is_active(state) || state == STATE_SCTP_ESTABLISHED;
}

/* Active or inactive: by the state when it changes, as in the kernel. Another director may have told otherwise. */
static __always_inline __u16 proto_activity(struct conn_word old, __u8 state)
{
	if (state == old.state)
		return old.bits;
	return state_is_active(state) ? old.bits & ~CONN_INACTIVE : old.bits | CONN_INACTIVE;
}

/* The bits after a packet. The first packets of the client are counted, not all: a change of the bits costs more than
 * that of the timer alone. */
static __always_inline __u16 proto_bits(struct conn_word old, const struct packet *p, __u8 state, __u32 direction)
{
	__u16 bits = proto_activity(old, state);

	/* An SCTP packet without a chunk says nothing, as in the kernel. */
	if (direction == DIRECTION_REPLY)
		return p->protocol == IPPROTO_SCTP && p->chunk == SCTP_CHUNK_NONE ? bits : bits & ~CONN_NO_ANSWERS;
	return bits >> CONN_PACKETS_SHIFT < CONN_PACKETS_MASK ? bits + (1 << CONN_PACKETS_SHIFT) : bits;
}

/* Does the step show that the client is there, and not a forged address? */
static __always_inline int proto_assures(__u8 before, __u8 after, __u32 direction)
{
	if (after == STATE_UDP)
		return direction == DIRECTION_REPLY;
	return before != after && (after == STATE_ESTABLISHED || after == STATE_SCTP_ESTABLISHED);
}

/* Returns 0, or -1 when another processor was faster: the other direction's packets may be there. */
static __always_inline int proto_step(struct conn *conn, const struct packet *p, __u32 direction,
				      const struct settings *set, __u32 now)
{
	struct conn_word old = { .all = conn->word.all };
	__u8 state;

	if (old.life != LIFE_LIVE)
		return 0;
	state = proto_next_state(old, p, direction, set);
	if (conn->control && proto_assures(old.state, state, direction))
		template_assure(conn->control);
	return conn_set_state(conn, old, state, proto_bits(old, p, state, direction),
			      now + state_timeout(conn, set, state));
}

/* Move the connection on by a packet, and restart its timer. A function of its own for the sake of the stack: see
 * conn.h too. Returns 0, or -1 when other processors were faster each time. */
__noinline int proto_update(struct conn *conn, const struct packet *p, __u32 direction, const struct settings *set,
			    __u32 now)
{
	int lost = -1;

	if (!conn || !p || !set)
		return -1;
#pragma clang loop unroll(disable)
	for (int i = 0; i < UPDATE_TRIES && lost; i++)
		lost = proto_step(conn, p, direction, set, now);
	return lost;
}

/* What a client sends first. */
static __always_inline int proto_is_first(const struct packet *p)
{
	if (p->protocol == IPPROTO_TCP)
		return p->tcp_flags & TCP_SYN;
	return p->protocol == IPPROTO_SCTP && p->chunk == SCTP_CHUNK_INIT;
}

/* With expire_nodest_conn: a connection whose destination is gone gives way, to a first packet also one whose
 * destination is quiesced. One that bypasses them never had one. */
static __always_inline int proto_lost_dest(const struct conn *conn, const struct packet *p)
{
	struct dest *dest = dest_get(conn->dest);

	if (!dest || dest_is_lost(dest))
		return conn->method != METHOD_BYPASS;
	return !dest->weight && proto_is_first(p);
}

/* A first packet on a connection that ended: the client uses its port again, which is a new connection. One to a drained
 * destination gives way whatever the settings say: that destination gets no new connections. */
static __always_inline int proto_is_reuse(const struct conn *conn, const struct packet *p, __s32 mode)
{
	struct conn_word word = { .all = conn->word.all };
	struct dest *dest;

	if (!proto_is_first(p))
		return 0;
	dest = dest_get(conn->dest);
	if (dest && dest->drained)
		mode = REUSE_FIN_WAIT;
	else if (!mode || conn->control)
		return 0;
	return p->protocol == IPPROTO_TCP ? tcp_is_over(word, mode) : word.state == STATE_SCTP_CLOSED;
}

/* Does the connection give way to a new one, if the packet may begin one? */
static __always_inline int proto_gives_way(const struct conn *conn, const struct packet *p, const struct settings *set)
{
	if (proto_is_reuse(conn, p, set->sysctls[SYSCTL_CONN_REUSE_MODE]))
		return 1;
	return set->sysctls[SYSCTL_EXPIRE_NODEST_CONN] && proto_lost_dest(conn, p);
}

/* May the packet begin a connection? FTP's data port never does, as in the kernel. */
static __always_inline int proto_begins(const struct packet *p, const struct settings *set)
{
	if (p->sport == bpf_htons(FTP_DATA_PORT))
		return 0;
	if (p->protocol == IPPROTO_TCP)
		return tcp_begins(p->tcp_flags, set);
	return p->protocol == IPPROTO_SCTP ? sctp_begins(p->chunk, set) : !protocol_is_ipsec(p->protocol);
}

#endif
