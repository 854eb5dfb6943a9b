# SPDX-License-Identifier: Apache-2.0
"""Network interfaces and their addresses, as rtnetlink and ethtool tell them; no sysfs, which shows another namespace's."""

import socket
import struct
from errno import ENODEV
from typing import Final, NamedTuple

from xlvs.linux.netlink import (
    RTM_GETADDR,
    RTM_GETLINK,
    RTM_GETTFILTER,
    Route,
    attribute,
    attributes,
    text,
    u32,
)
from xlvs.model.errors import KernelError

ARPHRD_ETHER: Final = 1
ARPHRD_LOOPBACK: Final = 772
XDP_MODES: Final = {0: "", 1: "native", 2: "generic", 3: "offload", 4: "multiple"}
CLSACT_INGRESS: Final = 0xFFFFFFF2
CLSACT_EGRESS: Final = 0xFFFFFFF3

_IFF_UP: Final = 1
_IFF_LOOPBACK: Final = 8
_LINK_HEADER: Final = struct.Struct("=BxHiII")
_ADDRESS_HEADER: Final = struct.Struct("=BBBBI")
_TC_HEADER: Final = struct.Struct("=B3xiIII")
_IFLA_ADDRESS, _IFLA_IFNAME, _IFLA_MTU, _IFLA_LINK, _IFLA_MASTER = 1, 3, 4, 5, 10
_IFLA_LINKINFO, _IFLA_XDP, _IFLA_PARENT_DEVICE, _IFLA_LINK_NETNSID = 18, 43, 56, 37
_IFLA_INFO_KIND: Final = 1
_IFLA_XDP_ATTACHED, _IFLA_XDP_PROG_ID = 2, 4
_IFA_ADDRESS, _IFA_LOCAL = 1, 2
_SIOCETHTOOL: Final = 0x8946
_ETHTOOL_GDRVINFO: Final = 3
_DRVINFO_SIZE: Final = 196


class Interface(NamedTuple):
    """One interface.

    `hardware`: ARPHRD type; `kind`: `veth`, `bridge`, `vlan` ..., "" for a device without one (real NICs, lo);
    `master` and `lower`: ifindex of the bridge or bond above and of the device below, 0 without (or when `lower` is in
    another namespace); `parent`: the bus device behind a real NIC (`0000:00:03.0`), "" for a virtual link;
    `xdp_mode`: "" or one of XDP_MODES, with the id of the program.
    """

    ifindex: int
    name: str
    up: bool
    loopback: bool
    hardware: int
    kind: str
    mtu: int
    address: bytes
    master: int
    lower: int
    parent: str
    xdp_mode: str
    xdp_program_id: int

    @property
    def physical(self) -> bool:
        """Whether a device of a bus (PCI, virtio, USB) is behind it."""
        return bool(self.parent)


class InterfaceAddress(NamedTuple):
    """One address of an interface: family 2 or 10, packed address, prefix length."""

    ifindex: int
    family: int
    address: bytes
    prefix: int


def interfaces() -> list[Interface]:
    """All interfaces of the current network namespace, by ifindex."""
    with Route() as route:
        return [parse_interface(payload) for payload in route.dump(RTM_GETLINK, _LINK_HEADER.pack(0, 0, 0, 0, 0))]


def interface(name: str) -> Interface:
    """The interface called `name`. Raises KernelError with ENODEV."""
    payload = _LINK_HEADER.pack(0, 0, 0, 0, 0) + attribute(_IFLA_IFNAME, name.encode() + b"\0")
    return _get_interface(payload, name)


def interface_by_index(ifindex: int) -> Interface:
    """The interface with this number. Raises KernelError with ENODEV."""
    return _get_interface(_LINK_HEADER.pack(0, 0, ifindex, 0, 0), f"with number {ifindex}")


def addresses() -> list[InterfaceAddress]:
    """All addresses of the current network namespace."""
    with Route() as route:
        return [parse_address(payload) for payload in route.dump(RTM_GETADDR, _ADDRESS_HEADER.pack(0, 0, 0, 0, 0))]


def parse_interface(payload: bytes) -> Interface:
    """One RTM_NEWLINK message without its netlink header."""
    _, hardware, ifindex, flags, _ = _LINK_HEADER.unpack_from(payload)
    found = attributes(payload[_LINK_HEADER.size :])
    xdp = attributes(found.get(_IFLA_XDP, b""))
    return Interface(
        ifindex=ifindex,
        name=text(found.get(_IFLA_IFNAME)),
        up=bool(flags & _IFF_UP),
        loopback=bool(flags & _IFF_LOOPBACK),
        hardware=hardware,
        kind=text(attributes(found.get(_IFLA_LINKINFO, b"")).get(_IFLA_INFO_KIND)),
        mtu=u32(found.get(_IFLA_MTU)),
        address=found.get(_IFLA_ADDRESS, b""),
        master=u32(found.get(_IFLA_MASTER)),
        lower=0 if _IFLA_LINK_NETNSID in found else u32(found.get(_IFLA_LINK)),
        parent=text(found.get(_IFLA_PARENT_DEVICE)),
        xdp_mode=XDP_MODES.get(u32(xdp.get(_IFLA_XDP_ATTACHED)), ""),
        xdp_program_id=u32(xdp.get(_IFLA_XDP_PROG_ID)),
    )


def parse_address(payload: bytes) -> InterfaceAddress:
    """One RTM_NEWADDR message without its netlink header; on a point-to-point link, our own end's address."""
    family, prefix, _, _, ifindex = _ADDRESS_HEADER.unpack_from(payload)
    found = attributes(payload[_ADDRESS_HEADER.size :])
    return InterfaceAddress(ifindex, family, found.get(_IFA_LOCAL) or found.get(_IFA_ADDRESS, b""), prefix)


def driver(name: str) -> str:
    """The driver of an interface as ethtool names it (`virtio_net`, `veth`), "" when it tells none."""
    import ctypes
    import fcntl

    information = ctypes.create_string_buffer(struct.pack("=I", _ETHTOOL_GDRVINFO), _DRVINFO_SIZE)
    call = bytearray(struct.pack("@16sP16x", name.encode(), ctypes.addressof(information)))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        try:
            fcntl.ioctl(any_socket, _SIOCETHTOOL, call)
        except OSError:
            return ""
    return text(information.raw[4:36].partition(b"\0")[0])


def has_tc_filters(ifindex: int) -> bool:
    """Whether any filter hangs on the interface's clsact, in either direction."""
    with Route() as route:
        return any(_filters(route, ifindex, parent) for parent in (CLSACT_INGRESS, CLSACT_EGRESS))


def _filters(route: Route, ifindex: int, parent: int) -> list[bytes]:
    return list(route.dump(RTM_GETTFILTER, _TC_HEADER.pack(0, ifindex, 0, parent, 0)))


def _get_interface(payload: bytes, name: str) -> Interface:
    try:
        with Route() as route:
            return parse_interface(route.get(RTM_GETLINK, payload))
    except KernelError as error:
        raise KernelError(f"interface {name}", error.errno or ENODEV) from None
