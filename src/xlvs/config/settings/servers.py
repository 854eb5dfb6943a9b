# SPDX-License-Identifier: Apache-2.0
"""Virtual servers, real servers and checkers as values, with what each inherits filled in. Each field is called as its keyword, which the schema explains; times are in microseconds unless the keyword counts whole seconds."""

from __future__ import annotations

from dataclasses import dataclass

from xlvs.config.schema.lines import Member
from xlvs.config.schema.special import NAT, Forwarding, ServerHead, User
from xlvs.config.values import Address, Endpoint, Script, Weight

RETRIES = {"DNS_CHECK": 3, "MISC_CHECK": 0}
"""Defaults of `retry` that are not 1."""


@dataclass(frozen=True, slots=True)
class Checker:
    """What all checkers have. `kind` is the keyword; not every kind uses every field."""

    kind: str
    connect_ip: Address | None = None
    connect_port: int | None = None
    bindto: Address | None = None
    bind_port: int | None = None
    bind_if: str = ""
    connect_timeout: int = 5_000_000
    fwmark: int = 0
    retry: int = 1
    delay_before_retry: int = 1_000_000
    warmup: int = 60_000_000
    delay_loop: int = 60_000_000
    alpha: bool = False
    log_all_failures: bool = False


@dataclass(frozen=True, slots=True)
class Url:
    """A path to ask for, and what has to come back."""

    path: str
    status_code: tuple[tuple[int, int], ...] = ((200, 299),)
    digest: bytes | None = None
    virtualhost: str = ""
    regex: str = ""
    regex_no_match: bool = False
    regex_options: tuple[str, ...] = ()
    regex_min_offset: int = 0
    regex_max_offset: int | None = None
    tls_compliant: bool = False


@dataclass(frozen=True, slots=True)
class HttpCheck(Checker):
    """HTTP_GET and SSL_GET."""

    urls: tuple[Url, ...] = ()
    virtualhost: str = ""
    http_protocol: str = "1.0"
    enable_sni: bool = False
    sni_name: str = ""
    fast_recovery: bool = False
    tls_compliant: bool = False


@dataclass(frozen=True, slots=True)
class SmtpCheck(Checker):
    """SMTP_CHECK."""

    helo_name: str = "smtpchecker.keepalived.org"


@dataclass(frozen=True, slots=True)
class DnsCheck(Checker):
    """DNS_CHECK."""

    type: str = "SOA"
    name: str = "."


@dataclass(frozen=True, slots=True)
class UdpCheck(Checker):
    """UDP_CHECK. `require_reply` is None when no answer is needed, and empty when any will do."""

    payload: bytes | None = None
    require_reply: str | None = None
    min_reply_length: int = 0
    max_reply_length: int = 255


@dataclass(frozen=True, slots=True)
class MiscCheck(Checker):
    """MISC_CHECK: the exit status of a program. A timeout of None: delay_loop."""

    misc_path: Script | None = None
    misc_timeout: int | None = None
    misc_dynamic: bool = False
    user: User | None = None


@dataclass(frozen=True, slots=True)
class FileCheck(Checker):
    """FILE_CHECK: the number in a file of a track_file block."""

    track_file: str = ""
    weight: Weight | None = None


@dataclass(frozen=True, slots=True)
class BfdCheck(Checker):
    """BFD_CHECK: the state of a session."""

    name: str = ""


@dataclass(frozen=True, slots=True)
class RealServer:
    """A real server. A port of 0 is the one of the virtual server."""

    address: Address
    port: int = 0
    alpha: bool = False
    checkers: tuple[Checker, ...] = ()
    weight: int = 1
    inhibit_on_failure: bool = False
    notify_up: Script | None = None
    notify_down: Script | None = None
    lvs_method: Forwarding = NAT
    uthreshold: int = 0
    lthreshold: int = 0
    smtp_alert: bool = True
    virtualhost: str = ""
    connect_timeout: int = 5_000_000
    delay_loop: int = 60_000_000
    retry: int | None = None
    delay_before_retry: int | None = None
    warmup: int | None = None


@dataclass(frozen=True, slots=True)
class VirtualServer:
    """A virtual server with its real servers."""

    head: ServerHead
    real_servers: tuple[RealServer, ...] = ()
    delay_loop: int = 60_000_000
    connect_timeout: int = 5_000_000
    retry: int | None = None
    delay_before_retry: int | None = None
    warmup: int | None = None
    lvs_sched: str = "wlc"
    lvs_method: Forwarding = NAT
    protocol: str = "UDP"
    persistence_timeout: int | None = None
    persistence_granularity: int | None = None
    persistence_engine: str = ""
    sorry_server: Endpoint | None = None
    sorry_server_inhibit: bool = False
    sorry_server_lvs_method: Forwarding | None = None
    quorum: int = 1
    hysteresis: int = 0
    quorum_up: Script | None = None
    quorum_down: Script | None = None
    alpha: bool = False
    omega: bool = False
    ha_suspend: bool = False
    xlvs_slow_start: int = 0
    inhibit_on_failure: bool = False
    virtualhost: str = ""
    smtp_alert: bool = False
    ops: bool = False
    flag_1: bool = False
    flag_2: bool = False
    flag_3: bool = False
    sh_port: bool = False
    sh_fallback: bool = False
    mh_port: bool = False
    mh_fallback: bool = False
    ip_family: str = ""


@dataclass(frozen=True, slots=True)
class ServerGroup:
    """Addresses and marks that share real servers."""

    name: str
    members: tuple[Member, ...] = ()


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """The client certificate of SSL_GET."""

    password: str = ""
    ca: str = ""
    certificate: str = ""
    key: str = ""
