# SPDX-License-Identifier: Apache-2.0
"""The switches below net.ipv4.vs that the model knows, and what follows from them."""

from __future__ import annotations

from dataclasses import dataclass

ON = 3  # of a defence; 1 and 2 follow the host's memory, which the model does not know

REUSE_FIN_WAIT = 2


@dataclass(slots=True)
class Settings:
    """The kernel's names and defaults. Defences (drop_packet, secure_tcp) are 0 or 3."""

    am_droprate: int = 10
    cache_bypass: int = 0
    conn_reuse_mode: int = 1
    drop_packet: int = 0
    expire_nodest_conn: int = 0
    expire_quiescent_template: int = 0
    lblc_expiration: int = 86400
    lblcr_expiration: int = 86400
    secure_tcp: int = 0
    sloppy_sctp: int = 0
    sloppy_tcp: int = 0

    @property
    def is_secure(self) -> bool:
        """Whether secure_tcp's tables hold."""
        return self.secure_tcp == ON

    @property
    def drop_rate(self) -> int:
        """One in how many packets that would begin a connection is dropped: all from 1 down, none at 0."""
        return self.am_droprate if self.drop_packet == ON else 0
