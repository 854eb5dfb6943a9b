# SPDX-License-Identifier: Apache-2.0
"""Every verdict in words, and what helps against a drop. Pure."""

from __future__ import annotations

from typing import Final

# name of `layout.VERDICT_NAMES` -> what became of the packet
WORDS: Final = {
    "continue": "undecided",
    "pass": "none of the director's: left to the host's own stack",
    "forward": "sent on towards a destination",
    "reply": "an answer, sent back to its client in the name of the virtual address",
    "forward_icmp": "an ICMP error about an answer, sent on to the destination",
    "reply_icmp": "an ICMP error about a request, sent back to the client",
    "hand_up": "XDP leaves it to tc",
    "stack": "the director's, but the host's own stack answers or finishes it",
    "answered": "answered with an ICMP error for its sender",
    "unreachable": "there is no route to the destination: answered with an ICMP error that says so",
    "held": "a fragment: kept until its datagram is complete, which is then judged as one packet",
    "back": "came by the mark device, and no service wants it: the host's own stack goes on with it",
    "reset": "its connection was ended on command: it becomes a reset for the other end, and its sender gets one",
    "drop_no_destination": "dropped: no destination can take it, and no ICMP error may say so",
    "drop_destination_gone": "dropped: its connection's destination has been deleted",
    "drop_table_full": "dropped: the table has no room for another connection",
    "drop_no_route": "dropped: there is no route for it",
    "drop_forwarding_off": "dropped: this host does not forward",
    "drop_ttl": "dropped: it has no hop left to live",
    "drop_too_big": "dropped: it does not fit the next link, and could be neither split nor answered",
    "drop_malformed": "dropped: its headers contradict each other",
    "drop_method": "dropped: this packet path has not the forwarding method of its connection",
    "drop_icmp_limit": "dropped: it deserved an ICMP error, but this second's are used up",
    "drop_fragments": "dropped: a fragment that fits no datagram",
    "drop_defence": "dropped: it is its turn among those that drop_packet drops",
    "drop_mark_loop": "dropped: it came to the mark device twice",
    "drop_no_call_id": "dropped: it has no Call-ID, by which its service keeps clients with their server",
    "drop_no_local_port": "dropped: full NAT has no local address and port left for it",
    "drop_internal": "dropped: the kernel refused to change or send it",
}

# What to do about it, where something can be done.
REMEDIES: Final = {
    "drop_destination_gone": "add the destination again, or `xlvs sysctl expire_nodest_conn=1` so that such connections begin anew",
    "drop_table_full": "`xlvs status` shows how full it is; `xlvs detach` and `xlvs attach --connections N` make a larger one",
    "drop_no_route": "`ip route get ADDRESS` shows what the routing table says",
    "drop_forwarding_off": "`sysctl -w net.ipv4.ip_forward=1`, or `net.ipv6.conf.all.forwarding=1`",
    "drop_defence": "`xlvs sysctl drop_packet am_droprate` shows the settings",
    "drop_mark_loop": "a rule or route of your own leads to the device xlvs-mark: `ip rule`, `ip route show table all`",
    "drop_no_local_port": "`xlvs laddr list` shows the pools, `xlvs laddr add` makes them larger; timeouts make it free earlier",
    "drop_icmp_limit": "it is over with the second",
}
