# SPDX-License-Identifier: Apache-2.0
"""The streams of frames that go through the director, and what they must look like when they arrive."""

from __future__ import annotations

import struct
from dataclasses import dataclass, replace
from ipaddress import IPv4Address

from bench.netns import topology as net
from bench.progrun.packets import ACK, ETHERNET, SYN, ipv4

FIRST_PORT = 2000
ALL_NEW = 60_000
_CHECK_UDP, _CHECK_TCP = 40, 50
_SOURCE_PORT, _DESTINATION_PORT = 34, 36
_UDP, _TCP, _IPIP = 17, 6, 4


@dataclass(frozen=True)
class Flow:
    """Frames of 64 bytes from one end; their client's port goes through so many values, from FIRST_PORT on.

    `arrives` is (source, destination, protocol) of the IPv4 header that the sink must see: "" for any source, one of several
    destinations.
    """

    name: str
    port: int
    arrives: tuple[str, tuple[str, ...], int]
    target: str = net.VIP
    flags: int = 0
    connections: int = 1000
    is_answer: bool = False
    service: str = ""  # as ipvsadm -R wants it, without the address

    @property
    def plain(self) -> str:
        """The name of the flow in PLAIN that is made of such frames."""
        return PLAIN[1 if self.flags else 0].name

    @property
    def sender(self) -> tuple[str, str]:
        """Namespace and device that the frames leave by."""
        return (net.SERVER1, "s0") if self.is_answer else (net.CLIENT, "c0")

    @property
    def enters(self) -> str:
        """The director's device that they come in by."""
        return "d1" if self.is_answer else "d0"

    @property
    def port_at(self) -> int:
        """Where the client's port stands in the frame."""
        return _DESTINATION_PORT if self.is_answer else _SOURCE_PORT

    @property
    def check_at(self) -> int:
        """Where the transport's checksum stands."""
        return _CHECK_TCP if self.flags else _CHECK_UDP

    def frame(self, macs: bytes = ETHERNET[:12]) -> bytes:
        """The frame with the client's port, and its share of the checksum, left 0; `macs` are destination and source."""
        if self.is_answer:
            made = ipv4(self.flags, net.SERVER1_IP, net.CLIENT_IP, (self.port, 0))
        else:
            made = ipv4(self.flags, net.CLIENT_IP, self.target, (0, self.port))
        return macs + made.data[12:]

    def has_arrived(self, frame: bytes) -> bool:
        """Whether the sink's last frame is one of these as it should be."""
        source, targets, protocol = self.arrives
        comes_from, goes_to = str(IPv4Address(frame[26:30])), str(IPv4Address(frame[30:34]))
        return source in {"", comes_from} and goes_to in targets and frame[23] == protocol

    def before(self) -> list[Flow]:
        """What makes its connections known, sent once for each; nothing where each packet is to begin one."""
        if self.connections == ALL_NEW:
            return []
        if not self.flags:
            return [self]
        request = replace(self, is_answer=False, arrives=(net.CLIENT_IP, (net.SERVER1_IP,), _TCP))
        return [replace(request, flags=SYN), replace(request, flags=ACK)]

    def rules(self) -> list[str]:
        """Its service and servers, as ipvsadm -R reads them."""
        if not self.service:
            return []
        address = f"-{'t' if self.flags else 'u'} {net.VIP}:{self.port}"
        servers = [net.SERVER1_IP] if self.flags else [net.SERVER1_IP, net.SERVER2_IP]
        return [f"-A {address} -s rr", *(f"-a {address} -r {server}:{self.port} {self.service}" for server in servers)]

    def settings(self, ifindex: int, onward: int, macs: bytes) -> bytes:
        """`struct state` of frames.bpf.c from `head` on; `ifindex` is the sender's device, `onward` the floors' way out."""
        numbers = (ifindex, onward, 0, self.connections, FIRST_PORT, self.port_at, self.check_at)
        return self.frame(macs) + struct.pack("<7I", *numbers)


_SERVERS = (net.SERVER1_IP, net.SERVER2_IP)

#: What only passes: the source alone, the least that can be done, a router. TCP is dearer than UDP before any balancer: the
#: kernel tries to merge its segments.
PLAIN = (
    Flow("UDP", 9000, (net.CLIENT_IP, (net.VIP,), _UDP)),
    Flow("TCP", 9003, (net.CLIENT_IP, (net.VIP,), _TCP), flags=ACK),
)
ROUTED = tuple(
    replace(flow, arrives=(net.CLIENT_IP, (net.SERVER1_IP,), flow.arrives[2]), target=net.SERVER1_IP) for flow in PLAIN
)

BALANCED = (
    Flow("UDP, NAT", 9000, (net.CLIENT_IP, _SERVERS, _UDP), service="-m"),
    Flow("UDP, direct routing", 9001, (net.CLIENT_IP, (net.VIP,), _UDP), service="-g"),
    Flow("UDP, tunnel", 9002, ("", _SERVERS, _IPIP), service="-i"),
    Flow("TCP established, NAT", 9003, (net.CLIENT_IP, (net.SERVER1_IP,), _TCP), flags=ACK, service="-m"),
    Flow("TCP answers, NAT", 9003, (net.VIP, (net.CLIENT_IP,), _TCP), flags=ACK, is_answer=True),
    Flow("UDP, NAT, every packet new", 9004, (net.CLIENT_IP, _SERVERS, _UDP), connections=ALL_NEW, service="-m"),
)
