# SPDX-License-Identifier: Apache-2.0
"""Checks that options and command go together, and names the first that does not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xlvs.ipvsadm.labels import ALLOWED, BIT_OF, EXCLUSIVE_LIST_OPTIONS, OPTION_LABELS, Command, bits
from xlvs.model.destination import TunnelType
from xlvs.model.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

_CHECKSUM_OPTIONS = bits("tun-nocsum tun-csum tun-remcsum")
_TUNNEL_LABELS = ("tun-port", "tun-nocsum", "tun-csum", "tun-remcsum")

# Tunnel type: options that it must have, options that it may have besides.
_ALLOWED_TUNNEL: dict[TunnelType, tuple[int, int]] = {
    TunnelType.IPIP: (0, 0),
    TunnelType.GUE: (BIT_OF["tun-port"], _CHECKSUM_OPTIONS),
    TunnelType.GRE: (0, bits("tun-nocsum tun-csum")),
}


def check_command(command: Command, given: int) -> None:
    """UsageError for the first option that the command does not take or lacks, or that another excludes."""
    exclusive = EXCLUSIVE_LIST_OPTIONS if command is Command.LIST else 0
    _check(OPTION_LABELS, given, ALLOWED[command], exclusive, f"'{command.value}' command")


def check_tunnel(tunnel_type: TunnelType, given: int) -> None:
    """The same for the tunnel options and the tunnel type."""
    place = f"'{tunnel_type.name.lower()}' tunnel type"
    _check(_TUNNEL_LABELS, given, _ALLOWED_TUNNEL[tunnel_type], _CHECKSUM_OPTIONS, place)


def _check(labels: Sequence[str], given: int, allowed: tuple[int, int], exclusive: int, place: str) -> None:
    must, may = allowed
    chosen = ""
    for label in labels:
        bit = BIT_OF[label]
        if not given & bit:
            if must & bit:
                raise UsageError(f"You need to supply the '{label}' option for the {place}")
        elif not (must | may) & bit:
            raise UsageError(f"Illegal '{label}' option with the {place}")
        elif exclusive & bit:
            if chosen:
                raise UsageError(f"The option '{label}' conflicts with the '{chosen}' option in the {place}")
            chosen = label
