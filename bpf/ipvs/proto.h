/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* What a packet does to the state and the timer of its connection, by protocol. */
#ifndef XLVS_PROTO_H
#define XLVS_PROTO_H

#include "proto_tcp.h"

static __always_inline __u32 state_timeout(const struct settings *set, __u8 state)
{
	return set->timeouts[state & (STATE_SLOTS - 1)];
}

static __always_inline void proto_update(struct conn *conn, const struct packet *p, __u32 direction,
					 const struct settings *set, __u32 now)
{
	__u8 state = STATE_UDP;
	int active = 0;

	if (p->protocol == IPPROTO_TCP) {
		__u32 view = direction == DIRECTION_REPLY ? VIEW_SERVER :
			     conn->method == METHOD_MASQUERADE ? VIEW_CLIENT : VIEW_CLIENT_ONLY;

		state = tcp_step(conn->word.state, view, p->tcp_flags);
		active = tcp_state_is_active(state);
	}
	conn_set_state(conn, state, active, now + state_timeout(set, state));
}

/* May the packet begin a connection? */
static __always_inline int proto_begins(const struct packet *p, const struct settings *set)
{
	return p->protocol == IPPROTO_TCP ? tcp_begins(p->tcp_flags, set) : 1;
}

#endif
