# SPDX-License-Identifier: Apache-2.0
"""What is refused, which counter tells, and in which order the checks come."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address
from struct import pack_into
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.vrrp.wire import GROUP, VIRTUAL, router
from xlvs.vrrp.packet import Advertisement, AuthenticationType, Flaw, NotAnAdvertisement, build, checksum
from xlvs.vrrp.reception import Datagram, Reception
from xlvs.vrrp.settings import Peer
from xlvs.vrrp.statistics import Statistics

SOURCE = ip_address("10.77.0.2").packed
OWN = ip_address("10.77.0.1").packed
PASS = AuthenticationType.PASS
ADVERT2 = Advertisement(2, 51, 90, 100, (VIRTUAL,))
ADVERT3 = Advertisement(3, 51, 90, 100, (VIRTUAL,))


def datagram(advertisement: Advertisement = ADVERT2, *, multicast: bool = True, ttl: int = 255) -> Datagram:
    """An advertisement from 10.77.0.2."""
    destination = GROUP if multicast else OWN
    return Datagram(SOURCE, destination, ttl, build(advertisement, SOURCE, destination), multicast)


def summed(payload: bytes) -> bytes:
    """Version 2 with its checksum put right."""
    data = bytearray(payload)
    data[6:8] = bytes(2)
    pack_into("!H", data, 6, checksum(bytes(data)))
    return bytes(data)


def patched(at: int, value: int) -> Datagram:
    """A version 2 advertisement with another byte and the checksum for it."""
    good = datagram()
    return replace(good, payload=summed(good.payload[:at] + bytes((value,)) + good.payload[at + 1 :]))


def flaw_of(found: Datagram, **settings: object) -> tuple[Flaw | None, Statistics]:
    """What a router of these settings says to a datagram, and what it counted."""
    statistics = Statistics()
    reception = Reception(router(1, **settings), statistics)
    try:
        reception.accept(found)
    except NotAnAdvertisement as error:
        return error.flaw, statistics
    return None, statistics


@pytest.mark.parametrize(
    ("found", "settings"),
    [
        (datagram(), {}),
        (datagram(ADVERT3), {"version": 3}),
        (
            datagram(replace(ADVERT2, authentication=PASS, password=b"abc")),
            {"authentication": PASS, "password": b"abc"},
        ),
        (datagram(multicast=False, ttl=3), {"unicast_peers": (Peer(SOURCE),)}),
    ],
    ids=["version 2", "version 3", "password", "unicast with any time to live"],
)
def test_what_is_right_is_taken(found: Datagram, settings: dict[str, object]) -> None:
    """And counted."""
    flaw, statistics = flaw_of(found, **settings)

    assert (flaw, statistics.advert_rcvd) == (None, 1)


REFUSED: dict[str, tuple[Datagram, dict[str, Any], Flaw]] = {
    "too short": (replace(datagram(), payload=b"\x21\x33"), {}, Flaw.LENGTH),
    "an address more than bytes": (patched(3, 2), {}, Flaw.LENGTH),
    "time to live": (datagram(ttl=254), {}, Flaw.TTL),
    "version": (datagram(ADVERT3), {}, Flaw.VERSION),
    "authentication that nobody knows": (patched(4, 7), {}, Flaw.AUTHENTICATION_UNKNOWN),
    "authentication that is not ours": (patched(4, 1), {}, Flaw.AUTHENTICATION_MISMATCH),
    "password": (
        datagram(replace(ADVERT2, authentication=PASS, password=b"abc")),
        {"authentication": PASS, "password": b"abd"},
        Flaw.AUTHENTICATION_FAILURE,
    ),
    "interval": (patched(5, 2), {}, Flaw.INTERVAL),
    "type": (patched(0, 0x22), {}, Flaw.TYPE),
    "number of addresses": (datagram(replace(ADVERT2, addresses=())), {}, Flaw.ADDRESSES),
    "checksum": (
        replace(datagram(), payload=datagram().payload[:6] + b"xx" + datagram().payload[8:]),
        {},
        Flaw.CHECKSUM,
    ),
    "unicast for multicast": (datagram(multicast=False), {}, Flaw.CAST),
    "multicast for unicast": (datagram(), {"unicast_peers": (Peer(SOURCE),)}, Flaw.CAST),
    "another address": (datagram(replace(ADVERT2, addresses=(OWN,))), {}, Flaw.ADDRESSES),
    "no peer": (
        datagram(multicast=False),
        {"unicast_peers": (Peer(OWN),), "check_unicast_source": True},
        Flaw.PEER,
    ),
    "a peer too far away": (
        datagram(multicast=False, ttl=250),
        {"unicast_peers": (Peer(SOURCE, 254),), "check_unicast_source": True},
        Flaw.TTL,
    ),
    "no authentication header": (datagram(), {"authentication": AuthenticationType.AH}, Flaw.AUTHENTICATION_MISMATCH),
    "an authentication header": (replace(datagram(), authenticated=True), {}, Flaw.AUTHENTICATION_MISMATCH),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_wrong_is_refused(name: str) -> None:
    """With the flaw that people look for, and nothing received."""
    found, settings, expected = REFUSED[name]

    flaw, statistics = flaw_of(found, **settings)

    assert (flaw, statistics.advert_rcvd) == (expected, 0)


@pytest.mark.parametrize("flaw", [Flaw.LENGTH, Flaw.TTL, Flaw.INTERVAL, Flaw.TYPE, Flaw.ADDRESSES, Flaw.CHECKSUM])
def test_a_flaw_is_counted_under_its_name(flaw: Flaw) -> None:
    """Once, and nothing else is."""
    found, settings, _ = next(row for row in REFUSED.values() if row[2] is flaw)

    _, statistics = flaw_of(found, **settings)

    expected = Statistics()
    expected.count(flaw.value)
    assert statistics == expected


def test_the_addresses_of_a_sender_that_was_right_before_may_be_left_unread() -> None:
    """skip_check_adv_addr: the first advertisement is looked at whole."""
    reception = Reception(router(1, skip_check_adv_addr=True), Statistics())
    other = datagram(replace(ADVERT2, addresses=(OWN,)))
    with pytest.raises(NotAnAdvertisement):
        reception.accept(other)
    reception.accept(datagram())

    assert reception.accept(other).addresses == (OWN,)


def test_a_checksum_over_the_group_is_taken_from_an_old_unicast_peer() -> None:
    """Versions before 1.3.6 computed it so; `old_unicast_checksum never` refuses it."""
    old = replace(datagram(multicast=False), payload=build(ADVERT3, SOURCE, GROUP))
    peers = {"version": 3, "unicast_peers": (Peer(SOURCE),)}

    found = [flaw_of(old, **peers)[0], flaw_of(old, **peers, never_old_checksum=True)[0]]

    assert found == [None, Flaw.CHECKSUM]


@given(payload=st.binary(max_size=64), ttl=st.integers(0, 255), authenticated=st.booleans(), multicast=st.booleans())
def test_random_bytes_are_never_more_than_refused(
    payload: bytes, ttl: int, *, authenticated: bool, multicast: bool
) -> None:
    """No other exception, whatever a neighbour sends."""
    found = Datagram(SOURCE, GROUP, ttl, payload, multicast, authenticated, bytes(20))
    for settings in ({}, {"version": 3}, {"authentication": AuthenticationType.AH, "password": b"x"}):
        flaw, statistics = flaw_of(found, **settings)
        assert (flaw is None) == (statistics.advert_rcvd == 1)
