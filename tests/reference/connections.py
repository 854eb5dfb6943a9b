# SPDX-License-Identifier: Apache-2.0
"""The connection table: two keys per connection, timers exact to the tick."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.reference.tcp_states import ACTIVE_STATES
from xlvs.model.destination import TRANSLATING, ForwardingMethod

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.reference.destinations import LiveDestination
    from tests.reference.templates import Template
    from xlvs.model.service import Protocol

End = tuple[bytes, int]
Key = tuple["Protocol", End, End]


@dataclass(slots=True, eq=False)
class Connection:
    """One connection: the client's, the virtual and the destination's end (address, port), and its timer.

    `method` is how its packets reach the destination, as it was when it began; `answers_pass` whether answers are known
    to pass the director. `local` is full NAT's end towards the destination, `told` whether that has answered what told it
    the client.
    """

    protocol: Protocol
    client: End
    virtual: End
    server: End
    destination: LiveDestination
    state: str
    expires: int
    control: Template | None = None
    method: ForwardingMethod = ForwardingMethod.MASQUERADE
    local: End | None = None
    answers_pass: bool = field(init=False)
    told: bool = False

    def __post_init__(self) -> None:
        self.answers_pass = self.translates

    @property
    def translates(self) -> bool:
        """Whether the director translates its answers."""
        return self.method in TRANSLATING

    @property
    def forward_key(self) -> Key:
        """Finds it for packets of the client."""
        return (self.protocol, self.client, self.virtual)

    @property
    def reply_key(self) -> Key:
        """Finds it for packets of the destination, which answers in its own name or in the virtual address's."""
        return (self.protocol, self.local or self.client, self.server if self.translates else self.virtual)

    @property
    def active(self) -> bool:
        """How its destination counts it; UDP and what is no TCP state but ESTABLISHED never is."""
        return self.state in ACTIVE_STATES

    def enter(self, state: str, expires: int) -> None:
        """Take a packet: move to a state and restart the timer."""
        was_active = self.active
        self.state, self.expires = state, expires
        if self.active != was_active:
            self.destination.move(active=self.active)


class ConnectionTable:
    """Live connections. Several may share a reply key: the newest of them has the answers."""

    def __init__(self) -> None:
        self._forward: dict[Key, Connection] = {}
        self._reply: dict[Key, list[Connection]] = {}

    def __len__(self) -> int:
        return len(self._forward)

    def __iter__(self) -> Iterator[Connection]:
        return iter(self._forward.values())

    def of_client(self, key: Key) -> Connection | None:
        """Connection of a packet from a client."""
        return self._forward.get(key)

    def of_server(self, key: Key) -> Connection | None:
        """Connection of a packet from a destination."""
        sharing = self._reply.get(key)
        return sharing[-1] if sharing else None

    def add(self, connection: Connection) -> None:
        """Add a connection, inactive at its destination, in place of one with the same forward key.

        The destination takes the new one before the old one goes.
        """
        connection.destination.bind()
        if connection.control:
            connection.control.connections += 1
        if connection.active:
            connection.destination.move(active=True)
        old = self._forward.get(connection.forward_key)
        if old is not None:
            self.remove(old)
        self._forward[connection.forward_key] = connection
        self._reply.setdefault(connection.reply_key, []).append(connection)

    def remove(self, connection: Connection) -> None:
        """Take a connection out; its destination loses it."""
        del self._forward[connection.forward_key]
        sharing = self._reply[connection.reply_key]
        sharing.remove(connection)
        if not sharing:
            del self._reply[connection.reply_key]
        connection.destination.unbind(active=connection.active)
        if connection.control:
            connection.control.connections -= 1
