# SPDX-License-Identifier: Apache-2.0
"""What a service has of its own, in words: what `xlvs service` reads and prints. Pure."""

from __future__ import annotations

from argparse import ArgumentTypeError
from typing import TYPE_CHECKING, Any, Final

from xlvs.control.connection_words import seconds, service_text
from xlvs.model.policy import Fate, ServicePolicy
from xlvs.model.settings import TIMEOUT_LIMIT_S, Timeouts

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from xlvs.model.service import ServiceKey

# Option -> member of ServicePolicy.
TIMEOUTS: Final = {"--timeout-tcp": "tcp_s", "--timeout-tcpfin": "tcp_fin_s", "--timeout-udp": "udp_s"}
FATES: Final = {"--on-removed": "on_removed", "--on-quiesced": "on_quiesced"}
_DEFAULT: Final = "default"


def timeout(text: str) -> int:
    """Whole seconds from 1 to 31 days, 0 for `default`."""
    if text == _DEFAULT:
        return 0
    value = seconds(text)
    if value != int(value) or not 1 <= value <= TIMEOUT_LIMIT_S:
        raise ArgumentTypeError(f"{text!r} is not a timeout: whole seconds, 1 to {TIMEOUT_LIMIT_S}, or default")
    return int(value)


def no_toa(text: str) -> bool:
    """Whether `off` is said, and not `on`."""
    if text not in ("on", "off"):
        raise ArgumentTypeError(f"{text!r} is neither on nor off")
    return text == "off"


def fate_text(fate: Fate) -> str:
    """As options take it."""
    return fate.name.lower()


def options(policy: ServicePolicy) -> list[str]:
    """The words that make a policy of a service that has none."""
    words = [f"{option} {getattr(policy, member)}" for option, member in TIMEOUTS.items() if getattr(policy, member)]
    words += [
        f"{option} {fate_text(getattr(policy, member))}" for option, member in FATES.items() if getattr(policy, member)
    ]
    return [*words, "--toa off"] if policy.no_toa else words


def command(key: ServiceKey, policy: ServicePolicy) -> str:
    """What makes it anew."""
    return " ".join(["xlvs service set", service_text(key), *options(policy)])


def as_json(key: ServiceKey, policy: ServicePolicy, timeouts: Timeouts) -> dict[str, Any]:
    """For programs: timeouts in force, and which of them are the service's own."""
    own = {"tcp": policy.tcp_s, "tcpfin": policy.tcp_fin_s, "udp": policy.udp_s}
    return {
        "service": service_text(key),
        "timeouts_s": {name: mine or of_all for (name, mine), of_all in zip(own.items(), timeouts, strict=True)},
        "own": [name for name, mine in own.items() if mine],
        "on_removed": fate_text(policy.on_removed),
        "on_quiesced": fate_text(policy.on_quiesced),
        "toa": not policy.no_toa,
    }


def report(rows: Sequence[tuple[ServiceKey, ServicePolicy]], timeouts: Timeouts) -> Iterator[str]:
    """A table; what is the director's stands in brackets."""
    if not rows:
        yield "there are no services (`ipvsadm -A`)"
        return
    cells = [("service", "tcp", "tcpfin", "udp", "on-removed", "on-quiesced", "toa")]
    for key, policy in rows:
        times = [str(mine) if mine else f"({of_all})" for mine, of_all in zip(policy[:3], timeouts, strict=True)]
        fates = [fate_text(each) if each else f"({_DEFAULT})" for each in (policy.on_removed, policy.on_quiesced)]
        toa = "off" if policy.no_toa else "on"
        cells.append((service_text(key), times[0], times[1], times[2], fates[0], fates[1], toa))
    widths = [max(len(row[column]) for row in cells) for column in range(len(cells[0]))]
    for row in cells:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
