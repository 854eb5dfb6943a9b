# SPDX-License-Identifier: Apache-2.0
"""Why XDP left a packet to tc. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xlvs.explain.question import ICMP, ICMPV6
from xlvs.explain.rows import narrow
from xlvs.model.address import format_address

_MTU_MIN = 68  # of IPv4 (RFC 791); what is less is no answer of the routing table

if TYPE_CHECKING:
    from xlvs.explain.facts import Step


def reason(step: Step) -> str:
    """In words that follow "because"."""
    work, met = step.work, step.met
    if work.packet.protocol in (ICMP, ICMPV6):
        return "ICMP is tc's"
    if work.packet.part:
        return "fragments are tc's"
    if met.connection is not None and met.connection.ended:
        return "its connection was ended on command: the resets are tc's"
    if met.service is not None and not met.begun:
        return _before_choice(step)
    if work.tells or work.claims or work.makes_room:
        return _options(step)
    if work.packet.ttl <= 1:
        return "it has no hop left to live: the answer is tc's"
    if met.destination is None and not met.connection:
        return "it may be a server's own request, or one to refuse: tc looks for that"
    return _way(step)


def _before_choice(step: Step) -> str:
    service = step.met.service
    if service is not None and service.one_packet:
        return "its service has one-packet scheduling"
    if service is not None and service.engine:
        return "its service keeps clients by their Call-ID, which tc reads"
    return "there is no destination for it: the answer is tc's"


def _options(step: Step) -> str:
    """Of full NAT."""
    if step.work.tells:
        return "full NAT tells the server the client's address, in a TCP option that tc writes"
    if step.work.claims:
        return "it bears the TCP option by which full NAT tells clients' addresses: tc overwrites what a client says of itself"
    return "it is the server's SYN, in which tc lowers the MSS: full NAT's option needs room"


def _way(step: Step) -> str:
    destination = step.met.destination
    to = f" to {destination.end}" if destination else ""
    if not step.work.out:
        return f"the way{to} is not one that XDP can send by: a local one, or a tunnel that needs more room"
    mtu = step.work.mtu
    if mtu >= _MTU_MIN and step.work.packet.length > mtu:
        return f"it does not fit the MTU of the way{to} ({mtu} bytes)"
    hop = next_hop(step)
    neighbour = f", or the neighbour {hop} is not known yet" if hop else ""
    return f"the way{to} is not open to XDP: the interface it leaves by has none{neighbour}"


def next_hop(step: Step) -> str:
    """The next hop that the routing table named last, "" where it was not asked."""
    raw = step.work.next_hop
    if not any(raw):
        return ""
    return format_address(narrow(raw) if any(raw[4:]) else raw[:4])
