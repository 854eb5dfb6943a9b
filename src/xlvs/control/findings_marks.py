# SPDX-License-Identifier: Apache-2.0
"""What is missing for services by firewall mark. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from xlvs.control.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xlvs.ipvs.health import Health

_FAMILIES: Final = {0: "", 2: "IPv4 ", 10: "IPv6 "}
_PARTS: Final = {
    "device": "the device xlvs-mark",
    "program": "the program at the device xlvs-mark",
    "route": "the {family}route to the device xlvs-mark",
    "rules": "the {family}rules of the routing policy that lead to the device xlvs-mark",
}


def findings_of_marks(health: Health) -> Iterator[Finding]:
    """Marks of netfilter that the packet path cannot see as things are."""
    marks = health.marks
    if marks.lacks:
        missing = ", ".join(_PARTS[each.part].format(family=_FAMILIES[each.family]) for each in marks.lacks)
        yield Finding(
            f"netfilter's marks are not seen, since somebody changed or removed {missing}",
            "`xlvs attach` puts it back",
        )
    strict = [line.name for line in health.lines if line.attached and line.strict_rp_filter]
    if marks.ipv4 and marks.checks_sources and strict:
        yield Finding(
            f"the host drops marked packets on {', '.join(strict)}: it asks by which way their sender is reached with the "
            "mark, which is another one (rp_filter is strict and src_valid_mark is set)",
            f"`sysctl -w net.ipv4.conf.{strict[0]}.rp_filter=2`",
        )
