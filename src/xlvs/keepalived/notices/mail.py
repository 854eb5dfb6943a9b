# SPDX-License-Identifier: Apache-2.0
"""Mails about changes: their subjects and texts as the original's, and what is said to a mail server (RFC 5321)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from xlvs.healthcheck.probe import SECOND_US

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xlvs.config.settings.general import GlobalSettings

_ROUTER: Final = {
    "MASTER": ("Entering MASTER state", "VRRP Instance is now owning VRRP VIPs"),
    "BACKUP": ("Entering BACKUP state", "VRRP Instance is no longer owning VRRP VIPs"),
    "FAULT": ("Entering FAULT state", "VRRP Instance is no longer owning VRRP VIPs"),
    "STOP": ("Stopping", "VRRP Instance stopping"),
    "DELETED": ("Deleted", "VRRP Deleted at reload"),
}
_GROUP: Final = {
    "MASTER": ("Entering MASTER state", "All VRRP group instances are now in MASTER state"),
    "BACKUP": ("Entering BACKUP state", "All VRRP group instances are now in BACKUP state"),
    "FAULT": ("Entering FAULT state", "All VRRP group instances are now in FAULT state"),
    "STOP": ("Stopping", "All VRRP group instances are now stopping"),
}
_REPLY_MAX: Final = 64 * 1024
_GOING_AHEAD: Final = 354
_UNTELLABLE: Final = str.maketrans("\r\n", "  ")


@dataclass(frozen=True, slots=True)
class MailSettings:
    """Where mails go and whose they are. An empty `sender`, `helo` or `router_id` is made of the host's name."""

    server: str
    recipients: tuple[str, ...]
    port: int = 25
    sender: str = ""
    helo: str = ""
    router_id: str = ""
    timeout_s: float = 30.0
    faults: bool = True
    """FAULT is worth a mail."""
    each_checker: bool = True
    """So is a checker whose verdict leaves its real server as it was."""


@dataclass(frozen=True, slots=True)
class Mail:
    """What happened: the subject after the router's name, and one line of text."""

    subject: str
    text: str


def mail_settings(given: GlobalSettings) -> MailSettings | None:
    """What global_defs says about mails; None without a server or without recipients: none is sent then."""
    if given.smtp_server is None or not given.notification_email:
        return None
    return MailSettings(
        given.smtp_server.host,
        given.notification_email,
        given.smtp_server.port,
        given.notification_email_from,
        given.smtp_helo_name,
        given.router_id,
        given.smtp_connect_timeout / SECOND_US,
        faults=not given.no_email_faults,
        each_checker=not given.no_checker_emails,
    )


def of_router(kind: str, name: str, state: str) -> Mail:
    """An `INSTANCE` or a `GROUP` is in another state."""
    if kind == "GROUP":
        subject, text = _GROUP[state]
        return Mail(f"VRRP Group {name} - {subject}", text)
    subject, text = _ROUTER[state]
    return Mail(f"VRRP Instance {name} - {subject}", text)


def of_server(server: str, virtual_server: str, text: str, *, up: bool) -> Mail:
    """A real server, or a checker of one that is up or down afterwards."""
    return Mail(f"Realserver {server} of virtual server {virtual_server} - {'UP' if up else 'DOWN'}", text)


def of_virtual_server(virtual_server: str, text: str, *, up: bool) -> Mail:
    """A virtual server has its quorum, or has it no longer."""
    return Mail(f"Virtualserver {virtual_server} - {'UP' if up else 'DOWN'}", text)


def letter(mail: Mail, settings: MailSettings, sender: str, router_id: str, date: str) -> bytes:
    """The whole message with its final dot. `date` as RFC 5322 writes it."""
    subject, text = (each.translate(_UNTELLABLE) for each in (f"[{router_id}] {mail.subject}", mail.text))
    lines = (
        f"Date: {date}",
        f"From: {sender}",
        f"Subject: {subject}",
        "X-Mailer: Keepalived",
        f"To: {', '.join(settings.recipients)}",
        "",
        f"=> {text} <=",
        "",
        ".",
        "",
    )
    return "\r\n".join(lines).encode(errors="surrogateescape")


class Dialogue:
    """Hands one letter to a server: `receive` takes what it says and gives what to answer.

    A recipient whom the server refuses does not keep the others from theirs.
    """

    def __init__(self, helo: str, sender: str, recipients: Sequence[str], message: bytes) -> None:
        self.ended = False
        """Everything is said."""
        self.sent = False
        """The server has taken the letter."""
        self.refusals: list[tuple[str, int]] = []
        """Commands that were refused, with the server's code."""
        self._unread = b""
        self._accepted = 0
        rcpt = [("RCPT", 250, f"RCPT TO:<{each}>\r\n") for each in recipients]
        said = [("HELO", 250, f"HELO {helo}\r\n"), ("MAIL", 250, f"MAIL FROM:<{sender}>\r\n"), *rcpt]
        self._steps = [(name, code, text.encode(errors="surrogateescape")) for name, code, text in said]
        self._steps += [("DATA", _GOING_AHEAD, b"DATA\r\n"), ("BODY", 250, message)]
        self._awaited = ("(E)SMTP", 220)

    def receive(self, data: bytes) -> bytes:
        """Take a part of a reply; its last line has no hyphen after the code."""
        self._unread += data
        answer = b""
        while b"\n" in self._unread and not self.ended:
            line, _, self._unread = self._unread.partition(b"\n")
            if line[3:4] != b"-" or not line[:3].isdigit():
                answer += self._take(int(line[:3]) if line[:3].isdigit() else 0)
        if len(self._unread) > _REPLY_MAX:
            answer += self._refuse(0)
        return answer

    def _take(self, code: int) -> bytes:
        command, expected = self._awaited
        if command == "QUIT":
            self.ended = True
            return b""
        good = code // 100 == expected // 100
        if not good and command != "RCPT":
            return self._refuse(code)
        if command == "RCPT":
            self._accepted += good
            if not good:
                self.refusals.append((command, code))
            if self._steps[0][0] == "DATA" and not self._accepted:
                return self._quit()
        if not self._steps:
            self.sent = True
            return self._quit()
        name, awaited, text = self._steps.pop(0)
        self._awaited = (name, awaited)
        return text

    def _refuse(self, code: int) -> bytes:
        self.refusals.append((self._awaited[0], code))
        return self._quit()

    def _quit(self) -> bytes:
        self._awaited = ("QUIT", 221)
        return b"QUIT\r\n"
