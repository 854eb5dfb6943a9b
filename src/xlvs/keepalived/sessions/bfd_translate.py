# SPDX-License-Identifier: Apache-2.0
"""From a configuration's values to the BFD sessions of this host."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv6Address
from typing import TYPE_CHECKING, Final

from xlvs.bfd.packet import PORT, PORT_MULTIHOP, TTL
from xlvs.bfd.settings import SessionSettings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xlvs.config.settings.config import KeepalivedConfig
    from xlvs.config.settings.vrrp import BfdSession

_ANY_HOPS: Final = 255
_HOPLIMIT: Final = 64
"""What the original sends and asks for over IPv6 unless told otherwise."""


@dataclass(frozen=True, slots=True)
class BfdPlan:
    """A session, and who is told of it."""

    settings: SessionSettings
    max_hops: int = 0
    tells_routers: bool = True
    tells_checks: bool = True


def translate(config: KeepalivedConfig) -> Sequence[BfdPlan]:
    """The sessions of a configuration."""
    return tuple(_session(each) for each in config.bfd_sessions)


def _session(given: BfdSession) -> BfdPlan:
    ttl, least = _limits(given)
    neighbor = given.neighbor_ip
    return BfdPlan(
        SessionSettings(
            given.name,
            neighbor.packed,
            given.source_ip.packed if given.source_ip else b"",
            (neighbor.scope_id or "") if isinstance(neighbor, IPv6Address) else "",
            given.min_rx,
            given.min_tx,
            given.idle_tx,
            given.multiplier,
            given.passive,
            ttl,
            least,
            PORT_MULTIHOP if given.multihop else PORT,
        ),
        given.max_hops,
        given.vrrp,
        given.checker,
    )


def _limits(given: BfdSession) -> tuple[int, int]:
    """The TTL to send with, and the least to take.

    Over IPv6 the original sends and expects 64 unless told otherwise, though RFC 5881 5 asks for 255. Sending 255 suits
    both; what is expected stays, or sessions with the original would not come up. RFC 5883 asks for nothing.
    """
    ttl = given.ttl or TTL
    expected = given.ttl or (TTL if given.neighbor_ip.version == 4 else _HOPLIMIT)
    if given.max_hops == _ANY_HOPS or (given.multihop and not given.max_hops):
        return ttl, 0
    return ttl, max(expected - given.max_hops, 0)
