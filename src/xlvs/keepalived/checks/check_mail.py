# SPDX-License-Identifier: Apache-2.0
"""Mails about virtual and real servers, in the original's words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from xlvs.healthcheck.effects import Cause, CheckerChanged, QuorumChanged, ServerChanged
from xlvs.healthcheck.probe import BfdProbe, Kind
from xlvs.healthcheck.words import failure
from xlvs.keepalived.notices.mail import Mail, of_server, of_virtual_server

if TYPE_CHECKING:
    from xlvs.keepalived.notices.mail import MailSettings


def mail_of(change: CheckerChanged | ServerChanged | QuorumChanged, settings: MailSettings) -> Mail | None:
    """What a change is worth; None: nothing, or nobody wants to know."""
    match change:
        case CheckerChanged(checker=checker) if checker.settings.kind is Kind.FILE:
            return None
        case CheckerChanged() if change.server.mail and (settings.each_checker or change.decisive):
            text = checker_text(change)
            return of_server(change.server.name, change.virtual_server.name, text, up=change.server_up)
        case ServerChanged(virtual_server, server, up, cause) if server.mail and cause is not Cause.CHECKER:
            return of_server(server.name, virtual_server.name, cause.value, up=up)
        case QuorumChanged(virtual_server, up) if virtual_server.mail:
            return of_virtual_server(virtual_server.name, quorum_text(change), up=up)
        case _:
            return None


def quorum_text(change: QuorumChanged) -> str:
    """The sum as the original writes it: with a plus and <= whichever way it went."""
    settings = change.virtual_server
    words = "Gained quorum" if change.up else "Lost quorum"
    if change.starting:
        words = f"Starting with quorum {'up' if change.up else 'down'}"
    return f"{words} {settings.quorum}+{settings.hysteresis}={change.threshold} <= {change.weight}"


_TEXTS: Final = {
    Kind.TCP: ("TCP CHECK succeed on service", "TCP CHECK failed on service"),
    Kind.UDP: ("UDP CHECK succeed on service", "UDP CHECK failed on service"),
    Kind.PING: ("ICMP CHECK succeed on service", "ICMP CHECK failed on service"),
    Kind.DNS: ("DNS_CHECK: succeed on service", "DNS_CHECK: failed on service"),
    Kind.HTTP: ("CHECK succeed on service", "CHECK failed on service : HTTP request failed"),
    Kind.SMTP: ("CHECK succeed on service", "CHECK failed on service : {reason}"),
    Kind.MISC: ("MISC CHECK succeeded on service", "MISC CHECK failed on service"),
    Kind.BFD: ("BFD CHECK {session} succeeded on service", "BFD CHECK {session} failed on service"),
}
"""Of success and of failure."""


def checker_text(change: CheckerChanged) -> str:
    """A checker's verdict."""
    kind, reason = change.checker.settings.kind, change.result.reason
    if kind is Kind.MISC and change.result.said == "timed out":
        return "MISC CHECK timed out on service"
    if kind is Kind.SMTP and not change.up:
        reason = failure(change.checker.settings, change.result, "", first=True)[0].removeprefix("SMTP_CHECK ")
    probe = change.checker.probe
    session = probe.name if isinstance(probe, BfdProbe) else ""
    return _TEXTS[kind][not change.up].format(reason=reason.removesuffix("."), session=session)
