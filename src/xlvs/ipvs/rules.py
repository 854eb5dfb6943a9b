# SPDX-License-Identifier: Apache-2.0
"""What the kernel refuses, in the order in which it looks: pure checks shared by every implementation of the tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from xlvs.model.address import Family, is_ipv4_multicast, is_ipv6_multicast
from xlvs.model.destination import ForwardingMethod
from xlvs.model.errors import FullNatOnePacket, InvalidArgument, NoSuchScheduler, OutOfRange
from xlvs.model.service import PERSISTENCE_ENGINES, SCHEDULERS
from xlvs.model.settings import TIMEOUT_LIMIT_S, SyncDaemon, Timeouts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from xlvs.model.destination import Destination
    from xlvs.model.service import VirtualService

_BROADCAST_IPV4 = b"\xff" * 4
_UNSPECIFIED_IPV4 = bytes(4)
_UNSPECIFIED_IPV6 = bytes(16)
_MAPPED_PREFIX = bytes(10) + b"\xff\xff"

_UDP_HEADERS = {Family.IPV4: 28, Family.IPV6: 48}
_MASTER_MTU = 1500
_LOWEST_BACKUP_MAXLEN = 1024
_HIGHEST_DATAGRAM = 65535


class HostAddresses(NamedTuple):
    """The director's own addresses and the broadcast addresses of its networks, packed."""

    local: frozenset[bytes] = frozenset()
    broadcast: frozenset[bytes] = frozenset()


NO_HOST_ADDRESSES = HostAddresses()


def check_service(service: VirtualService) -> None:
    """Scheduler and persistence engine must exist, an IPv6 netmask be a prefix length.

    Whether the service exists (add) or not (update) is looked at before this.
    """
    if service.scheduler not in SCHEDULERS and service.scheduler:
        raise NoSuchScheduler
    if service.persistence_engine not in PERSISTENCE_ENGINES and service.persistence_engine:
        raise NoSuchScheduler
    if service.key.family is Family.IPV6 and not 1 <= service.netmask <= 128:
        raise InvalidArgument


def check_destination(family: Family, destination: Destination, *, daemon_runs: bool = False) -> None:
    """What holds for adding and editing alike, looked at once the service is found.

    A destination of another family than the service's (`family`) needs the tunnel method and no synchronisation
    daemon; the lower threshold may not exceed the upper.
    """
    if destination.key.family != family and (daemon_runs or destination.forwarding is not ForwardingMethod.TUNNEL):
        raise InvalidArgument
    if destination.lower_threshold > destination.upper_threshold:
        raise OutOfRange


def check_full_nat(service: VirtualService, methods: Iterable[ForwardingMethod]) -> None:
    """A datagram of a one-packet service has no connection, by which the answer of full NAT would find its client."""
    if service.one_packet and ForwardingMethod.FULL_NAT in methods:
        raise FullNatOnePacket


def check_new_destination_address(address: bytes, host: Callable[[], HostAddresses]) -> None:
    """A destination is unicast, or local to the director (`host` is asked only where it matters).

    Looked at after the destination is found not to exist yet; editing never looks.
    """
    if len(address) == 4:
        if is_ipv4_multicast(address) or address in (_BROADCAST_IPV4, _UNSPECIFIED_IPV4):
            raise InvalidArgument
        if address in host().broadcast:
            raise InvalidArgument
    elif not _is_global_unicast_ipv6(address) and address not in host().local:
        raise InvalidArgument


def _is_global_unicast_ipv6(address: bytes) -> bool:
    link_local = address[0] == 0xFE and address[1] & 0xC0 == 0x80
    mapped = address[:12] == _MAPPED_PREFIX
    return not (is_ipv6_multicast(address) or link_local or mapped or address == _UNSPECIFIED_IPV6)


def merge_timeouts(current: Timeouts, wanted: Timeouts) -> Timeouts:
    """The timeouts in force after `--set`: 0 keeps the current value; out of range is an InvalidArgument."""
    values = (wanted.tcp_s, wanted.tcp_fin_s, wanted.udp_s)
    if min(values) < 0 or max(values) > TIMEOUT_LIMIT_S:
        raise InvalidArgument
    return Timeouts(
        tcp_s=wanted.tcp_s or current.tcp_s,
        tcp_fin_s=wanted.tcp_fin_s or current.tcp_fin_s,
        udp_s=wanted.udp_s or current.udp_s,
    )


def check_daemon(daemon: SyncDaemon, *, mixed_families: bool) -> None:
    """A daemon needs a multicast group and no destination of another family than its service's."""
    multicast = is_ipv4_multicast(daemon.group) or is_ipv6_multicast(daemon.group)
    if mixed_families or not multicast:
        raise InvalidArgument


def daemon_in_force(daemon: SyncDaemon, mtu: int) -> SyncDaemon:
    """The daemon with the message length that it will use on an interface with this MTU.

    By default a master fills an Ethernet frame and a backup takes what the interface carries; a given length is
    kept within what a datagram holds, and a backup takes at least 1024 bytes.
    """
    headers = _UDP_HEADERS[Family.IPV4 if len(daemon.group) == 4 else Family.IPV6]
    is_backup = daemon.role == "backup"
    if daemon.sync_maxlen:
        lowest = _LOWEST_BACKUP_MAXLEN if is_backup else 1
        length = max(lowest, min(daemon.sync_maxlen, _HIGHEST_DATAGRAM - headers))
    else:
        length = (max(_MASTER_MTU, min(mtu, _HIGHEST_DATAGRAM)) if is_backup else _MASTER_MTU) - headers
    return daemon._replace(sync_maxlen=length)
