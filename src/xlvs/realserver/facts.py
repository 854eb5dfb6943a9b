# SPDX-License-Identifier: Apache-2.0
"""All that the judgement needs: the setup as it was made, the host as it is, the program, and who else answers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from xlvs.linux import arp
from xlvs.realserver import decap, journal
from xlvs.realserver import host as hosts
from xlvs.realserver.setup import Method

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xlvs.linux.interface import Interface
    from xlvs.realserver.decap import State
    from xlvs.realserver.host import Host
    from xlvs.realserver.setup import Setup

_PATIENCE_S: Final = 0.3


@dataclass(frozen=True, slots=True)
class Answer:
    """Who said on an interface that it has a virtual address: hardware addresses, other hosts' only."""

    vip: bytes
    interface: str
    hardware: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Facts:
    """`program` is None when nothing is loaded, or nobody may look; `answers` is empty when nobody was asked."""

    setup: Setup
    host: Host
    program: State | None
    answers: tuple[Answer, ...]
    inner_mtu: int


def gather(vips: Sequence[bytes] = (), *, probe: bool) -> Facts:
    """Look at everything; `probe` takes a third of a second per virtual address and interface.

    `vips` are looked at instead of those that were set up; one that was set up by other means is taken for DR's.
    """
    with journal.locked(shared=True):
        setup, host = journal.load(), hosts.look()
        if vips:
            setup = replace(setup, vips={vip: setup.vips.get(vip, Method.DIRECT_ROUTE) for vip in vips})
        program = decap.state(host)
    answers = tuple(_ask(setup, host)) if probe else ()
    return Facts(setup, host, program, answers, decap.inner_mtu(setup, host))


def _ask(setup: Setup, host: Host) -> list[Answer]:
    """At every interface where requests come in, since that is where the director and other servers are."""
    own = {each.address.hex(":") for each in host.interfaces}
    return [
        Answer(vip, interface.name, _others(interface, vip, own))
        for interface in host.listening(setup.interfaces)
        if interface.up
        for vip in setup.vips
    ]


def _others(interface: Interface, vip: bytes, own: set[str]) -> tuple[str, ...]:
    return tuple(each for each in arp.who_has(interface, vip, patience_s=_PATIENCE_S) if each not in own)
