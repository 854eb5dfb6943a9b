# SPDX-License-Identifier: Apache-2.0
"""Out through which port XDP sends: the one that is meant, or none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.progrun.director import XDP_REDIRECT, XDP_TX
from tests.progrun.packets import TCP, Packet, end
from tests.progrun.rules import service_key
from tests.reference.tcp_states import ACK, SYN
from xlvs.ipvs import layout
from xlvs.linux.bpf import Map
from xlvs.model.address import Family
from xlvs.model.destination import Destination, DestinationKey, ForwardingMethod
from xlvs.model.service import VirtualService

if TYPE_CHECKING:
    from tests.progrun.director import Director

CLIENT, VIRTUAL, BEHIND, BESIDE = end("10.1.8.5:1000"), end("10.0.0.1:80"), end("10.2.0.254:80"), end("10.1.0.254:80")


def serve(director: Director, real: tuple[bytes, int]) -> None:
    """One service with one destination."""
    director.clear()
    key = service_key(VIRTUAL, TCP)
    director.tables.add_service(VirtualService(key, "rr"))
    where = DestinationKey(Family.IPV4, *real)
    director.tables.add_destination(key, Destination(where, ForwardingMethod.DIRECT_ROUTE))


@pytest.mark.parametrize(("on_veth", "action"), [(0, XDP_TX), (1, XDP_REDIRECT)])
def test_a_packet_turns_as_its_interface_can(director: Director, on_veth: int, action: int) -> None:
    """A veth is sent through as if it were another interface."""
    serve(director, BESIDE)
    director.store.set_setting(layout.SETTINGS_TURN_BY_REDIRECT, on_veth)

    assert director.xdp(Packet(CLIENT, VIRTUAL, TCP, SYN).frame()).action == action


@pytest.mark.parametrize("on_veth", [0, 1])
def test_a_packet_does_not_turn_because_another_port_is_gone(director: Director, on_veth: int) -> None:
    """Its way is still remembered when the port goes."""
    serve(director, BEHIND)
    director.store.set_setting(layout.SETTINGS_TURN_BY_REDIRECT, on_veth)
    assert director.xdp(Packet(CLIENT, VIRTUAL, TCP, SYN).frame()).action == XDP_REDIRECT

    index = director.ifindex["inner"].to_bytes(4, "little")
    with Map.from_pin(f"{director.directory}/xdp_ports") as ports:
        ports.delete(index)
        action = director.xdp(Packet(CLIENT, VIRTUAL, TCP, ACK).frame()).action
        ports.update(index, index)

    assert action not in (XDP_TX, XDP_REDIRECT)
