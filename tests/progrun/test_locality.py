# SPDX-License-Identifier: Apache-2.0
"""What lblc and lblcr remember of addresses: for how long, how much, and of whom."""

from __future__ import annotations

import struct
import time
from typing import TYPE_CHECKING, Final

import pytest

from tests.progrun.packets import UDP, Packet, end
from tests.progrun.rules import add, destination
from xlvs.ipvs import layout
from xlvs.ipvs.observed import pack_service_key
from xlvs.model.service import VirtualService

if TYPE_CHECKING:
    from tests.progrun.director import Director
    from xlvs.model.service import ServiceKey

VIRTUAL = end("10.0.0.1:53")
SERVERS = ("10.2.1.100:53", "10.2.2.100:53", "10.2.3.100:53")
NEWEST, MIDDLE, OLDEST = end(SERVERS[2]), end(SERVERS[1]), end(SERVERS[0])
CLOCK_TICKS_S = 0.1
CROWD: Final = 16384
LIMIT: Final = 65536
VALUE: Final = struct.Struct("<IIII64I")
POOL_LOCALITIES, POOL_CHECKED = 1, 2  # words of struct pool


def service(director: Director, scheduler: str) -> ServiceKey:
    """A UDP service with three destinations: no connection is ever active, so the first choice stays."""
    return add(director.tables, UDP, "10.0.0.1:53", *SERVERS, scheduler=scheduler)


def chosen(director: Director, port: int) -> tuple[bytes, int]:
    """Where the datagram of a new client goes."""
    packet = Packet((end("10.1.8.5:0")[0], port), VIRTUAL, UDP)
    director.hold()
    outcome = director.tc(packet.frame())
    assert outcome.verdict == "FORWARD"
    return outcome.frame[30:34], int.from_bytes(outcome.frame[36:38], "big")


def number_of(director: Director, key: ServiceKey) -> int:
    """The service's number in the maps."""
    return director.store.find_service(pack_service_key(key))


def crowd(director: Director, key: ServiceKey, count: int, *, idle_s: int) -> None:
    """Remember so many addresses for a service, not asked for since."""
    number = number_of(director, key)
    tenure = director.store.service_word(number, layout.SERVICE_TENURE)
    used = director.now() - idle_s * director.ticks_per_second & 0xFFFFFFFF
    value = VALUE.pack(used, used, 0, 1, 1, *[0] * 63)
    ends = (bytes(10) + b"\xff\xff" + (0x0B000000 + each).to_bytes(4, "big") for each in range(count))
    keys = b"".join(address + struct.pack("<II", number, tenure) for address in ends)
    assert director.store.map("localities").update_batch(keys, value * count) == count
    director.store.set_service_word(number, layout.SERVICE_LOCALITIES, count)


def sweep_soon(director: Director, count: int) -> None:
    """Make the clock's check of the minute due, with so many entries in the map."""
    words = director.store.array("pool").words
    words[POOL_LOCALITIES] = count
    words[POOL_CHECKED] = director.now() - 60 * director.ticks_per_second & 0xFFFFFFFF


def entries(director: Director) -> int:
    """How many addresses are remembered."""
    return sum(1 for _ in director.store.map("localities").items())


def wait_for(director: Director, wanted: range) -> int:
    """Entries, once the clock has brought them into a range, or after seconds in vain."""
    left = entries(director)
    for _ in range(50):
        if left in wanted:
            break
        time.sleep(CLOCK_TICKS_S)
        left = entries(director)
    return left


@pytest.mark.parametrize("scheduler", ["lblc", "lblcr"])
def test_an_address_keeps_its_destination(director: Director, scheduler: str) -> None:
    """Be the others less loaded or newer."""
    key = service(director, scheduler)
    assert [chosen(director, port) for port in range(1000, 1005)] == [NEWEST] * 5
    director.tables.add_destination(key, destination(end("10.2.4.100:53")))
    assert chosen(director, 1005) == NEWEST


@pytest.mark.parametrize("scheduler", ["lblc", "lblcr"])
@pytest.mark.parametrize(("age_s", "kept"), [(1799, True), (1801, False)])
def test_an_unused_address_is_forgotten_by_the_check_of_the_half_hour(
    director: Director, scheduler: str, age_s: int, kept: bool
) -> None:
    """With an expiration of 60 s it lives up to half an hour; the next choice is by load."""
    director.tables.set_sysctl(f"{scheduler}_expiration", "60")
    try:
        director.hold()
        service(director, scheduler)
        assert [chosen(director, port) for port in (1000, 1001)] == [NEWEST, NEWEST]
        # The connections of the first choice live on, so that another destination has less.
        for _ in range(age_s // 250):
            director.pass_time(250 * director.ticks_per_second)
            revive(director)
        director.pass_time(age_s % 250 * director.ticks_per_second)
        assert chosen(director, 1002) == (NEWEST if kept else MIDDLE)
    finally:
        director.tables.set_sysctl(f"{scheduler}_expiration", "86400")


def revive(director: Director) -> None:
    """Restart the timers of all connections."""
    words = director.store.array("conns").words
    for number in range(1, director.conn_high() + 1):
        words[number * layout.CONN_SIZE // 4 + 10] = director.now() + 300 * director.ticks_per_second & 0xFFFFFFFF


@pytest.mark.parametrize("scheduler", ["lblc", "lblcr"])
def test_another_scheduler_in_between_forgets_all(director: Director, scheduler: str) -> None:
    """As when the service is made anew."""
    key = service(director, scheduler)
    assert chosen(director, 1000) == NEWEST
    director.tables.update_service(VirtualService(key, "rr"))
    director.tables.update_service(VirtualService(key, scheduler))
    assert chosen(director, 1001) == MIDDLE


def test_a_number_that_serves_another_destination_now_is_none_of_the_address(director: Director) -> None:
    """The generation tells them apart."""
    key = service(director, "lblc")
    assert chosen(director, 1000) == NEWEST
    first = director.store.listed(number_of(director, key))[0]
    generation = director.store.dest_word(first, layout.DEST_GENERATION)
    director.store.set_dest_word(first, layout.DEST_GENERATION, generation + 1)
    assert chosen(director, 1001) == MIDDLE


@pytest.mark.parametrize(("idle_s", "left"), [(300, range(CROWD + 500, CROWD + 501)), (400, range(CROWD, CROWD + 1))])
def test_of_a_crowd_the_idle_ones_go_until_it_is_none(director: Director, idle_s: int, left: range) -> None:
    """Above 16,384 addresses, those that nobody asked for in six minutes."""
    key = service(director, "lblc")
    director.store.map("localities").clear()
    crowd(director, key, CROWD + 500, idle_s=idle_s)
    sweep_soon(director, CROWD + 500)
    assert wait_for(director, left) in left
    director.store.map("localities").clear()


def test_what_nobody_needs_any_more_is_given_back(director: Director) -> None:
    """Entries of a service that is gone, at the next check of the minute."""
    key = service(director, "lblcr")
    assert chosen(director, 1000) == NEWEST
    director.tables.delete_service(key)
    assert entries(director) == 1
    sweep_soon(director, 1)
    assert wait_for(director, range(1)) == 0


@pytest.mark.parametrize("scheduler", ["lblc", "lblcr"])
def test_without_room_an_address_is_scheduled_each_time(director: Director, scheduler: str) -> None:
    """No packet is lost for it."""
    other = add(director.tables, UDP, "10.0.0.2:53", scheduler="lblc")
    service(director, scheduler)
    crowd(director, other, LIMIT, idle_s=0)
    packets = [Packet((end("10.1.8.5:0")[0], port), VIRTUAL, UDP) for port in range(1000, 1003)]
    try:
        assert [director.tc(each.frame()).frame[30:34] for each in packets] == [
            NEWEST[0], MIDDLE[0], OLDEST[0],
        ]  # fmt: skip
    finally:
        director.store.map("localities").clear()


def test_a_set_holds_64_destinations(director: Director) -> None:
    """One more serves, but is not remembered."""
    key = add(director.tables, UDP, "10.0.0.1:53", scheduler="lblcr")
    for each in range(70):
        director.tables.add_destination(key, destination(end(f"10.2.3.{each + 1}:53")))
    dests = director.store.listed(number_of(director, key))
    for port in range(1000, 1070):
        # Whoever serves is busy, and the last one in the list half idle: somebody joins with each packet.
        for place, dest in enumerate(dests):
            base = (dest * layout.DEST_SIZE + layout.DEST_COUNTS) >> 2
            director.store.dests.words[base] = 0 if place == len(dests) - 1 else 2 + port - 1000
            director.store.dests.words[base + 1] = 0 if place >= port - 1000 else 1000
        chosen(director, port)
    ((_, value),) = director.store.map("localities").items()
    count = VALUE.unpack(value)[3]
    assert count <= 64
    for dest in dests:
        base = (dest * layout.DEST_SIZE + layout.DEST_COUNTS) >> 2
        director.store.dests.words[base : base + 2] = memoryview(bytes(8)).cast("I")
