# SPDX-License-Identifier: Apache-2.0
"""The ways in which the packet path can hang on an interface, each with what it asks of the links around it."""

from __future__ import annotations

import fcntl
import socket
import struct
from typing import TYPE_CHECKING, Final

from xlvs.ipvs import attachments
from xlvs.ipvs.pinned import PinnedTables
from xlvs.linux import tc_attach
from xlvs.linux.bpf import Program

if TYPE_CHECKING:
    from tests.netns.topology import Net

MODES: Final = ("tcx", "clsact", "xdp", "xdp-generic")
DIRECTOR_INTERFACES: Final = ("ens37", "ens33")

_SIOCETHTOOL: Final = 0x8946
_SET_TX_CHECKSUM: Final = 0x17
_SET_GRO: Final = 0x2C


def attach(net: Net, mode: str) -> None:
    """Hang the packet path on both interfaces of the director by exactly one of MODES."""
    if mode == "clsact":
        net.must("director", "xlvs", "attach", "--mode", "tc", *DIRECTOR_INTERFACES)
        _force_clsact(net)
    elif mode == "tcx":
        net.must("director", "xlvs", "attach", "--mode", "tc", *DIRECTOR_INTERFACES)
    else:
        suit_xdp(net)
        net.must("director", "xlvs", "attach", "--mode", mode, *DIRECTOR_INTERFACES)


def suit_xdp(net: Net) -> None:
    """XDP on veth: whoever sends computes checksums itself, and who stands behind the director receives by NAPI."""
    for node, interface in (("client", "eth0"), ("server1", "ens33"), ("server2", "ens33"), ("director", "ens33")):
        _ethtool(net, node, interface, _SET_TX_CHECKSUM, 0)
    _ethtool(net, "director", "ens37", _SET_TX_CHECKSUM, 0)
    _ethtool(net, "client", "eth0", _SET_GRO, 1)
    _ethtool(net, "inside", "director", _SET_GRO, 1)


def suit_xdp_with_one_arm(net: Net, segment: str, ends: dict[str, str]) -> None:
    """The same where all are on one segment; `ends`: the interface of each node."""
    for node, interface in ends.items():
        _ethtool(net, node, interface, _SET_TX_CHECKSUM, 0)
    _ethtool(net, segment, "director", _SET_GRO, 1)


def take_offloads(net: Net) -> None:
    """The director's links compute no checksums, and thus cut no segments either: its kernel has to."""
    for interface in DIRECTOR_INTERFACES:
        _ethtool(net, "director", interface, _SET_TX_CHECKSUM, 0)


def _force_clsact(net: Net) -> None:
    with net.lab.entered("director"):
        store = PinnedTables().store()
        with Program.from_pin(f"{store.directory}/prog_tc") as program:
            for interface in attachments.named(list(DIRECTOR_INTERFACES)):
                pin = f"{store.directory}/tc_{interface.ifindex}"
                tc_attach.attach(program.fd, interface.ifindex, pin, method="clsact")


def _ethtool(net: Net, node: str, interface: str, command: int, value: int) -> None:
    """One switch of an interface, as ethtool(8) sets it: struct ethtool_value behind an ifreq."""
    wanted = bytearray(struct.pack("=II", command, value))
    with net.lab.entered(node), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        import ctypes

        room = (ctypes.c_char * len(wanted)).from_buffer(wanted)
        fcntl.ioctl(control, _SIOCETHTOOL, struct.pack("16sP16x", interface.encode(), ctypes.addressof(room)))
