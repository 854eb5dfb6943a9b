# SPDX-License-Identifier: Apache-2.0
"""Mails: their words as the original's, and a server that takes them, refuses them or says nothing."""

from __future__ import annotations

import asyncio
import os
import pwd
import re
import time
from dataclasses import replace
from io import StringIO

import pytest

from tests.unit.keepalived.effects import Effect, rows, shows
from tests.unit.keepalived.post import PostOffice, open_office
from xlvs.keepalived.daemon.log import Log
from xlvs.keepalived.notices.mail import Mail, MailSettings, of_router, of_server, of_virtual_server
from xlvs.keepalived.notices.mailer import Mailer

SETTINGS = MailSettings("127.0.0.1", ("a@example.com", "b@example.org"), sender="f@x", helo="me", router_id="R1")
MAIL = of_router("INSTANCE", "VI_1", "MASTER")
LETTER = (
    "Date:\r\nFrom: f@x\r\nSubject: [R1] VRRP Instance VI_1 - Entering MASTER state\r\nX-Mailer: Keepalived\r\n"
    "To: a@example.com, b@example.org\r\n\r\n=> VRRP Instance is now owning VRRP VIPs <=\r\n\r\n.\r\n"
)


def delivered(office: PostOffice, settings: MailSettings, *mails: Mail, patience_s: float = 10.0) -> list[str]:
    """Send mails to a server; the log."""
    console = StringIO()

    async def run() -> None:
        async with open_office(office):
            mailer = Mailer(replace(settings, port=settings.port if settings.port != 25 else office.port), log)
            for mail in mails:
                mailer.send(mail)
            await mailer.drain(patience_s)

    log = Log("test", console, to_syslog=False, detailed=True)
    asyncio.run(run())
    return [re.sub(r":\d{2,5}\b", ":PORT", line.split(": ", 1)[1]) for line in console.getvalue().splitlines()]


def test_a_letter_is_the_originals_to_the_byte() -> None:
    """As the real Keepalived 2.2.7 sends it, apart from the date."""
    office = PostOffice()

    log = delivered(office, SETTINGS, MAIL)

    assert office.heard[0][:5] + office.heard[0][6:] == [
        "HELO me",
        "MAIL FROM:<f@x>",
        "RCPT TO:<a@example.com>",
        "RCPT TO:<b@example.org>",
        "DATA",
        "QUIT",
    ]
    assert office.letters == [LETTER]
    assert log == ["Remote SMTP server [127.0.0.1]:PORT connected.", "SMTP alert successfully sent."]


@pytest.mark.parametrize(
    ("mail", "subject", "text"),
    [
        (
            of_router("INSTANCE", "V", "FAULT"),
            "VRRP Instance V - Entering FAULT state",
            "VRRP Instance is no longer owning VRRP VIPs",
        ),
        (of_router("INSTANCE", "V", "STOP"), "VRRP Instance V - Stopping", "VRRP Instance stopping"),
        (of_router("INSTANCE", "V", "DELETED"), "VRRP Instance V - Deleted", "VRRP Deleted at reload"),
        (
            of_router("GROUP", "G", "BACKUP"),
            "VRRP Group G - Entering BACKUP state",
            "All VRRP group instances are now in BACKUP state",
        ),
        (of_router("GROUP", "G", "STOP"), "VRRP Group G - Stopping", "All VRRP group instances are now stopping"),
        (of_server("R", "V", "t", up=True), "Realserver R of virtual server V - UP", "t"),
        (of_virtual_server("V", "t", up=False), "Virtualserver V - DOWN", "t"),
    ],
)
def test_subjects_and_texts_are_the_originals(mail: Mail, subject: str, text: str) -> None:
    """Filters of mail programs know them."""
    assert mail == Mail(subject, text)


REFUSED = "Error processing {} cmd on SMTP server [127.0.0.1]:PORT. SMTP status code = {}"


@pytest.mark.parametrize(
    ("office", "failure"),
    [
        (PostOffice(greeting="554 no"), REFUSED.format("(E)SMTP", 554)),
        (PostOffice({"HELO": "502 what"}), REFUSED.format("HELO", 502)),
        (PostOffice({"MAIL": "451 later"}), REFUSED.format("MAIL", 451)),
        (PostOffice({"RCPT": "550 nobody"}), REFUSED.format("RCPT", 550)),
        (PostOffice({"DATA": "554 no"}), REFUSED.format("DATA", 554)),
        (PostOffice({"HELO": "nonsense"}), REFUSED.format("HELO", 0)),
        (PostOffice({"HELO": None}), "Timeout reading data to remote SMTP server [127.0.0.1]:PORT."),
    ],
    ids=["greeting", "helo", "mail", "rcpt", "data", "nonsense", "silence"],
)
def test_a_refusal_is_logged_and_the_mail_is_lost(office: PostOffice, failure: str) -> None:
    """In the original's words, and the server is told good-bye."""
    log = delivered(office, replace(SETTINGS, timeout_s=0.3), MAIL)

    assert failure in log
    assert office.letters == []


def test_a_recipient_who_is_refused_does_not_keep_the_others_from_theirs() -> None:
    """The original sends nobody anything then."""
    office = PostOffice({"RCPT TO:<b@": "550 nobody"})

    log = delivered(office, SETTINGS, MAIL)

    assert len(office.letters) == 1
    assert log[1:] == [REFUSED.format("RCPT", 550), "SMTP alert successfully sent."]


def test_a_server_that_is_not_there_is_logged() -> None:
    """At once where the connection is refused."""
    log = delivered(PostOffice(), replace(SETTINGS, port=1), MAIL)

    assert log == ["SMTP connection ERROR to [127.0.0.1]:1. (Connection refused)"]


def test_a_server_has_a_name_and_several_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    """The next one is tried when one is not there; the host's own name stands where none is given."""
    monkeypatch.setattr(
        "xlvs.keepalived.notices.mailer._addresses", lambda name: ["127.0.0.9", "127.0.0.1"] if name == "m" else []
    )
    monkeypatch.setattr("xlvs.keepalived.notices.mailer._here", lambda: "host.example.net")
    office = PostOffice()

    log = delivered(office, MailSettings("m", ("a@b",)), MAIL)

    user = pwd.getpwuid(os.getuid()).pw_name
    assert office.heard[0][:2] == ["HELO host.example.net", f"MAIL FROM:<{user}@host.example.net>"]
    assert office.subjects == ["[host.example.net] VRRP Instance VI_1 - Entering MASTER state"]
    assert log[0] == "SMTP connection ERROR to [127.0.0.9]:PORT. (Connection refused)"


def test_a_name_that_is_not_known_is_logged_and_asked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """The mail is lost, those after it need not be."""
    known: list[list[str]] = [["127.0.0.1"], []]
    monkeypatch.setattr("xlvs.keepalived.notices.mailer._addresses", lambda _: known.pop())
    console = StringIO()
    office = PostOffice()

    async def run() -> None:
        async with open_office(office):
            log = Log("test", console, to_syslog=False)
            mailer = Mailer(MailSettings("m", ("a@b",), office.port), log)
            for _ in range(2):
                mailer.send(MAIL)
                await mailer.drain(10)

    asyncio.run(run())

    assert console.getvalue().endswith(f": Invalid smtp server m {office.port}\n")
    assert len(office.letters) == 1


def test_replies_of_several_lines_are_one() -> None:
    """Their last line has no hyphen."""
    office = PostOffice({"HELO": "250-me\r\n250-too\r\n250 ok"}, greeting="220-be\r\n220 welcome")

    delivered(office, SETTINGS, MAIL)

    assert len(office.letters) == 1


def test_a_slow_server_delays_nothing_else() -> None:
    """Sending returns at once, and the end does not wait for ever."""

    async def run() -> float:
        async with open_office(PostOffice(greeting=None)) as office:
            begin = time.monotonic()
            mailer = Mailer(replace(SETTINGS, port=office.port), Log("test", to_syslog=False))
            for _ in range(100):
                mailer.send(MAIL)
            await mailer.drain(0.2)
            return time.monotonic() - begin

    assert asyncio.run(run()) < 5


def test_names_cannot_add_headers() -> None:
    """Whatever stands in a text, a mail has one subject."""
    office = PostOffice()

    delivered(office, SETTINGS, of_server("R\r\nBcc: x@y", "V", "t", up=True))

    assert office.subjects == ["[R1] Realserver R  Bcc: x@y of virtual server V - UP"]


SERVER = "smtp_server 192.0.2.1 26\nnotification_email {\na@b\nc@d\n}"
EFFECTS = (
    Effect(
        "global_defs.smtp_server",
        "smtp_server 192.0.2.1 26",
        lambda it: (it.plan.settings.mail.server, it.plan.settings.mail.port),
        ("192.0.2.1", 26),
        beside="notification_email {\na@b\n}",
    ),
    Effect(
        "global_defs.notification_email",
        "notification_email {\na@b\nc@d\n}",
        lambda it: it.plan.settings.mail.recipients,
        ("a@b", "c@d"),
        beside="smtp_server 192.0.2.1",
    ),
    Effect(
        "global_defs.notification_email_from",
        "notification_email_from e@f",
        lambda it: it.plan.settings.mail.sender,
        "e@f",
        beside=SERVER,
    ),
    Effect("global_defs.router_id", "router_id R9", lambda it: it.plan.settings.mail.router_id, "R9", beside=SERVER),
    Effect("global_defs.smtp_helo_name", "smtp_helo_name h", lambda it: it.plan.settings.mail.helo, "h", beside=SERVER),
    Effect(
        "global_defs.smtp_connect_timeout",
        "smtp_connect_timeout 7",
        lambda it: it.plan.settings.mail.timeout_s,
        7.0,
        beside=SERVER,
    ),
    Effect(
        "global_defs.no_email_faults",
        "no_email_faults",
        lambda it: it.plan.settings.mail.faults,
        False,
        beside=SERVER,
    ),
    Effect(
        "global_defs.no_checker_emails",
        "no_checker_emails",
        lambda it: it.plan.settings.mail.each_checker,
        False,
        beside=SERVER,
    ),
)


@pytest.mark.parametrize("effect", rows(EFFECTS))
def test_keyword_changes_the_mails(effect: Effect) -> None:
    """With it the plan has what it says, and without it something else."""
    shows(effect)
