# SPDX-License-Identifier: Apache-2.0
"""Which packets other directors are told of: the programs against the model, on random lives of connections."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.progrun.packets import TCP, Packet, end
from tests.progrun.pair import Pair, from_server
from tests.progrun.rules import service_key
from tests.reference.connections import Connection
from tests.reference.tcp_states import ACK, FIN, RST, SYN
from tests.reference.telling import Telling
from xlvs.ipvs import layout, local_addresses, sync_daemons, sysctls
from xlvs.ipvs.sync_outlet import STRIDE, Outlet
from xlvs.model.address import Family
from xlvs.model.destination import Destination, DestinationKey, ForwardingMethod
from xlvs.model.local_address import LocalAddress
from xlvs.model.service import VirtualService
from xlvs.syncwire.entry import TEMPLATE, Entry

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.progrun.director import Director
    from tests.reference.templates import Template
    from xlvs.ipvs.store import Store

PLAIN, KEEPING = end("10.0.0.1:80"), end("10.0.0.2:80")
SERVERS = {PLAIN: end("10.2.1.100:80"), KEEPING: end("10.2.2.100:80")}
CLIENTS = [end(f"10.1.8.5:{port}") for port in (1000, 1001)]
STATES = [
    "NONE",
    "ESTABLISHED",
    "SYN_SENT",
    "SYN_RECV",
    "FIN_WAIT",
    "TIME_WAIT",
    "CLOSE",
    "CLOSE_WAIT",
    "LAST_ACK",
    "LISTEN",
    "SYNACK",
]


class Step(NamedTuple):
    """A packet: which client's connection with which service, by whom, with which flags, first seen by XDP or tc."""

    client: int
    virtual: tuple[bytes, int]
    by_server: bool
    flags: int
    xdp_first: bool


STEPS = st.builds(
    Step,
    st.integers(0, len(CLIENTS) - 1),
    st.sampled_from((PLAIN, KEEPING)),
    st.sampled_from((False, False, True)),
    st.sampled_from((SYN, ACK, ACK, ACK, FIN | ACK, RST)),
    st.booleans(),
)
THRESHOLDS = st.sampled_from(((3, 50), (1, 2), (2, 5), (0, 4), (3, 0), (1, 0), (0, 0)))


@contextmanager
def told_to_us(store: Store) -> Iterator[Outlet]:
    """A master daemon is configured, whose process we are."""
    sync_daemons.make_room(store)
    store.set_setting(layout.SETTINGS_SYNC, layout.SYNC_MASTER)
    outlet = Outlet(store)
    try:
        yield outlet
    finally:
        outlet.close()
        store.set_setting(layout.SETTINGS_SYNC, 0)
        store.map("sync_tracks").delete(bytes(4))
        sync_daemons.drop_ring(store)


def prepared(director: Director) -> Pair:
    """One destination, without and with persistence."""
    pair = Pair(director)
    for virtual, timeout_s in ((PLAIN, 0), (KEEPING, 300)):
        key = service_key(virtual, TCP)
        pair.add_service(VirtualService(key, "rr", persistence_timeout_s=timeout_s))
        at = DestinationKey(Family.IPV4, *SERVERS[virtual])
        pair.add_destination(key, Destination(at, ForwardingMethod.MASQUERADE))
    return pair


def heard(outlet: Outlet) -> list[tuple[bool, bytes, int, str]]:
    """What the programs told: whether it is a template; the client's end; the state, of a connection."""
    records, found = outlet.changes(), []
    for at in range(0, len(records), STRIDE):
        entry = Entry.of(outlet.told(records[at : at + STRIDE]).wide)
        is_template = bool(entry.flags & TEMPLATE)
        found.append((is_template, entry.client, entry.client_port, "" if is_template else STATES[entry.state]))
    return found


def expected(said: list[Connection | Template]) -> list[tuple[bool, bytes, int, str]]:
    """The same of the model's."""
    return [
        (False, *one.client, one.state) if isinstance(one, Connection) else (True, one.client, 0, "") for one in said
    ]


def test_a_template_of_full_nat_is_not_told(director: Director) -> None:
    """As its connections are not, and as the whole table leaves it out: the messages have no such method."""
    key = service_key(KEEPING, TCP)
    director.tables.add_service(VirtualService(key, "rr", persistence_timeout_s=300))
    at = DestinationKey(Family.IPV4, *SERVERS[KEEPING])
    director.tables.add_destination(key, Destination(at, ForwardingMethod.FULL_NAT))
    local_addresses.add(director.store, LocalAddress(key, end("10.2.0.7:0")[0], 40000, 40003))
    sysctls.write(director.store, "sync_version", "1")
    sysctls.write(director.store, "sync_threshold", "3 50")
    with told_to_us(director.store) as outlet:
        verdicts = {director.tc(Packet(CLIENTS[0], KEEPING, TCP, flags).frame()).verdict for flags in (SYN, ACK, ACK)}
        told = heard(outlet)
    local_addresses.delete(director.store, key, end("10.2.0.7:0")[0])

    assert verdicts == {"FORWARD"}
    assert told == []


@given(st.lists(STEPS, max_size=40), THRESHOLDS, st.booleans(), st.booleans())
@settings(deadline=None, max_examples=60)
def test_the_packets_that_are_told_are_the_model_s(
    loaded: Director, steps: list[Step], numbers: tuple[int, int], persist_mode: bool, former: bool
) -> None:
    """By number, on changes of the state, with templates; with each setting, by XDP and by tc."""
    pair, telling = prepared(loaded), Telling(*numbers, persist_mode=persist_mode, former=former)
    sysctls.write(pair.store, "sync_threshold", " ".join(map(str, numbers)))
    sysctls.write(pair.store, "sync_persist_mode", str(int(persist_mode)))
    sysctls.write(pair.store, "sync_version", str(int(not former)))
    with told_to_us(pair.store) as outlet:
        for step in steps:
            client = CLIENTS[step.client]
            packet = Packet(client, step.virtual, TCP, step.flags)
            if step.by_server:
                packet = from_server(SERVERS[step.virtual], client, protocol=TCP, flags=step.flags)
            pair.send(packet, from_server=step.by_server, xdp_first=step.xdp_first)
            ends = client, step.virtual
            moved = next((one for one in pair.model.connections() if (one.client, one.virtual) == ends), None)
            assert heard(outlet) == ([] if step.by_server or moved is None else expected(telling.packet(moved)))
