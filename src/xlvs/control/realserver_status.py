# SPDX-License-Identifier: Apache-2.0
"""``xlvs realserver status``: the facts, what is wrong, and what helps."""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from xlvs.control.status import advice, row
from xlvs.model.address import format_address
from xlvs.realserver.facts import Facts, gather
from xlvs.realserver.findings import findings
from xlvs.realserver.setup import Method, TunnelType

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from xlvs.realserver.findings import Finding


def run(vips: Sequence[bytes], *, probe: bool, as_json: bool) -> int:
    """Print it; 1 when something is wrong. `vips`: see `gather`."""
    facts = gather(vips, probe=probe)
    found = findings(facts)
    if as_json:
        _print_json(facts, found)
    else:
        print("\n".join([*report(facts), *advice(found, colours=sys.stdout.isatty())]))
    return int(any(each.grave for each in found))


def report(facts: Facts) -> Iterator[str]:
    """The facts, a line each."""
    for index, (vip, method) in enumerate(facts.setup.vips.items()):
        yield row("" if index else "addresses", f"{format_address(vip)} ({method.value})")
    if facts.program is not None and facts.setup.by(Method.TUNNEL):
        where = ", ".join(f"{each.name} ({each.method})" for each in facts.program.attached)
        yield row("tunnel", f"{', '.join(_types(facts))} on {where or 'no interface'}")
        yield row("packets", ", ".join(f"{name} {count}" for name, count in _counted(facts)) or "none yet")
    for answer in facts.answers:
        if answer.hardware:
            text = format_address(answer.vip)
            yield row("director", f"{text} on {answer.interface} is at {', '.join(answer.hardware)}")


def _types(facts: Facts) -> list[str]:
    port = f" port {facts.setup.gue_port}"
    return [each.value + (port if each is TunnelType.GUE else "") for each in facts.setup.types]


def _counted(facts: Facts) -> list[tuple[str, int]]:
    return [(name, count) for name, count in facts.program.counts.items() if count] if facts.program else []


def _print_json(facts: Facts, found: Sequence[Finding]) -> None:
    import json

    setup, program = facts.setup, facts.program
    whole: dict[str, Any] = {
        "addresses": {format_address(vip): method.value for vip, method in setup.vips.items()},
        "tunnel": None,
        "answers": [
            {"address": format_address(each.vip), "interface": each.interface, "hardware": list(each.hardware)}
            for each in facts.answers
        ],
        "findings": [asdict(each) for each in found],
        "healthy": not any(each.grave for each in found),
    }
    if program is not None:
        whole["tunnel"] = {
            "types": [each.value for each in setup.types],
            "gue_port": setup.gue_port if TunnelType.GUE in setup.types else None,
            "interfaces": {each.name: each.method for each in program.attached},
            "longest_packet": program.inner_mtu,
            "packets": program.counts,
        }
    print(json.dumps(whole, indent=2))
