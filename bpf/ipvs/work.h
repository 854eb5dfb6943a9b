/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* The packet at hand and what is about to be done to it: one place per processor, since the stack is short. A packet
 * is done with before the next one comes: programs do not interrupt each other on a processor, and those that a packet
 * meets while it is sent on return before they touch this. */
#ifndef XLVS_WORK_H
#define XLVS_WORK_H

#include <bpf/bpf_helpers.h>
#include "conn.h"

enum nat_side {
	NAT_DESTINATION = 0, /* towards the destination: its address for the virtual one */
	NAT_SOURCE = 1, /* towards the client: the virtual address for the destination's */
	NAT_NOTHING = 2, /* direct routing: one hop less to live, and the way */
};

struct nat {
	struct addr to; /* the address that is written; with NAT_NOTHING only routed to */
	__be16 port;
	__u8 side; /* enum nat_side */
	__u8 keeps_ttl; /* 1: the packet does not pass the director, it begins or ends here */
	struct addr also; /* full NAT: the address that is written on the other side, */
	__be16 also_port;
	__u8 both; /* if this is 1 */
	__u8 makes_room; /* 1: a server's SYN, see toa.h */
	__u32 tells; /* number of the connection whose client's address this packet tells, 0: none does */
	__u8 claims; /* 1: it has options of the client's that are to be overwritten, see toa_claim.h */
};

/* The packet that an ICMP error quotes. */
struct icmp_quote {
	struct packet inner;
	__u32 l3; /* offset of the quoted IP header in the frame */
};

/* What the outer headers of a tunnel say of one packet. */
struct tunnel_head {
	__u32 length; /* of the inner packet */
	__u32 sum; /* of the inner packet, where the tunnel has a checksum */
	__u32 hash; /* of the connection */
	__be16 fragment; /* outer IPv4: flags */
	__u8 splits; /* into fragments: outer IPv6 has a fragment header */
	__u8 segments; /* GSO: cut here, see segment_skb.h */
	__u8 shrinks; /* GSO: segments become shorter by the room of the headers */
	__be16 id;
	__u8 ttl;
	__u8 tos;
};

/* What the packet met on its way. No packet path reads it: it is for who has the programs tried on a packet and wants to
 * tell why they did what they did. */
struct trail {
	__u32 conn; /* number of the connection that was found, 0: none */
	__u32 service; /* number of the service that it may begin a connection of, 0: none */
	__u32 template; /* number of the persistence template that was found, 0: none */
	__u32 out; /* number of the interface that a tunnel's packet leaves by */
	__u32 copies; /* sent besides it, see copy_skb.h */
	__u8 reached; /* enum trail_reached: the last place that it came to */
};

enum trail_reached {
	REACHED_NOTHING = 0,
	REACHED_PROTOCOL = 1, /* whether its protocol lets it begin a connection */
	REACHED_SERVICE = 2, /* which service that would be of */
	REACHED_CHOICE = 3, /* which destination it gets */
	REACHED_SCHEDULER = 4, /* which one the scheduler gives it */
};

struct work {
	struct packet packet;
	struct trail trail;
	struct bpf_fib_lookup fib;
	struct nat nat;
	struct nat other; /* of full NAT: the other side of `nat` by itself */
	struct icmp_quote quote;
	struct packet error; /* an ICMP error, while a connection begins for what it quotes */
	struct tunnel_head head;
	struct tunnel_way way; /* one that is not in the table, or not yet */
	__u32 idents; /* outer packets with an IP identification so far */
	struct choice choice; /* for a new connection */
	struct conn_key key; /* of a persistence template */
	struct conn one_packet; /* a connection that is in no table */
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct work);
} works SEC(".maps");

/* Null never but for the verifier. */
static __always_inline struct work *work_get(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&works, &zero);
}

/* The place for a new packet. */
static __always_inline struct work *work_begin(void)
{
	struct work *work = work_get();

	if (work) {
		__builtin_memset(&work->packet, 0, sizeof(work->packet));
		work->nat.keeps_ttl = 0;
		work->nat.both = 0; /* what depends on it is set with it */
	}
	return work;
}

#endif
