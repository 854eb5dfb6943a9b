# SPDX-License-Identifier: Apache-2.0
"""What keepalived.data says about BFD sessions that routers track, in the original's layout."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from xlvs.keepalived.routers.session_tracking import TrackedSessions
    from xlvs.keepalived.routers.vrrp_plan import Plan, Tracked


def tracked(tracks: Iterable[Tracked], sessions: TrackedSessions) -> list[str]:
    """Of one router or group; nothing where it tracks none."""
    lines = [f"     {name}: weight {weight}" for name, weight in _weights(tracks, sessions)]
    return ["   Tracked BFDs :", *lines] if lines else []


def section(plan: Plan, sessions: TrackedSessions) -> list[str]:
    """Every session with its state and those that track it; nothing where there is none."""
    lines = ["------< VRRP Track BFDs >------"] if sessions.plans else []
    for name, session in sessions.plans.items():
        lines += [
            f" VRRP Track BFD = {name}",
            f"   Weight = {_text(session.weight, reverse=session.reverse)}",
            f"   Bfd is {'up' if sessions.is_up(name) else 'down'}",
            "   Tracking VRRP instances :",
            "   Tracking instances :",
            *(f"     {router}, weight {weight}" for router, weight in _trackers(name, plan, sessions)),
        ]
    return lines


def _trackers(name: str, plan: Plan, sessions: TrackedSessions) -> Iterator[tuple[str, str]]:
    """Routers by themselves or with their group."""
    groups = {member: group for group in plan.groups for member in group.members}
    for each in plan.instances:
        group = groups.get(each.name)
        own = each.tracks.sessions + (group.tracks.sessions if group else ())
        weights = dict(reversed(list(_weights(own, sessions))))
        if name in weights:
            yield each.name, weights[name]


def _weights(tracks: Iterable[Tracked], sessions: TrackedSessions) -> Iterator[tuple[str, str]]:
    for each in tracks:
        session = sessions.plans.get(each.name)
        if session:
            weight, reverse = each.over(session.weight, reverse=session.reverse)
            yield each.name, _text(weight, reverse=reverse)


def _text(weight: int, *, reverse: bool) -> str:
    return f"{weight}{' reverse' if reverse else ''}"
