# SPDX-License-Identifier: Apache-2.0
"""BFD sessions as the routers see them: down until the process that has them says otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xlvs.vrrp import track

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from xlvs.keepalived.routers.vrrp_plan import Tracked, TrackSession


class TrackedSessions:
    """The bfd_instances that tell the routers. `up` is shared with who reads their states, and outlives a reload."""

    def __init__(self, plans: Iterable[TrackSession], up: Mapping[str, bool]) -> None:
        self.plans = {each.name: each for each in plans}
        self._up = up

    def is_up(self, name: str) -> bool:
        """Whether a session is."""
        return self._up.get(name, False)

    def sums(self, tracked: Iterable[Tracked]) -> Iterator[track.Sum]:
        """What those come to that are tracked; one that tells only the checks is not there."""
        for each in tracked:
            plan = self.plans.get(each.name)
            if plan is None:
                continue
            weight, reverse = each.over(plan.weight, reverse=plan.reverse)
            yield track.of_switch(weight, reverse=reverse, up=self.is_up(each.name))
