# SPDX-License-Identifier: Apache-2.0
"""A hostile neighbour: whatever it sends, nothing is raised, and only what is valid for the router changes anything."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from ipaddress import ip_address
from struct import pack
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.vrrp.wire import GROUP, VIRTUAL, router
from xlvs.vrrp.ah import HEADER as AH
from xlvs.vrrp.ah import AuthenticationHeader
from xlvs.vrrp.effects import State
from xlvs.vrrp.packet import (
    HEADER,
    PROTOCOL,
    Advertisement,
    AuthenticationType,
    NotAnAdvertisement,
    build,
    checksum,
    sum_is_right,
)
from xlvs.vrrp.reception import Datagram, Reception
from xlvs.vrrp.router import VirtualRouter
from xlvs.vrrp.settings import Peer, RouterSettings

SOURCE = ip_address("10.77.0.2").packed
OWN = ip_address("10.77.0.1").packed
SOURCE6, OWN6, GROUP6, VIRTUAL6 = (ip_address(text).packed for text in ("fe80::2", "fe80::1", "ff02::12", "fe80::100"))
SECRET = b"secret"
IP_HEADER = bytes.fromhex("45c0003c00010000ff33") + bytes(2) + SOURCE + GROUP
NOW = 5_000_000
ROUTERS: dict[str, RouterSettings] = {
    "version 2": router(1),
    "password": router(1, authentication=AuthenticationType.PASS, password=SECRET),
    "header": router(1, authentication=AuthenticationType.AH, password=SECRET),
    "version 3": router(1, version=3),
    "either checksum": router(1, version=3, either_checksum=True),
    "unicast": router(1, version=3, unicast_peers=(Peer(SOURCE, 254, 255),), check_unicast_source=True),
    "IPv6": RouterSettings("VI_1", 51, OWN6, (VIRTUAL6,), version=3, group=GROUP6),
}


def valid(own: RouterSettings, priority: int = 200, sequence: int = 1) -> Datagram:
    """What a true neighbour of a router sends."""
    ipv6 = len(own.source) == 16
    source = SOURCE6 if ipv6 else SOURCE
    destination = own.source if own.unicast_peers else own.group
    secret = own.password if own.authentication is AuthenticationType.PASS else b""
    said = Advertisement(own.version, own.vrid, priority, 100, own.addresses, own.authentication, secret)
    payload = build(said, source, destination)
    if own.authentication is not AuthenticationType.AH:
        return Datagram(source, destination, 255, payload, not own.unicast_peers)
    seal = AuthenticationHeader(SECRET).seal(IP_HEADER, SOURCE, sequence, payload)
    return Datagram(source, destination, 255, seal + payload, multicast=True, authenticated=True, header=IP_HEADER)


@dataclass(frozen=True)
class Picture:
    """All that a packet could change."""

    state: State
    priority: int
    timer: int | None
    interval_us: int
    master: tuple[bytes, int]
    accepted: int
    neighbour: tuple[bytes, int, bool]


class Victim:
    """A router with its checks of reception."""

    def __init__(self, own: RouterSettings, *, master: bool) -> None:
        self.router = VirtualRouter(own)
        self.reception = Reception(own, self.router.statistics)
        self.router.start(0)
        if master:
            self.router.handle_timer(self.router.next_timer() or 0)
        list(self.router.effects())

    def picture(self) -> Picture:
        """As it is now."""
        each, known = self.router, self.reception.neighbour
        return Picture(
            each.state,
            each.priority,
            each.next_timer(),
            each.master_interval_us,
            (each.master_source, each.master_priority),
            each.statistics.advert_rcvd,
            (known.last_source, known.sequence, known.old_checksum),
        )

    def hear(self, datagram: Datagram) -> bool:
        """Hand it in as the shell does, which looks at the VRID; whether it was taken."""
        offset = AH.size if datagram.authenticated else 0
        if datagram.payload[offset + 1 : offset + 2] != bytes((self.router.settings.vrid,)):
            return False
        try:
            advertisement = self.reception.accept(datagram)
        except NotAnAdvertisement:
            return False
        self.router.receive(advertisement, datagram.source, NOW)
        return True


def is_for(own: RouterSettings, given: Datagram) -> bool:
    """Whether a datagram is valid for a router, said again in other words than those of the checks."""
    payload = given.payload
    sealed = own.authentication is AuthenticationType.AH
    if sealed:
        payload, seal = payload[AH.size :], payload[: AH.size]
        if seal != AuthenticationHeader(SECRET).seal(given.header, SOURCE, 1, payload):
            return False
    begin = bytes((own.version << 4 | 1, own.vrid))
    end = b"".join(own.addresses)
    if own.version == 2:
        # Without a password its place may hold anything (RFC 2338 5.3.6.1).
        end += own.password.ljust(8, b"\0") if own.authentication is AuthenticationType.PASS else payload[-8:]
    kind = bytes((own.authentication, own.interval_us // 1_000_000)) if own.version == 2 else payload[4:6]
    said = begin + payload[2:3] + bytes((len(own.addresses),)) + kind + payload[6:8] + end
    return given.authenticated == sealed and payload == said and is_summed(own, given, payload) and is_near(own, given)


def is_summed(own: RouterSettings, given: Datagram, payload: bytes) -> bool:
    """Over what the settings say, or over the group as peers of old do."""
    versions = (3, 2) if own.either_checksum else (own.version,)
    destinations = (given.destination, own.group) if own.unicast_peers else (given.destination,)
    return any(sum_is_right(payload, each, given.source, where) for each in versions for where in destinations)


def is_near(own: RouterSettings, given: Datagram) -> bool:
    """From where it may come, as far as the time to live tells."""
    if own.unicast_peers:
        return not given.multicast and given.source == SOURCE and given.ttl >= 254
    return given.multicast and given.ttl == 255


@st.composite
def attacks(draw: st.DrawFn, own: RouterSettings) -> Datagram:
    """A valid datagram with some things changed, its checksum put right now and then; or bytes of no meaning."""
    found = valid(own, draw(st.integers(0, 255)))
    size = len(own.source)
    data = bytearray(found.payload)
    for _ in range(draw(st.integers(0, 3))):
        match draw(st.sampled_from(("byte", "cut", "longer", "noise"))):
            case "byte" if data:
                data[draw(st.integers(0, len(data) - 1))] = draw(st.integers(0, 255))
            case "cut":
                del data[draw(st.integers(0, len(data))) :]
            case "longer":
                data += draw(st.binary(max_size=40))
            case "noise":
                data = bytearray(draw(st.binary(max_size=64)))
    if draw(st.booleans()) and not found.authenticated:
        data = _summed(data, own, found)
    changes: dict[str, Any] = {"payload": bytes(data)}
    for name, values in (
        ("ttl", st.sampled_from((0, 1, 64, 253, 254))),
        ("multicast", st.booleans()),
        ("authenticated", st.booleans()),
        ("source", st.binary(min_size=size, max_size=size)),
        ("destination", st.binary(min_size=size, max_size=size)),
    ):
        if not draw(st.integers(0, 5)):
            changes[name] = draw(values)
    return replace(found, **changes)


def _summed(data: bytearray, own: RouterSettings, found: Datagram) -> bytearray:
    """With the right checksum, over the pseudo-header too where the version has one."""
    if len(data) < HEADER.size:
        return data
    data[6:8] = bytes(2)
    over = bytes(data)
    if own.version == 3:
        over += bytes(len(data) % 2) + found.source + found.destination + bytes((0, PROTOCOL)) + pack("!H", len(data))
    data[6:8] = checksum(over).to_bytes(2, "big")
    return data


CASES = st.sampled_from(sorted(ROUTERS)).flatmap(lambda name: st.tuples(st.just(name), attacks(ROUTERS[name])))


@settings(max_examples=600, deadline=None)
@given(CASES, st.booleans())
def test_only_what_is_valid_changes_anything(case: tuple[str, Datagram], master: bool) -> None:
    """Wrong time to live, secret, version, list of addresses, checksum, length, kind of address, or mere noise."""
    name, datagram = case
    victim = Victim(ROUTERS[name], master=master)
    before = victim.picture()

    taken = victim.hear(datagram)

    assert taken == is_for(ROUTERS[name], datagram)
    assert taken or (victim.picture(), list(victim.router.effects())) == (before, [])


def test_a_valid_one_is_taken_by_each() -> None:
    """So that the test above does not pass for routers that are deaf."""
    found = {name: Victim(own, master=True) for name, own in ROUTERS.items()}

    taken = {name: victim.hear(valid(ROUTERS[name])) for name, victim in found.items()}

    assert taken == dict.fromkeys(ROUTERS, True)
    assert {victim.router.state for victim in found.values()} == {State.BACKUP}


def test_a_recorded_header_is_not_taken_again() -> None:
    """A replay: the sequence number has to grow, and a refused packet does not count."""
    own = ROUTERS["header"]
    victim = Victim(own, master=False)
    assert victim.hear(valid(own, sequence=7))
    after = victim.picture()

    replayed = [victim.hear(valid(own, sequence=each)) for each in (7, 6, 1, 0)]

    assert replayed == [False] * 4
    assert victim.picture() == after
    assert victim.hear(valid(own, sequence=8))


def test_a_forged_sequence_number_does_not_lock_the_neighbour_out() -> None:
    """It is remembered only once the secret was right."""
    own = ROUTERS["header"]
    victim = Victim(own, master=False)
    forged = replace(valid(own), payload=valid(own).payload[:8] + b"\xff" * 4 + valid(own).payload[12:])

    assert not victim.hear(forged)

    assert victim.hear(valid(own, sequence=2))


def test_every_counter_of_errors_is_a_counter() -> None:
    """Whatever is refused is at most counted: no other field moves."""
    victim = Victim(ROUTERS["version 2"], master=False)
    victim.hear(replace(valid(ROUTERS["version 2"]), ttl=1))
    statistics = victim.router.statistics

    moved = {each.name for each in fields(statistics) if getattr(statistics, each.name)}

    assert moved == {"ip_ttl_err"}
    assert victim.router.settings.addresses == (VIRTUAL,)
