# SPDX-License-Identifier: Apache-2.0
"""From the values of a checker block to a checker: what is asked, how often."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from xlvs.checkers import dns
from xlvs.checkers.pcre2 import BadRegex, pattern
from xlvs.config.settings.servers import (
    BfdCheck,
    DnsCheck,
    FileCheck,
    HttpCheck,
    MiscCheck,
    SmtpCheck,
    UdpCheck,
)
from xlvs.healthcheck.probe import (
    SECOND_US,
    BfdProbe,
    DnsProbe,
    Endpoint,
    FileProbe,
    HttpProbe,
    Kind,
    MiscProbe,
    PingProbe,
    SmtpProbe,
    TcpProbe,
    TlsIdentity,
    UdpProbe,
)
from xlvs.healthcheck.settings import CheckerSettings
from xlvs.model.address import format_address

if TYPE_CHECKING:
    from xlvs.config.settings.config import KeepalivedConfig
    from xlvs.config.settings.servers import Checker, TlsFiles, Url
    from xlvs.healthcheck.probe import Probe

_KINDS: Final = {"HTTP_GET": Kind.HTTP, "SSL_GET": Kind.HTTP}
FILE_INTERVAL_US: Final = SECOND_US

End = tuple[bytes, int]


def checkers_of(checker: Checker, service: str, end: End, config: KeepalivedConfig) -> CheckerSettings | None:
    """The checker of a block; None: it asks for what cannot be asked. `end` is the real server's."""
    probes = _probes(checker, end, config)
    if not probes:
        return None
    kind = _KINDS.get(checker.kind) or Kind(checker.kind)
    if kind is Kind.FILE:
        track = checker.track_file if isinstance(checker, FileCheck) else ""
        return CheckerSettings(kind, service, probes, interval_us=FILE_INTERVAL_US, retry=0, track=track)
    if kind is Kind.BFD:  # the session has a multiplier of its own, and is not asked again
        return CheckerSettings(kind, service, probes, interval_us=checker.delay_loop, retry=0, alpha=checker.alpha)
    return CheckerSettings(
        kind,
        service,
        probes,
        interval_us=checker.delay_loop,
        retry=checker.retry,
        retry_delay_us=checker.delay_before_retry,
        warmup_us=checker.warmup,
        alpha=checker.alpha,
        log_all_failures=checker.log_all_failures,
        fast_recovery=isinstance(checker, HttpCheck) and checker.fast_recovery,
    )


def _endpoint(checker: Checker, end: End) -> Endpoint:
    return Endpoint(
        checker.connect_ip.packed if checker.connect_ip else end[0],
        checker.connect_port or end[1],
        checker.bindto.packed if checker.bindto else b"",
        (checker.bind_port or 0) if checker.bindto else 0,  # the original heeds it only together with an address
        checker.bind_if,
        checker.fwmark,
        checker.connect_timeout,
    )


def _probes(checker: Checker, end: End, config: KeepalivedConfig) -> tuple[Probe, ...]:
    endpoint = _endpoint(checker, end)
    match checker:
        case HttpCheck():
            identity = _identity(config.tls) if checker.kind == "SSL_GET" else None
            return tuple(_page(url, checker, endpoint, identity) for url in checker.urls)
        case SmtpCheck():
            return (SmtpProbe(endpoint, checker.helo_name),)
        case DnsCheck():
            return _dns(checker, endpoint)
        case UdpCheck():
            return (_udp(checker, endpoint),)
        case MiscCheck():
            return _misc(checker)
        case FileCheck():
            return _file(checker, config)
        case BfdCheck():
            return (BfdProbe(checker.name),)
    return (PingProbe(endpoint),) if checker.kind == "PING_CHECK" else (TcpProbe(endpoint),)


def _identity(files: TlsFiles | None) -> TlsIdentity | None:
    """A key alone is taken for a file that has both."""
    if files is None or not (files.certificate or files.key or files.ca):
        return None
    return TlsIdentity(files.certificate or files.key, files.key or files.certificate, files.password, files.ca)


def _page(url: Url, checker: HttpCheck, endpoint: Endpoint, identity: TlsIdentity | None) -> HttpProbe:
    virtual_host = url.virtualhost or checker.virtualhost
    address = format_address(endpoint.address)
    host = virtual_host or f"{address if len(endpoint.address) == 4 else f'[{address}]'}:{endpoint.port}"
    tls = checker.kind == "SSL_GET"
    return HttpProbe(
        endpoint,
        url.path,
        host,
        version=checker.http_protocol.upper(),
        tls=tls,
        sni=(checker.sni_name or virtual_host) if tls and checker.enable_sni else "",
        statuses=url.status_code,
        digest=url.digest or b"",
        regex="" if regex_fault(url) else url.regex,
        regex_flags=frozenset(url.regex_options),
        regex_must_not_match=url.regex_no_match,
        regex_from=url.regex_min_offset,
        regex_to=url.regex_max_offset,
        identity=identity,
        takes_leave=tls and (url.tls_compliant or checker.tls_compliant),
    )


def regex_fault(url: Url) -> str:
    """What is wrong with the regular expression of a page."""
    try:
        pattern(url.regex, frozenset(url.regex_options))
    except BadRegex as error:
        return f"url {url.path}: the regex {url.regex} cannot be had ({error}): the text is not looked at"
    return ""


def _dns(checker: DnsCheck, endpoint: Endpoint) -> tuple[Probe, ...]:
    kind = dns.TYPES.get(checker.type.upper())
    try:
        dns.query(0, checker.name, 0)
    except ValueError:
        return ()
    return (DnsProbe(endpoint, checker.name, kind),) if kind else ()


def _udp(checker: UdpCheck, endpoint: Endpoint) -> UdpProbe:
    wanted = checker.require_reply or ""
    return UdpProbe(
        endpoint,
        checker.payload,
        checker.require_reply is not None,
        bytes.fromhex(re.sub("[xX]", "0", wanted)),
        bytes.fromhex("".join("0" if char in "xX" else "f" for char in wanted)),
        checker.min_reply_length,
        checker.max_reply_length,
    )


def _misc(checker: MiscCheck) -> tuple[Probe, ...]:
    script = checker.misc_path
    if script is None:
        return ()
    return (
        MiscProbe(
            script.command,
            checker.misc_timeout or checker.delay_loop,
            checker.misc_dynamic,
            checker.user.name if checker.user else "",
            checker.user.group if checker.user else "",
        ),
    )


def _file(checker: FileCheck, config: KeepalivedConfig) -> tuple[Probe, ...]:
    tracked = next((each for each in config.files if each.name == checker.track_file), None)
    if tracked is None:
        return ()
    weight = checker.weight or tracked.weight
    return (FileProbe(tracked.file, -weight.value if weight.reverse else weight.value),)
