# SPDX-License-Identifier: Apache-2.0
"""Messages about links."""

from __future__ import annotations

import socket
import struct
from typing import TYPE_CHECKING

from xlvs.linux.netlink import RTM_DELLINK, attribute
from xlvs.linux.watch import LinkChange, Watch

if TYPE_CHECKING:
    import pytest


_BRIDGE = 7


def deleted(family: int, ifindex: int) -> bytes:
    """A message RTM_DELLINK."""
    payload = struct.pack("=BxHiII", family, 1, ifindex, 0, 0) + attribute(3, b"vA\0")
    return struct.pack("=IHHII", 16 + len(payload), RTM_DELLINK, 0, 0, 0) + payload


def test_an_interface_that_leaves_its_bridge_is_not_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    """The bridge says that its port is deleted; the interface and its addresses stay."""
    ours, kernel = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    ours.setblocking(False)
    with Watch() as watch, kernel, ours, monkeypatch.context() as patch:
        patch.setattr(watch, "_socket", ours)
        kernel.send(deleted(_BRIDGE, 5))
        kernel.send(deleted(socket.AF_UNSPEC, 6))
        found = [each.interface.ifindex for each in watch.changes() if isinstance(each, LinkChange)]

    assert found == [6]
