# SPDX-License-Identifier: Apache-2.0
"""A whole configuration as values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from xlvs.config.schema.lines import AddressLine, Delays
from xlvs.config.schema.routes import RouteLine, RuleLine
from xlvs.config.settings.general import GlobalSettings, ProcessSettings
from xlvs.config.settings.servers import ServerGroup, TlsFiles, VirtualServer
from xlvs.config.settings.vrrp import (
    BfdSession,
    GarpGroup,
    Instance,
    SyncGroup,
    TrackFile,
    TrackGroup,
    TrackProcess,
    TrackScript,
)

NO_SETTINGS: Final = GlobalSettings()
NO_PROCESS_SETTINGS: Final = ProcessSettings()


@dataclass(frozen=True, slots=True)
class KeepalivedConfig:
    """What a keepalived.conf says, inheritance resolved and mistakes left out."""

    settings: GlobalSettings = NO_SETTINGS
    process: ProcessSettings = NO_PROCESS_SETTINGS
    instances: tuple[Instance, ...] = ()
    sync_groups: tuple[SyncGroup, ...] = ()
    scripts: tuple[TrackScript, ...] = ()
    processes: tuple[TrackProcess, ...] = ()
    files: tuple[TrackFile, ...] = ()
    bfd_sessions: tuple[BfdSession, ...] = ()
    track_groups: tuple[TrackGroup, ...] = ()
    garp_groups: tuple[GarpGroup, ...] = ()
    addresses: tuple[AddressLine, ...] = ()
    routes: tuple[RouteLine, ...] = ()
    rules: tuple[RuleLine, ...] = ()
    delays: tuple[Delays, ...] = ()
    server_groups: tuple[ServerGroup, ...] = ()
    virtual_servers: tuple[VirtualServer, ...] = ()
    tls: TlsFiles | None = None
