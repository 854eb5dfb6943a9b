# SPDX-License-Identifier: Apache-2.0
"""What the director sees of a connection decides what a packet does to its state."""

from __future__ import annotations

from enum import Enum, auto


class View(Enum):
    """From whom a packet is, and whether answers pass the director too."""

    CLIENT = auto()  # from the client; answers pass as well
    SERVER = auto()  # an answer
    CLIENT_ALONE = auto()  # from the client; no answer has passed yet, as with direct routing and tunnels
