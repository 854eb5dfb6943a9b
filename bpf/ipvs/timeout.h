/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* How long a connection lives without packets: as its service says, or the director for all. */
#ifndef XLVS_TIMEOUT_H
#define XLVS_TIMEOUT_H

#include "conn.h"

/* The service of a destination; a deleted one is found by what it was. */
static __always_inline struct service *service_of_dest(const struct dest *dest)
{
	struct service_key key = dest->service_key;
	__u32 *number;

	if (dest->service)
		return service_get(dest->service);
	number = bpf_map_lookup_elem(&service_numbers, &key);
	return number ? service_get(*number) : 0;
}

/* Ticks that the connection's own service gives it in a state, 0: none. */
__noinline __u32 service_timeout(const struct conn *conn, __u32 state)
{
	struct service *svc;
	struct dest *dest;
	__u32 timeout_s;

	dest = conn ? dest_get(conn->dest) : 0;
	svc = dest && conn->dest ? service_of_dest(dest) : 0;
	if (!svc)
		return 0;
	timeout_s = state == STATE_ESTABLISHED ? svc->timeout_tcp_s :
		    state == STATE_FIN_WAIT    ? svc->timeout_tcp_fin_s :
		    state == STATE_UDP         ? svc->timeout_udp_s :
						 0;
	return timeout_s * ticks_per_second;
}

static __always_inline __u32 state_timeout(const struct conn *conn, const struct settings *set, __u32 state)
{
	__u32 own = set->services_timeouts ? service_timeout(conn, state) : 0;

	/* What the compiler knows of the state the verifier does not. */
	asm volatile("" : "+r"(state));
	return own ? own : set->timeouts[state & (STATE_SLOTS - 1)];
}

#endif
