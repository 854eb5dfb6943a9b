# SPDX-License-Identifier: Apache-2.0
"""Virtual services: what the director balances."""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple, Self

from xlvs.model.address import Family, unspecified

DEFAULT_SCHEDULER = "wlc"
DEFAULT_PERSISTENCE_TIMEOUT_S = 360  # what ipvsadm 1.31 puts for a bare -p
NETMASK_IPV4_HOST = 0xFFFFFFFF
NETMASK_IPV6_HOST = 128

SCHEDULER_FLAG_1 = 0x08
SCHEDULER_FLAG_2 = 0x10
SCHEDULER_FLAG_3 = 0x20

SERVICE_FLAG_PERSISTENT = 0x1
SERVICE_FLAG_ONE_PACKET = 0x4

SCHEDULERS = frozenset(
    ("rr", "wrr", "lc", "wlc", "lblc", "lblcr", "dh", "sh", "sed", "nq", "fo", "ovf", "mh", "twos"),
)
PERSISTENCE_ENGINES = frozenset(("sip",))


class Protocol(IntEnum):
    """Transport protocol by its IP number; IP stands for services by firewall mark."""

    IP = 0
    TCP = 6
    UDP = 17
    SCTP = 132


class ServiceKey(NamedTuple):
    """What identifies a service: protocol, address and port, or a firewall mark and a family.

    A mark service has protocol IP, the unspecified address, port 0 and `fwmark` 1 to 2**32-1.
    """

    protocol: Protocol
    family: Family
    address: bytes
    port: int
    fwmark: int = 0


def mark_service_key(fwmark: int, family: Family = Family.IPV4) -> ServiceKey:
    """Key of the service by firewall mark."""
    return ServiceKey(Protocol.IP, family, unspecified(family), 0, fwmark)


def host_netmask(family: Family) -> int:
    """The persistence netmask that tells every client apart: 0xffffffff, or prefix length 128."""
    return NETMASK_IPV4_HOST if family is Family.IPV4 else NETMASK_IPV6_HOST


class _Service(NamedTuple):
    key: ServiceKey
    scheduler: str
    scheduler_flags: int
    persistence_timeout_s: int
    netmask: int
    persistence_engine: str
    one_packet: bool


class VirtualService(_Service):
    """A service as configured.

    `scheduler` "" means none (its packets find no destination). `scheduler_flags` are the kernel's bits 0x8, 0x10,
    0x20. `persistence_timeout_s` 0 means not persistent. `netmask` is a mask as a number for IPv4 and a prefix length
    for IPv6; -1 stands for the family's host mask.
    """

    __slots__ = ()

    def __new__(
        cls,
        key: ServiceKey,
        scheduler: str = DEFAULT_SCHEDULER,
        scheduler_flags: int = 0,
        persistence_timeout_s: int = 0,
        netmask: int = -1,
        persistence_engine: str = "",
        one_packet: bool = False,  # noqa: FBT001, FBT002 - a field as the others
    ) -> Self:
        """See the class."""
        mask = host_netmask(key.family) if netmask < 0 else netmask
        return super().__new__(
            cls, key, scheduler, scheduler_flags, persistence_timeout_s, mask, persistence_engine, one_packet
        )

    @property
    def is_persistent(self) -> bool:
        """True if clients stick to their destination."""
        return self.persistence_timeout_s > 0
