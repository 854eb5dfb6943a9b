# SPDX-License-Identifier: Apache-2.0
"""Routes and rules: what is odd about them taken by themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from xlvs.config.build.collect import Given, Problems

ACTIONS: Final = ("table", "goto", "type", "nop", "l3mdev")


def static_lines(given: Given, problems: Problems) -> None:
    """static_routes and static_rules, or virtual_routes and virtual_rules."""
    for field in ("static_routes", "virtual_routes"):
        for route, origin in given.lines.get(field, []):
            if not route.option("dev") and "no_track" not in route.flags:
                text = f"the route to {route.destination} names no interface: its loss is not noticed"
                problems.say(text, origin, route.destination, "dev INTERFACE, or no_track")
    for field in ("static_rules", "virtual_rules"):
        for rule, origin in given.lines.get(field, []):
            if not set(ACTIONS) & {*dict(rule.options), *rule.flags}:
                text = "the rule has no action; it is ignored"
                problems.say(text, origin, remedy="table NUMBER, goto NUMBER, nop or type blackhole")
            if not rule.option("preference"):
                text = "a rule without preference gets one from the top: this is rarely meant"
                problems.say(text, origin, remedy="preference NUMBER")


def static_groups(given: Given, known: frozenset[str], problems: Problems) -> None:
    """References to track_group."""
    for field in ("static_ipaddress", "static_routes", "static_rules"):
        for line, origin in given.lines.get(field, []):
            name = line.track_group if field == "static_ipaddress" else line.option("track_group")
            if name and name not in known:
                problems.say(f"there is no track_group {name}", origin, name, f"track_group {name} {{ ... }}")
