/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* What becomes of a packet: first «go on», then the actions, then one drop reason per cause.
 * User space reads the names from the object's BTF; from VERDICT_FORWARD on each is counted. */
#ifndef XLVS_VERDICT_H
#define XLVS_VERDICT_H

enum verdict {
	VERDICT_CONTINUE = 0, /* undecided: the next step looks at the packet */
	VERDICT_PASS, /* none of ours: the host's own stack goes on */
	VERDICT_FORWARD, /* sent on towards a destination */
	VERDICT_REPLY, /* sent back to a client, translated */
	VERDICT_FORWARD_ICMP, /* an ICMP error about an answer, sent on to the destination */
	VERDICT_REPLY_ICMP, /* an ICMP error about a request, sent back to the client */
	VERDICT_HAND_UP, /* XDP leaves it to tc */
	VERDICT_STACK, /* ours, but the host's own stack answers or finishes it */
	VERDICT_ANSWERED, /* turned into an ICMP error for its sender */
	VERDICT_UNREACHABLE, /* there is no route to the destination: turned into an ICMP error that says so */
	VERDICT_HELD, /* a fragment: kept until its datagram is complete, then judged with it */
	VERDICT_BACK, /* came by the mark device, and no service wants it: the host's own stack goes on */
	VERDICT_RESET, /* of a TCP connection that was ended on command: both ends are told */
	DROP_NO_DESTINATION, /* no usable destination, and no ICMP error could be sent */
	DROP_DESTINATION_GONE, /* its destination is deleted */
	DROP_TABLE_FULL, /* no room for another connection */
	DROP_NO_ROUTE, /* no route to the destination or the client */
	DROP_FORWARDING_OFF, /* net.ipv4.ip_forward or net.ipv6.conf.all.forwarding is 0 */
	DROP_TTL, /* TTL ran out, and no ICMP error could be sent */
	DROP_TOO_BIG, /* does not fit the MTU, and could neither be split nor answered */
	DROP_MALFORMED, /* headers that contradict each other */
	DROP_METHOD, /* forwarding method that this packet path does not have */
	DROP_ICMP_LIMIT, /* more ICMP errors than may be sent in a second */
	DROP_FRAGMENTS, /* fragments that overlap, contradict each other or are too many for a datagram */
	DROP_DEFENCE, /* the turn of drop_packet among those that would begin a connection */
	DROP_MARK_LOOP, /* came back to the mark device: somebody's rule of the routing table leads it there */
	DROP_NO_CALL_ID, /* no Call-ID, by which its service keeps clients with their server */
	DROP_NO_LOCAL_PORT, /* full NAT: no local address and port is free, or the service has none */
	DROP_INTERNAL, /* a helper refused its work */
	VERDICT_COUNT,
};

#endif
