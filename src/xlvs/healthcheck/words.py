# SPDX-License-Identifier: Apache-2.0
"""The lines that checkers write into the log: the original's, which people and programs look for.

A failed probe brings a phrase of its kind with it (`ProbeResult.said`); here it becomes a line.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from xlvs.healthcheck.probe import HttpProbe, Kind, MiscProbe, SmtpProbe
from xlvs.model.address import format_address

if TYPE_CHECKING:
    from xlvs.healthcheck.probe import Probe, ProbeResult
    from xlvs.healthcheck.settings import CheckerSettings

UNREACHABLE_MAIL: Final = "Network unreachable for"
_CONNECTIONS: Final = {Kind.TCP: "TCP", Kind.UDP: "UDP", Kind.PING: "ICMP"}


def success(settings: CheckerSettings, probe: Probe, result: ProbeResult, virtual_server: str) -> str:
    """The line of a first success, and of one after a failure; empty: this kind has none."""
    service = settings.service
    match settings.kind:
        case Kind.TCP | Kind.UDP | Kind.PING:
            return f"{_CONNECTIONS[settings.kind]} connection to {service} success."
        case Kind.HTTP if isinstance(probe, HttpProbe):
            return f"{result.said} success to {service} url({probe.path})"
        case Kind.SMTP:
            return f"Remote SMTP server {service} succeed on service."
        case Kind.MISC:
            return f"{_program(settings, virtual_server)} succeeded."
        case Kind.BFD:
            return result.reason
        case _:
            return ""


def recovered(settings: CheckerSettings) -> str:
    """The line of an HTTP checker all of whose URLs were good; of a file that was bad and is not any more."""
    if settings.kind is Kind.HTTP:
        return f"Remote Web server {settings.service} succeed on service."
    return f"({settings.service}): tracked file {settings.track} leaving FAULT state"


def retried(settings: CheckerSettings, result: ProbeResult, virtual_server: str, tries: int) -> str:
    """The line of a failure that is not the last word; `tries` retries were made before it."""
    if settings.kind is Kind.MISC:
        often = f", will do {_retries(settings)}" if not tries else f" on retry {tries}/{settings.retry}"
        return _misc_failure(settings, result, virtual_server, often)
    return _detail(settings, result, virtual_server)


def failure(settings: CheckerSettings, result: ProbeResult, virtual_server: str, *, first: bool) -> tuple[str, ...]:
    """The lines of a failure that decides; `first`: it is the first probe, which has no retries."""
    service, retry = settings.service, settings.retry
    counted = f" after {retry} retries" if retry and not first else ""
    match settings.kind:
        case Kind.MISC:
            often = f" after {_retries(settings)}" if retry else " with retry disabled"
            return (_misc_failure(settings, result, virtual_server, often),)
        case Kind.SMTP:
            return (_detail(settings, result, virtual_server),)
        case Kind.DNS:
            return (f"{_detail(settings, result, virtual_server)}{counted}",)
        case Kind.FILE:
            return (f"({service}): tracked file {settings.track} now FAULT state",)
        case Kind.BFD:
            return (result.reason,)
    if settings.kind is Kind.HTTP:
        counted = f" after {retry} retries" if retry else ""
    name = "ICMP CHECK" if settings.kind is Kind.PING else settings.kind.value
    of = f" of {virtual_server}" if settings.kind is Kind.PING and counted else ""
    verdict = f"{name} on service {service}{of} failed{counted}."
    detail = _detail(settings, result, virtual_server) if settings.log_all_failures else ""
    return (detail, verdict) if detail else (verdict,)


def _detail(settings: CheckerSettings, result: ProbeResult, virtual_server: str) -> str:
    """What is wrong, in a line of its own; empty: the original says nothing."""
    service, said = settings.service, result.said
    match settings.kind:
        case Kind.HTTP:
            return f"{said} server {service}."
        case Kind.SMTP:
            return _mail(settings, said)
        case Kind.DNS:
            return f"DNS_CHECK ({service}) {said}"
        case Kind.PING if said == "timeout":
            return f"ICMP connection to address {service} timeout."
        case Kind.PING if said == "failed":
            return f"ICMP connection to {service} of {virtual_server} failed."
        case Kind.UDP if said == "mismatch":
            return f"UDP check to {service} reply data mismatch."
        case Kind.TCP | Kind.UDP if said in {"failed", "timeout"}:
            return f"{_CONNECTIONS[settings.kind]} connection to {service} {said}."
    return said


def _mail(settings: CheckerSettings, said: str) -> str:
    probe = settings.probes[0]
    if not isinstance(probe, SmtpProbe):
        return said
    address = format_address(probe.endpoint.address)
    if said == UNREACHABLE_MAIL:
        return f"SMTP_CHECK {said} server {address} - real server {settings.service.replace(':tcp:', ':')}"
    return f"SMTP_CHECK {said} server [{address}]:{probe.endpoint.port}"


def _program(settings: CheckerSettings, virtual_server: str) -> str:
    probe = settings.probes[0]
    command = probe.command[0] if isinstance(probe, MiscProbe) else ""
    return f"Misc check for [{settings.service} VS {virtual_server}] by [{command}]"


def _misc_failure(settings: CheckerSettings, result: ProbeResult, virtual_server: str, often: str) -> str:
    what, bracket, how = result.said.partition(" (")
    return f"{_program(settings, virtual_server)} {what}{often}{bracket}{how}."


def _retries(settings: CheckerSettings) -> str:
    return f"{settings.retry} {'retry' if settings.retry == 1 else 'retries'}"
