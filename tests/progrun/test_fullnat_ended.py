# SPDX-License-Identifier: Apache-2.0
"""Connections of full NAT that are ended on command: both ends are told, and nobody else gets their pair meanwhile."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.netns.wire import Sniffer
from tests.progrun import invariants
from tests.progrun.director import FROM_SERVER, INNER, TO_CLIENT, TO_SERVER
from tests.progrun.packets import TCP, UDP, Packet
from tests.progrun.test_ended import ACKNOWLEDGED, SEQUENCE, finish, segment, with_numbers
from tests.progrun.test_fullnat import (
    CLIENT,
    FAMILIES,
    FIRST,
    LOCAL,
    PROGRAMS,
    REAL,
    VIRTUAL,
    balance,
    begin,
    source_of,
    through,
)
from tests.reference.tcp_states import ACK, RST
from xlvs.ipvs import layout
from xlvs.ipvs.selection import Act, Chosen, Selection
from xlvs.model.connection_filter import ConnectionFilter

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.progrun.director import Director
    from tests.progrun.packets import End


@pytest.fixture
def caught(director: Director) -> Iterator[tuple[Sniffer, Sniffer]]:
    """What the director sends out at once: towards clients, towards servers."""
    director.sweep()
    with Sniffer("outer-far") as clients, Sniffer("inner-far") as servers:
        yield clients, servers


@FAMILIES
def test_the_clients_next_segment_resets_both_ends(
    director: Director, caught: tuple[Sniffer, Sniffer], client: End, virtual: End, real: End, local: bytes
) -> None:
    """The server gets it from the pair; XDP leaves it to tc."""
    balance(director, virtual, real, local)
    pair = begin(director, client, virtual)
    assert finish(director) == Chosen(tcp=1)
    director.sweep()
    late = with_numbers(Packet(client, virtual, TCP, ACK, data=b"more"), (SEQUENCE, ACKNOWLEDGED))
    xdp, tc = director.xdp(late), director.tc(late)
    told = caught[0].next(lambda frame: frame[:6] == TO_CLIENT[:6])

    assert (xdp.verdict, xdp.frame) == ("HAND_UP", late)
    assert tc.verdict == "RESET"
    onward = segment(pair, real, RST | ACK, (SEQUENCE, ACKNOWLEDGED), macs=TO_SERVER, ttl=63)
    assert tc.frame.hex() == onward.hex()
    assert told is not None
    assert told.frame.hex() == segment(virtual, client, RST, (ACKNOWLEDGED, 0), macs=TO_CLIENT).hex()


@FAMILIES
def test_the_servers_next_segment_resets_both_ends(
    director: Director, caught: tuple[Sniffer, Sniffer], client: End, virtual: End, real: End, local: bytes
) -> None:
    """It is the director's still, not the host's."""
    balance(director, virtual, real, local)
    pair = begin(director, client, virtual)
    finish(director)
    director.sweep()
    late = with_numbers(Packet(real, pair, TCP, ACK, data=b"more", macs=FROM_SERVER), (SEQUENCE, ACKNOWLEDGED))
    xdp, tc = director.xdp(late, INNER), director.tc(late, INNER)
    told = caught[1].next(lambda frame: frame[:6] == TO_SERVER[:6])

    assert (xdp.verdict, xdp.frame) == ("HAND_UP", late)
    assert tc.verdict == "RESET"
    onward = segment(virtual, client, RST | ACK, (SEQUENCE, ACKNOWLEDGED), macs=TO_CLIENT, ttl=63)
    assert tc.frame.hex() == onward.hex()
    assert told is not None
    assert told.frame.hex() == segment(pair, real, RST, (ACKNOWLEDGED, 0), macs=TO_SERVER).hex()


def test_the_pair_is_nobodys_while_late_packets_are_answered(director: Director) -> None:
    """A reset for the old connection would end the new one."""
    balance(director, VIRTUAL, REAL, LOCAL, ports=(FIRST, FIRST))
    begin(director, CLIENT, VIRTUAL)
    finish(director)
    director.sweep()
    other = (CLIENT[0], 7)
    assert through(director, Packet(other, VIRTUAL))[0] == "DROP_NO_LOCAL_PORT"
    director._shift(-(layout.ENDED_LIFE_S + 1) * director.ticks_per_second)
    director.sweep()
    assert begin(director, other, VIRTUAL) == (LOCAL, FIRST)
    assert invariants.check(director) == 1
    invariants.check_empty(director)


@PROGRAMS
def test_a_datagrams_pair_is_free_at_once(director: Director, program: str) -> None:
    """Nobody is told of its end: the next one is another connection."""
    balance(director, VIRTUAL, REAL, LOCAL, protocol=UDP, ports=(FIRST, FIRST))
    begin(director, CLIENT, VIRTUAL, UDP)
    assert finish(director) == Chosen(others=1)
    assert begin(director, (CLIENT[0], 7), VIRTUAL, UDP, program) == (LOCAL, FIRST)
    assert invariants.check(director) == 1


def test_who_ends_it_asks_the_server_by_the_pair(director: Director) -> None:
    """What the command reads of the ended ones."""
    balance(director, VIRTUAL, REAL, LOCAL)
    pair = source_of(through(director, Packet(CLIENT, VIRTUAL))[1])
    since = director.now()
    finish(director)
    with Selection(director.store, ConnectionFilter()) as selection:
        (ended,) = selection.ended(since)

    assert (ended.client, ended.client_port) == CLIENT
    assert ended.source == pair
    assert (ended.server, ended.server_port) == REAL


def test_silence_ends_it_at_once(director: Director) -> None:
    """Without resets nothing is kept."""
    balance(director, VIRTUAL, REAL, LOCAL, ports=(FIRST, FIRST))
    begin(director, CLIENT, VIRTUAL)
    finish(director, act=Act.DISCARD)
    assert begin(director, (CLIENT[0], 7), VIRTUAL) == (LOCAL, FIRST)
