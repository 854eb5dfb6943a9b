# SPDX-License-Identifier: Apache-2.0
"""FIFO lines and scripts of changes, in the original's words."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.unit.healthcheck.world import server, virtual_server
from xlvs.healthcheck.checker import Checker
from xlvs.healthcheck.effects import Cause, CheckerChanged, QuorumChanged, ServerChanged
from xlvs.healthcheck.probe import BfdProbe, Endpoint, Kind, ProbeResult, SmtpProbe
from xlvs.healthcheck.settings import CheckerSettings, Hook
from xlvs.keepalived.checks.check_mail import mail_of
from xlvs.keepalived.checks.check_notify import fifo_line, hook_of
from xlvs.keepalived.notices.mail import Mail, MailSettings

SERVER = replace(server(1), notify_up=Hook(("/bin/up", "a")), notify_down=Hook(("/bin/down", "x")))
VIRTUAL = virtual_server(SERVER, quorum_up=Hook(("/bin/gained",)))


def checker_changed(settings: CheckerSettings = SERVER.checkers[0], said: str = "", *, up: bool) -> CheckerChanged:
    """A checker of the one server has another verdict."""
    result = ProbeResult(ok=up, said=said)
    return CheckerChanged(VIRTUAL, SERVER, Checker(settings), up, result, server_up=up, decisive=True)


@pytest.mark.parametrize(
    ("change", "line", "command"),
    [
        (
            ServerChanged(VIRTUAL, SERVER, up=True),
            "RS [10.0.0.1]:tcp:80 [192.0.2.1]:tcp:80 UP",
            ("/bin/up", "a"),
        ),
        (ServerChanged(VIRTUAL, SERVER, up=False), "RS [10.0.0.1]:tcp:80 [192.0.2.1]:tcp:80 DOWN", ("/bin/down", "x")),
        (QuorumChanged(VIRTUAL, up=True), "VS [192.0.2.1]:tcp:80 UP", ("/bin/gained",)),
        (QuorumChanged(VIRTUAL, up=False), "VS [192.0.2.1]:tcp:80 DOWN", ()),
        (checker_changed(up=False), "", ()),
    ],
)
def test_changes_are_told(
    change: CheckerChanged | ServerChanged | QuorumChanged, line: str, command: tuple[str, ...]
) -> None:
    """A line for servers and services, the script that is configured for it."""
    hook = hook_of(change)
    assert (fifo_line(change), hook.command if hook else ()) == (line, command)


ABOUT = "Realserver [10.0.0.1]:tcp:80 of virtual server [192.0.2.1]:tcp:80"
FAILED = "Could not connect to server [10.0.0.1]:25"
MAILED = replace(VIRTUAL, mail=True, quorum=2, hysteresis=1)
SETTINGS = MailSettings("192.0.2.9", ("a@b",))


@pytest.mark.parametrize(("up", "word"), [(True, "succeeded"), (False, "failed")])
def test_a_session_is_mailed_with_its_name(up: bool, word: str) -> None:
    """That of the bfd_instance."""
    change = checker_changed(CheckerSettings(Kind.BFD, SERVER.name, (BfdProbe("peer"),)), up=up)

    assert mail_of(change, SETTINGS) == Mail(f"{ABOUT} - {'UP' if up else 'DOWN'}", f"BFD CHECK peer {word} on service")


@pytest.mark.parametrize(
    ("kind", "up", "said", "text"),
    [
        (Kind.TCP, True, "", "TCP CHECK succeed on service"),
        (Kind.TCP, False, "", "TCP CHECK failed on service"),
        (Kind.UDP, True, "", "UDP CHECK succeed on service"),
        (Kind.UDP, False, "", "UDP CHECK failed on service"),
        (Kind.PING, True, "", "ICMP CHECK succeed on service"),
        (Kind.PING, False, "", "ICMP CHECK failed on service"),
        (Kind.DNS, True, "", "DNS_CHECK: succeed on service"),
        (Kind.DNS, False, "", "DNS_CHECK: failed on service"),
        (Kind.HTTP, True, "", "CHECK succeed on service"),
        (Kind.HTTP, False, "", "CHECK failed on service : HTTP request failed"),
        (Kind.SMTP, True, "", "CHECK succeed on service"),
        (Kind.SMTP, False, "Could not connect to", f"CHECK failed on service : {FAILED}"),
        (Kind.MISC, True, "", "MISC CHECK succeeded on service"),
        (Kind.MISC, False, "", "MISC CHECK failed on service"),
        (Kind.MISC, False, "timed out", "MISC CHECK timed out on service"),
    ],
)
def test_a_checker_is_mailed_in_the_originals_words(kind: Kind, up: bool, said: str, text: str) -> None:
    """As the real Keepalived 2.2.7 writes it, kind by kind."""
    settings = replace(SERVER.checkers[0], kind=kind)
    if kind is Kind.SMTP:
        settings = replace(settings, probes=(SmtpProbe(Endpoint(bytes((10, 0, 0, 1)), 25)),))
    change = checker_changed(settings, said, up=up)

    assert mail_of(change, SETTINGS) == Mail(f"{ABOUT} - {'UP' if up else 'DOWN'}", text)


def test_a_mail_about_a_checker_says_how_its_server_is() -> None:
    """One of two is well again: the server is down still. With no_checker_emails that is not worth a mail."""
    change = replace(checker_changed(up=True), server_up=False, decisive=False)

    assert mail_of(change, SETTINGS) == Mail(f"{ABOUT} - DOWN", "TCP CHECK succeed on service")
    assert mail_of(change, replace(SETTINGS, each_checker=False)) is None


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (QuorumChanged(MAILED, up=True, weight=9, starting=True), "UP: Starting with quorum up 2+1=3 <= 9"),
        (QuorumChanged(MAILED, up=True, weight=3), "UP: Gained quorum 2+1=3 <= 3"),
        (QuorumChanged(MAILED, up=False, weight=0), "DOWN: Lost quorum 2+1=1 <= 0"),
    ],
)
def test_a_quorum_is_mailed_with_the_originals_sum(change: QuorumChanged, text: str) -> None:
    """The original writes a plus and <= whichever way it went."""
    word, _, text = text.partition(": ")
    assert mail_of(change, SETTINGS) == Mail(f"Virtualserver [192.0.2.1]:tcp:80 - {word}", text)


@pytest.mark.parametrize(("cause", "text"), [(Cause.REMOVED, "Removing"), (Cause.ENDING, "Shutting down")])
def test_a_server_that_goes_is_mailed(cause: Cause, text: str) -> None:
    """By a reload, or at the end with omega."""
    change = ServerChanged(VIRTUAL, SERVER, up=False, cause=cause)

    assert mail_of(change, SETTINGS) == Mail(f"{ABOUT} - DOWN", text)


def test_nobody_is_mailed_who_does_not_want_to_know() -> None:
    """smtp_alert of the real server, and of the virtual server, whose default is off."""
    silent = replace(checker_changed(up=True), server=replace(SERVER, mail=False))

    assert mail_of(silent, SETTINGS) is None
    assert mail_of(QuorumChanged(VIRTUAL, up=True), SETTINGS) is None
