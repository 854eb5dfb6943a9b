# SPDX-License-Identifier: Apache-2.0
"""Routes and rules: what is odd about them taken by themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xlvs.config.build.collect import Given, Problems


def static_lines(given: Given, problems: Problems) -> None:
    """static_routes and static_rules, or virtual_routes and virtual_rules."""
    for field in ("static_routes", "virtual_routes"):
        for route, origin in given.lines.get(field, []):
            devices = [hop for hop in route.nexthops if "dev" in hop or "oif" in hop]
            if not route.option("dev") and not devices and route.kind == "unicast" and "no_track" not in route.flags:
                text = f"the route to {route.destination} names no interface: its loss is not noticed"
                problems.say(text, origin, route.destination, "dev INTERFACE, or no_track")
    for field in ("static_rules", "virtual_rules"):
        for rule, origin in given.lines.get(field, []):
            if not rule.option("preference"):
                text = "a rule without preference gets one from the top: this is rarely meant"
                problems.say(text, origin, remedy="preference NUMBER")
