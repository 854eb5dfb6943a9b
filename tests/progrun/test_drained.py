# SPDX-License-Identifier: Apache-2.0
"""Clients that use the port of an ended connection again, to a destination that is drained: it gets no new connections.

Where the director sees the client's side alone, such a connection is in FIN_WAIT for two minutes, and the kernel leads a
SYN to the same server. A client's own port may come free within a second: a stray reset ends its TIME_WAIT.
"""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import pytest

from tests.progrun.packets import TCP, Packet, end
from tests.progrun.rules import add, destination, service_key
from tests.reference.tcp_states import ACK, FIN, SYN
from xlvs.ipvs import sysctls
from xlvs.ipvs.draining import Draining
from xlvs.model.destination import ForwardingMethod
from xlvs.model.service import VirtualService

if TYPE_CHECKING:
    from tests.progrun.director import Director
    from xlvs.model.service import ServiceKey

CLIENT, VIRTUAL = end("10.1.8.5:1000"), end("10.0.0.1:80")
FIRST, SECOND = "10.2.1.100", "10.2.2.100"  # the list is walked newest first
METHODS = pytest.mark.parametrize(
    "method", [ForwardingMethod.DIRECT_ROUTE, ForwardingMethod.TUNNEL], ids=["direct routing", "tunnel"]
)


def two_servers(director: Director, method: ForwardingMethod) -> ServiceKey:
    """A service whose first connection goes to FIRST."""
    return add(director.tables, TCP, "10.0.0.1:80", f"{SECOND}:80", f"{FIRST}:80", forwarding=method)


def send(director: Director, *flags: int, xdp: bool = False) -> None:
    """Segments of the client's."""
    for each in flags:
        frame = Packet(CLIENT, VIRTUAL, TCP, each).frame()
        outcome = director.xdp(frame) if xdp else director.tc(frame)
        assert outcome.verdict == "FORWARD"


def served(director: Director) -> list[tuple[str, str]]:
    """Server and state of each connection; templates are none."""
    found = [each for each in director.tables.connections() if each.client_port]
    return [(socket.inet_ntoa(each.destination_address), each.state) for each in found]


def quiesce(director: Director, service: ServiceKey, method: ForwardingMethod) -> None:
    """FIRST gets weight 0 by hand."""
    director.tables.update_destination(service, destination(end(f"{FIRST}:80"), forwarding=method, weight=0))


def drain(director: Director, service: ServiceKey, method: ForwardingMethod) -> None:
    """As `xlvs drain` begins with FIRST."""
    Draining(director.tables, service, destination(end(f"{FIRST}:80"), forwarding=method)).begin()


@pytest.mark.parametrize("xdp", [False, True], ids=["tc", "xdp"])
@METHODS
def test_a_port_that_is_used_again_leads_to_another_server(
    director: Director, method: ForwardingMethod, xdp: bool
) -> None:
    """The client has said its last, and begins anew."""
    service = two_servers(director, method)
    send(director, SYN, ACK, FIN | ACK)
    assert served(director) == [(FIRST, "FIN_WAIT")]
    drain(director, service, method)

    send(director, SYN, xdp=xdp)

    assert served(director) == [(SECOND, "SYN_RECV")]


@METHODS
def test_weight_0_by_hand_leads_it_to_the_same_one(director: Director, method: ForwardingMethod) -> None:
    """As the kernel does with conn_reuse_mode=1."""
    service = two_servers(director, method)
    send(director, SYN, ACK, FIN | ACK)
    quiesce(director, service, method)

    send(director, SYN)

    assert served(director) == [(FIRST, "SYN_RECV")]


@METHODS
@pytest.mark.parametrize("flags", [(SYN,), (SYN, ACK)], ids=["opening", "established"])
def test_a_connection_that_lives_stays(director: Director, method: ForwardingMethod, flags: tuple[int, ...]) -> None:
    """A SYN that is sent again moves nothing."""
    service = two_servers(director, method)
    send(director, *flags)
    before = served(director)
    drain(director, service, method)

    send(director, SYN)

    assert served(director) == before


@METHODS
def test_no_setting_leads_it_back(director: Director, method: ForwardingMethod) -> None:
    """With conn_reuse_mode=0 a port that is used again stays with its server, but not with one that is drained."""
    service = two_servers(director, method)
    send(director, SYN, ACK, FIN | ACK)
    sysctls.write(director.store, "conn_reuse_mode", "0")
    drain(director, service, method)

    send(director, SYN)

    assert served(director) == [(SECOND, "SYN_RECV")]


def test_a_persistent_client_goes_elsewhere(director: Director) -> None:
    """Its template is forgotten, and the connection that belonged to it does not lead it back."""
    service, method = service_key(VIRTUAL, TCP), ForwardingMethod.DIRECT_ROUTE
    director.tables.add_service(VirtualService(service, "rr", persistence_timeout_s=300))
    for server in (SECOND, FIRST):
        director.tables.add_destination(service, destination(end(f"{server}:80"), forwarding=method))
    send(director, SYN, ACK, FIN | ACK)
    drain(director, service, method)

    send(director, SYN)

    assert served(director) == [(SECOND, "SYN_RECV")]
