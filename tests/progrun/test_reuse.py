# SPDX-License-Identifier: Apache-2.0
"""A client that uses the port of its ended connection again: what XDP leaves to tc must find the connection still there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.progrun.packets import TCP, Packet, end
from tests.progrun.pair import Pair, from_server
from tests.progrun.rules import service_key
from tests.reference import Verdict
from tests.reference.tcp_states import RST, SYN
from xlvs.model.address import Family
from xlvs.model.destination import Destination, DestinationKey, ForwardingMethod
from xlvs.model.service import VirtualService

if TYPE_CHECKING:
    from tests.progrun.director import Director

VIRTUAL, SERVER = end("10.0.0.1:80"), end("10.2.1.100:80")
CLIENTS = [end("10.1.8.5:1000"), end("10.1.9.77:1000")]


@pytest.mark.parametrize("xdp_first", [False, True], ids=["tc", "xdp"])
def test_an_old_connection_counts_until_its_successor_is_refused(director: Director, xdp_first: bool) -> None:
    """With it the only destination is full: XDP cannot tell the client, and must not end it before tc looks too."""
    pair, key = Pair(director), service_key(VIRTUAL, TCP)
    pair.add_service(VirtualService(key, "rr"))
    at = DestinationKey(Family.IPV4, *SERVER)
    pair.add_destination(key, Destination(at, ForwardingMethod.MASQUERADE, upper_threshold=2))
    for client in CLIENTS:
        pair.send(Packet(client, VIRTUAL, TCP, SYN), from_server=False, xdp_first=xdp_first)
        pair.send(from_server(SERVER, client, protocol=TCP, flags=RST), from_server=True, xdp_first=xdp_first)

    again = pair.send(Packet(CLIENTS[0], VIRTUAL, TCP, SYN), from_server=False, xdp_first=xdp_first)

    assert again.verdict is Verdict.ANSWERED
    assert [one.client for one in pair.model.connections()] == [CLIENTS[1]]
