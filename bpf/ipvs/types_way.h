/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Layouts of the ways that packets go on by; a part of types.h. */
#ifndef XLVS_TYPES_WAY_H
#define XLVS_TYPES_WAY_H

/* The next hop towards a destination, and for which packets it is: one word, so that it belongs together. */
struct dest_hop {
	union {
		struct {
			__u16 number; /* of the hop, 0: none */
			__u16 tick; /* at which the routing table said so, lower bits */
			__u8 tos;
			__u8 generation; /* lower bits of the destination's */
			__u16 from; /* interface at which they come in, lower bits: whether it forwards matters at times */
		};
		__u64 all;
	};
};

enum hop_state {
	HOP_EMPTY = 0,
	HOP_FILLING = 1,
	HOP_READY = 2, /* from here on the way does not change */
};

/* A way out: interface and link-layer addresses. */
struct hop {
	__u32 state; /* enum hop_state */
	__u32 ifindex;
	__u32 macs[3]; /* source and destination, as in struct bpf_fib_lookup */
	__u16 mtu;
	__u8 xdp; /* 1: XDP may send through it from any interface */
	__u8 reserved0;
	__u32 confirmed; /* tick at which the routing table last led to it */
	__u32 reserved1;
};

/* A way to the far end of a tunnel: next hop, and what outer headers are made of. From `ifindex` on it is its own
 * identity: destinations with the same contents share one. */
struct tunnel_way {
	__u32 state; /* enum hop_state */
	__u32 used; /* tick at which the routing table last confirmed it */
	__u32 xdp; /* 1: XDP may send through it from any interface */
	__u32 ifindex;
	__u32 macs[3]; /* destination and source, as in the frame */
	__u32 mtu;
	__u32 kind; /* type, flags and port of the tunnel, as they stand in the destination */
	__u32 sum; /* of the outer addresses */
	__be32 shim; /* GUE's header, first word of GRE's */
	__u8 family; /* enum family, of the outer header */
	__u8 protocol; /* that the outer header names */
	__u8 room; /* bytes of all outer headers */
	__u8 learned; /* 1: the MTU is that of the path, not of the route */
	struct addr src;
	struct addr dst;
};

/* The MTU of the path to a host, from ICMP errors about packets of a tunnel. */
struct path_mtu {
	__u32 mtu;
	__u32 expires; /* tick */
};

#endif
