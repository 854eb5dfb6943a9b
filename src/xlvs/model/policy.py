# SPDX-License-Identifier: Apache-2.0
"""What a service has of its own beyond IPVS: timeouts, and what becomes of connections whose server goes."""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple


class Fate(IntEnum):
    """What becomes of a destination's connections when it is removed or quiesced; the numbers of `enum end_policy`.

    DEFAULT: as the director's settings say. DROP: their packets are dropped. KEEP: they go on. MOVE: UDP is scheduled
    anew, the rest goes on. RESET: TCP is reset at both ends, UDP scheduled anew.
    """

    DEFAULT = 0
    DROP = 1
    KEEP = 2
    MOVE = 3
    RESET = 4


ON_REMOVED = (Fate.DEFAULT, Fate.DROP, Fate.KEEP, Fate.RESET)
ON_QUIESCED = (Fate.DEFAULT, Fate.KEEP, Fate.MOVE, Fate.RESET)


class ServicePolicy(NamedTuple):
    """Timeouts are in seconds, 0: the director's. `no_toa`: full NAT tells real servers no client's address."""

    tcp_s: int = 0
    tcp_fin_s: int = 0
    udp_s: int = 0
    on_removed: Fate = Fate.DEFAULT
    on_quiesced: Fate = Fate.DEFAULT
    no_toa: bool = False


NO_POLICY = ServicePolicy()
