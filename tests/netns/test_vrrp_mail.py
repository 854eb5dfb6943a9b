# SPDX-License-Identifier: Apache-2.0
"""Mails about virtual routers: ours sends the letters that the real Keepalived sends, to the byte."""

from __future__ import annotations

import asyncio
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.netns.neighbours import KEEPALIVED, OURS, REAL, Wire, wire
from tests.unit.keepalived.post import PostOffice, open_office
from xlvs.linux import namespace

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.skipif(not Path(KEEPALIVED).exists(), reason="the package keepalived is not installed")

ROUTER = """
vrrp_instance VI_{number} {{
 interface @V
 virtual_router_id 5{number}
 version 3
 advert_int 0.1
 virtual_ipaddress {{
  10.77.0.10{number}
 }}
}}
"""
BOTH = """
global_defs {
 router_id R1
 smtp_server 127.0.0.1 @PORT
 smtp_helo_name director
 notification_email_from from@example.com
 notification_email {
  one@example.com
  two@example.org
 }
 smtp_alert
}
vrrp_sync_group G {
 group {
  VI_1
  VI_2
 }
}
""" + "".join(ROUTER.format(number=number) for number in (1, 2))


@pytest.fixture
def net(tmp_path: Path) -> Iterator[Wire]:
    """Two hosts."""
    with wire(tmp_path) as made:
        yield made


@contextmanager
def post_office(net: Wire) -> Iterator[PostOffice]:
    """A mail server on host A."""
    office, opened, ended = PostOffice(), threading.Event(), asyncio.Event()
    loop = asyncio.new_event_loop()

    async def run() -> None:
        with namespace.entered(net.netns("A")):
            running = open_office(office)
            await running.__aenter__()
        opened.set()
        await ended.wait()
        await running.__aexit__(None, None, None)

    thread = threading.Thread(target=loop.run_until_complete, args=(run(),))
    thread.start()
    assert opened.wait(10)
    try:
        yield office
    finally:
        loop.call_soon_threadsafe(ended.set)
        thread.join()
        loop.close()


def letters(net: Wire, kind: str) -> list[str]:
    """A life with a fault in it; what was mailed, in any order."""
    with post_office(net) as office:
        text = BOTH.replace("@PORT", str(office.port))
        daemon = net.start("A", kind, text)
        net.wait(lambda: len(office.letters) == 6, "backup and master")
        net.must("A", "ip", "link", "set", "vA", "down")
        net.wait(lambda: len(office.letters) == 9, "fault")
        net.must("A", "ip", "link", "set", "vA", "up")
        net.wait(lambda: len(office.letters) == 15, "backup and master again")
        found = list(office.letters)
        daemon.stop()
    return sorted(found)


def test_letters_are_the_originals_to_the_byte(net: Wire) -> None:
    """Of two routers and their group: backup, master, fault and again; only the date is not compared."""
    expected = letters(net, REAL)

    assert letters(net, OURS) == expected


def test_the_end_is_mailed_too(net: Wire) -> None:
    """The original connects to the server and ends before it has said anything."""
    with post_office(net) as office:
        daemon = net.start("A", OURS, BOTH.replace("@PORT", str(office.port)))
        net.wait(lambda: len(office.letters) == 6, "backup and master")

        daemon.stop()

        assert sorted(office.subjects[6:]) == [
            "[R1] VRRP Group G - Stopping",
            "[R1] VRRP Instance VI_1 - Stopping",
            "[R1] VRRP Instance VI_2 - Stopping",
        ]
