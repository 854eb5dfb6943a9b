# SPDX-License-Identifier: Apache-2.0
"""Settings of the director that belong to no service."""

from __future__ import annotations

from typing import Literal, NamedTuple

DaemonRole = Literal["master", "backup"]

TIMEOUT_LIMIT_S = 2678400  # 31 days, for --set and -p alike
DEFAULT_MULTICAST_GROUP = bytes((224, 0, 0, 81))
DEFAULT_MULTICAST_PORT = 8848
DEFAULT_MULTICAST_TTL = 1
DEFAULT_DAEMON_INTERFACE = "eth0"


class Timeouts(NamedTuple):
    """Seconds that an established TCP, a closing TCP and a UDP connection live without packets."""

    tcp_s: int = 900
    tcp_fin_s: int = 120
    udp_s: int = 300


class SyncDaemon(NamedTuple):
    """A synchronisation daemon. `sync_maxlen` 0 asks for the default of the interface."""

    role: DaemonRole
    interface: str
    syncid: int = 0
    sync_maxlen: int = 0
    group: bytes = DEFAULT_MULTICAST_GROUP
    port: int = DEFAULT_MULTICAST_PORT
    ttl: int = DEFAULT_MULTICAST_TTL
