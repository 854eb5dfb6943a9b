# SPDX-License-Identifier: Apache-2.0
"""What a command line asks for, as it is put together option by option."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xlvs.ipvsadm.labels import Command
from xlvs.model.address import Family, unspecified
from xlvs.model.destination import (
    TRANSLATING,
    TUNNEL_FLAG_NO_CHECKSUM,
    Destination,
    DestinationKey,
    ForwardingMethod,
    Tunnel,
    TunnelType,
)
from xlvs.model.service import DEFAULT_SCHEDULER, NETMASK_IPV4_HOST, Protocol, ServiceKey, VirtualService
from xlvs.model.settings import (
    DEFAULT_DAEMON_INTERFACE,
    DEFAULT_MULTICAST_GROUP,
    DEFAULT_MULTICAST_PORT,
    DEFAULT_MULTICAST_TTL,
    SyncDaemon,
    Timeouts,
)

if TYPE_CHECKING:
    from xlvs.ipvsadm.values import ValueReader
    from xlvs.model.settings import DaemonRole

NO_SCHEDULER_NAME = "none"


class Request:
    """A command with its options; what is not given stands at its default.

    Defaults are class attributes, so that a request costs no more than what is set on it.
    """

    command: Command = Command.LIST
    # The options given, as bits.
    given: int = 0

    # The virtual service. A mark service is read as TCP, which matters for names of ports.
    protocol: Protocol = Protocol.IP
    family: Family = Family.IPV4
    address: bytes = bytes(4)
    port: int = 0
    fwmark: int = 0
    scheduler: str = DEFAULT_SCHEDULER
    scheduler_flag_names: str = ""
    scheduler_flags: int = 0
    persistence_timeout_s: int = 0
    netmask: int = NETMASK_IPV4_HOST
    persistence_engine: str = ""
    one_packet: bool = False

    # The destination.
    server_family: Family = Family.IPV4
    server_address: bytes = bytes(4)
    server_port: int = 0
    forwarding: ForwardingMethod = ForwardingMethod.DIRECT_ROUTE
    weight: int = 1
    upper_threshold: int = 0
    lower_threshold: int = 0
    tunnel_type: TunnelType = TunnelType.IPIP
    tunnel_port: int = 0
    tunnel_flags: int = TUNNEL_FLAG_NO_CHECKSUM

    # The synchronisation daemon and the timeouts.
    role: DaemonRole = "master"
    interface: str = DEFAULT_DAEMON_INTERFACE
    syncid: int = 0
    sync_maxlen: int = 0
    group: bytes = DEFAULT_MULTICAST_GROUP
    multicast_port: int = DEFAULT_MULTICAST_PORT
    multicast_ttl: int = DEFAULT_MULTICAST_TTL
    timeouts: Timeouts = Timeouts()

    def __init__(self, reader: ValueReader) -> None:
        self.reader = reader

    def has(self, bits: int) -> bool:
        """Whether any of these options was given."""
        return bool(self.given & bits)

    def service_key(self) -> ServiceKey:
        """The service that is meant."""
        if self.fwmark:
            return ServiceKey(Protocol.IP, self.family, unspecified(self.family), 0, self.fwmark)
        return ServiceKey(self.protocol, self.family, self.address, self.port)

    def service(self) -> VirtualService:
        """The service as it shall be."""
        return VirtualService(
            self.service_key(),
            "" if self.scheduler == NO_SCHEDULER_NAME else self.scheduler,
            self.scheduler_flags,
            self.persistence_timeout_s,
            self.netmask,
            self.persistence_engine,
            self.one_packet,
        )

    def destination_key(self) -> DestinationKey:
        """The destination that is meant, with the port as given."""
        return DestinationKey(self.server_family, self.server_address, self.server_port)

    def destination(self) -> Destination:
        """The destination as it shall be.

        Direct routing and tunnels cannot change a port, so theirs is the service's, whatever was given.
        """
        keeps_port = self.fwmark or self.forwarding in TRANSLATING
        return Destination(
            DestinationKey(self.server_family, self.server_address, self.server_port if keeps_port else self.port),
            self.forwarding,
            self.weight,
            self.upper_threshold,
            self.lower_threshold,
            Tunnel(self.tunnel_type, self.tunnel_port, self.tunnel_flags),
        )

    def daemon(self) -> SyncDaemon:
        """The daemon that is to be started."""
        return SyncDaemon(
            self.role,
            self.interface,
            self.syncid,
            self.sync_maxlen,
            self.group,
            self.multicast_port,
            self.multicast_ttl,
        )
