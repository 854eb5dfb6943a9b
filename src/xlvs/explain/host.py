# SPDX-License-Identifier: Apache-2.0
"""What the host says: its interfaces and what hangs on them, its addresses, its routes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xlvs.explain import frame as frames
from xlvs.explain.facts import Place, StackRoute
from xlvs.ipvs import attachments
from xlvs.linux import route_lookup
from xlvs.linux.interface import addresses, interfaces
from xlvs.model.errors import UsageError

if TYPE_CHECKING:
    from xlvs.explain.question import Question
    from xlvs.ipvs.store import Store
    from xlvs.linux.interface import Interface

_LOOPBACK = 1
_NO_ADDRESS = bytes(6)


class RealHost:
    """This host, as it is now."""

    def __init__(self, store: Store) -> None:
        self._interfaces = {each.ifindex: each for each in interfaces()}
        self.names = {number: each.name for number, each in self._interfaces.items()}
        self._own = {each.address for each in addresses()}
        self._attached = {each.interface.ifindex: each for each in attachments.attachments(store)}

    def route(self, frame: bytes, *, came_by: int, mark: int) -> StackRoute:
        """See `xlvs.explain.gather.Host`."""
        seen = frames.read(frame)
        if seen is None:
            return StackRoute("refused", why="it is no IP packet")
        ends = seen.source, seen.destination
        flow = route_lookup.Flow(
            ends[0].address, ends[1].address, seen.protocol, ends[0].port, ends[1].port, mark=mark, came_by=came_by
        )
        return self._answer(route_lookup.find(flow))

    def reach(self, address: bytes) -> StackRoute:
        """See `xlvs.explain.gather.Host`."""
        return self._answer(route_lookup.find(route_lookup.Flow(b"", address)))

    def _answer(self, found: route_lookup.Found) -> StackRoute:
        if found.refusal:
            return StackRoute("refused", why=found.refusal)
        if found.local:
            return StackRoute("local")
        return StackRoute("forward", self.names.get(found.ifindex, ""), found.ifindex, found.gateway)

    def place(self, asked: Question) -> Place:
        """Where the packet comes in, or leaves if the host itself sends it. Raises UsageError."""
        own = asked.own if asked.own is not None else not asked.interface and asked.source.address in self._own
        if asked.interface:
            found = next((each for each in self._interfaces.values() if each.name == asked.interface), None)
            if found is None:
                known = ", ".join(sorted(self.names.values()))
                raise UsageError(f"there is no interface {asked.interface} (there are: {known})")
            return self._at(found, own=own, guessed=False, back="" if own else self._back(asked))
        return self._at(self._guess(asked, own=own), own=own, guessed=True)

    def _guess(self, asked: Question, *, own: bool) -> Interface:
        """The way out of a packet of the host's own; else that of answers to it."""
        source, to = (asked.source, asked.destination) if own else (asked.destination, asked.source)
        flow = route_lookup.Flow(source.address if own else b"", to.address, mark=asked.mark if own else 0)
        found = route_lookup.find(flow)
        number = _LOOPBACK if found.local else found.ifindex
        if found.refusal or number not in self._interfaces or (found.local and not own):
            raise UsageError(f"where does it come in? There is no route to {to.address_text}; say --in INTERFACE")
        return self._interfaces[number]

    def _back(self, asked: Question) -> str:
        found = route_lookup.find(route_lookup.Flow(b"", asked.source.address))
        return "" if found.refusal or found.local else self.names.get(found.ifindex, "")

    def _at(self, interface: Interface, *, own: bool, guessed: bool, back: str = "") -> Place:
        attached = self._attached.get(interface.ifindex)
        return Place(
            interface=interface.name,
            ifindex=interface.ifindex,
            address=interface.address if len(interface.address) == 6 else _NO_ADDRESS,
            own=own,
            tc=attached.tc if attached else "",
            xdp=attached.xdp if attached else "",
            egress=attached.egress if attached else "",
            guessed=guessed,
            current=attached.current if attached else True,
            back=back,
        )
