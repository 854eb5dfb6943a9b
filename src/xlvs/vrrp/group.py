# SPDX-License-Identifier: Apache-2.0
"""A sync group: routers that are masters together or not at all.

The group becomes MASTER when all of its members want it; one that is in FAULT takes all there, one that follows another
master takes all to BACKUP.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xlvs.vrrp.effects import Note, State, StateChanged

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from xlvs.vrrp.effects import Effect
    from xlvs.vrrp.router import VirtualRouter


class SyncGroup:
    """Members and the state they share."""

    def __init__(self, name: str, members: Sequence[VirtualRouter]) -> None:
        self.name = name
        self.members = tuple(members)
        self.state = State.INIT
        self._leading = False
        self._effects: list[Effect] = []
        for each in members:
            each.group = self

    def effects(self) -> Iterator[Effect]:
        """Take the pending effects of the group itself; those of its members are theirs."""
        taken, self._effects = self._effects, []
        yield from taken

    def agrees(self, router: VirtualRouter) -> bool:
        """Whether the others are ready for a member to become master."""
        if self.state is State.MASTER:
            return True
        return all(each is router or each.state is State.MASTER or each.wants_master for each in self.members)

    @property
    def faulty(self) -> bool:
        """Whether a member has a fault of its own."""
        return any(not each.healthy for each in self.members)

    def gather(self, now: int) -> None:
        """The members are others than before: the worst of their states is everybody's, as at the beginning."""
        states = {each.state for each in self.members}
        worst = next((each for each in (State.FAULT, State.BACKUP, State.MASTER) if each in states), State.INIT)
        if worst is State.INIT or (worst is State.FAULT and not self.faulty):
            return
        before, self.state = self.state, worst
        self._leading = True
        for each in self.members:
            each.join(worst, now)
        self._leading = False
        if worst is not before:
            self._effects.append(StateChanged(worst))

    def follow(self, router: VirtualRouter, now: int) -> None:
        """A member changed: take the others along."""
        state = router.state
        if self._leading or state is self.state:
            return
        if self.state is not State.INIT:
            self._effects.append(Note(f"VRRP_Group({self.name}) Syncing instances to {state.name} state"))
        self.state = state
        self._leading = True
        for each in self.members:
            if each is not router:
                each.join(state, now)
        self._leading = False
        self._effects.append(StateChanged(state))
