# SPDX-License-Identifier: Apache-2.0
"""The address that this host would send from."""

from __future__ import annotations

import socket

_DISCARD = 9  # a port must be named; nothing is sent


def towards(address: bytes) -> bytes:
    """The source that the routing table chooses for packets to an address (4 or 16 bytes); zeros without a route."""
    family = socket.AF_INET if len(address) == 4 else socket.AF_INET6
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((socket.inet_ntop(family, address), _DISCARD))
            return socket.inet_pton(family, probe.getsockname()[0].partition("%")[0])
    except OSError:
        return bytes(len(address))
