# SPDX-License-Identifier: Apache-2.0
"""twos chooses by chance: two drawn by weight, the one with less load per weight. Held against its odds."""

from __future__ import annotations

from itertools import product
from math import sqrt
from typing import TYPE_CHECKING, NamedTuple

import pytest

from tests.progrun.packets import UDP, Packet, end
from tests.progrun.rules import add, destination
from tests.reference.destinations import LiveDestination
from tests.reference.schedulers import TwoChoices
from xlvs.ipvs import layout
from xlvs.ipvs.observed import pack_service_key

if TYPE_CHECKING:
    from tests.progrun.director import Director

DRAWS = 1500
SIGMAS = 6  # once in 500 million


class Server(NamedTuple):
    """A destination's weight, and the connections that it has at each draw."""

    weight: int
    active: int = 0
    inactive: int = 0
    overloaded: bool = False


def odds(servers: list[Server]) -> list[float]:
    """Probability of each server, newest first: over all pairs that may be drawn."""
    live = []
    for place, server in enumerate(servers):
        one = LiveDestination(destination((bytes(4), place), weight=server.weight))
        one.active, one.inactive, one.overloaded = server.active, server.inactive, server.overloaded
        live.append(one)
    model = TwoChoices(live)
    chances = model.chances()
    whole = sum(share for _, share in chances) ** 2
    sums = dict.fromkeys(range(len(live)), 0.0)
    for (first, share), (second, other_share) in product(chances, repeat=2):
        sums[live.index(model.better(first, second))] += share * other_share / whole
    return list(sums.values())


def counted(director: Director, servers: list[Server]) -> list[int]:
    """How often each server was chosen, newest first."""
    key = add(director.tables, UDP, "10.0.0.1:53", scheduler="twos")
    for place, server in reversed(list(enumerate(servers))):
        director.tables.add_destination(key, destination(end(f"10.2.{place + 1}.100:53"), weight=server.weight))
    words = director.store.dests.words
    listed = director.store.listed(director.store.find_service(pack_service_key(key)))
    found = [0] * len(servers)
    for draw in range(DRAWS):
        for number, server in zip(listed, servers, strict=True):
            place = (number * layout.DEST_SIZE + layout.DEST_COUNTS) >> 2
            words[place], words[place + 1], words[place + 3] = server.active, server.inactive, server.overloaded
        outcome = director.tc(Packet((end("10.1.8.5:0")[0], 1000 + draw), end("10.0.0.1:53"), UDP).frame())
        assert outcome.verdict == "FORWARD"
        found[outcome.frame[32] - 1] += 1
    director.end_connections()
    return found


@pytest.mark.parametrize(
    "servers",
    [
        [Server(1), Server(1)],
        [Server(1), Server(2), Server(5)],
        [Server(5), Server(2), Server(1)],
        [Server(4, active=3), Server(4, inactive=9), Server(4)],
        [Server(3, active=1), Server(9, active=3), Server(3, active=2)],
        [Server(3), Server(0), Server(7, overloaded=True), Server(2, inactive=1)],
        [Server(2_000_000_000), Server(2_000_000_000, active=1), Server(2_000_000_000)],
    ],
)
def test_each_destination_gets_what_the_odds_say(director: Director, servers: list[Server]) -> None:
    """Within six standard deviations; who is unusable gets nothing."""
    for count, probability in zip(counted(director, servers), odds(servers), strict=True):
        deviation = sqrt(DRAWS * probability * (1 - probability))
        assert abs(count - DRAWS * probability) <= SIGMAS * deviation


def test_without_a_usable_destination_the_client_is_refused(director: Director) -> None:
    """Weight 0 and overload alike."""
    key = add(director.tables, UDP, "10.0.0.1:53", scheduler="twos")
    director.tables.add_destination(key, destination(end("10.2.1.100:53"), weight=0))
    packet = Packet(end("10.1.8.5:1000"), end("10.0.0.1:53"), UDP)
    assert director.tc(packet.frame()).verdict == "ANSWERED"
