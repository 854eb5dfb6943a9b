# SPDX-License-Identifier: Apache-2.0
"""Which connections are meant."""

from __future__ import annotations

from typing import NamedTuple

from xlvs.model.service import Protocol, ServiceKey


class Network(NamedTuple):
    """Addresses that share their first `prefix` bits; `port` 0 stands for any."""

    address: bytes
    prefix: int
    port: int = 0


class ConnectionFilter(NamedTuple):
    """What a connection must be like; a member that is left out lets all through.

    `states` are names as in listings. `templates`: persistence templates as well, which have no state of these;
    `connections` False: those alone. `expires_s`: over within that time, unless a packet comes.
    """

    client: Network | None = None
    service: ServiceKey | None = None
    server: Network | None = None
    states: frozenset[str] = frozenset()
    protocol: Protocol | None = None
    templates: bool = False
    connections: bool = True
    expires_s: float | None = None

    @property
    def is_narrow(self) -> bool:
        """Whether it is about some connections and not about all."""
        return self._replace(templates=False, connections=True) != ConnectionFilter()
