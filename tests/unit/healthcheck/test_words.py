# SPDX-License-Identifier: Apache-2.0
"""The log of each kind of checker, as the original was seen to write it (tests/netns/test_check_twins.py)."""

from __future__ import annotations

from typing import Any

import pytest

from xlvs.healthcheck.checker import Checker
from xlvs.healthcheck.probe import (
    DnsProbe,
    Endpoint,
    FileProbe,
    HttpProbe,
    Kind,
    MiscProbe,
    PingProbe,
    Probe,
    ProbeResult,
    SmtpProbe,
    TcpProbe,
    UdpProbe,
)
from xlvs.healthcheck.settings import CheckerSettings

END = Endpoint(bytes((10, 0, 0, 1)), 80)
NAME = "[10.0.0.1]:tcp:80"
VS = "[192.0.2.1]:tcp:80"
CHECK = f"Misc check for [{NAME} VS {VS}] by [/bin/check]"
PROBES: dict[Kind, Probe] = {
    Kind.TCP: TcpProbe(END),
    Kind.HTTP: HttpProbe(END, "/a", "host"),
    Kind.SMTP: SmtpProbe(END),
    Kind.DNS: DnsProbe(END),
    Kind.UDP: UdpProbe(END),
    Kind.PING: PingProbe(END),
    Kind.MISC: MiscProbe(("/bin/check", "-x"), 1),
    Kind.FILE: FileProbe("f"),
}


def log(kind: Kind, results: str, said: str, *, retry: int = 1, every: bool = False, good: str = "") -> list[str]:
    """What a checker says to + and -, failures being of this phrase."""
    settings = CheckerSettings(kind, NAME, (PROBES[kind],), retry=retry, log_all_failures=every, track="load")
    checker = Checker(settings, VS)
    lines: list[str] = []
    for each in results:
        lines += checker.conclude(ProbeResult(each == "+", said=good if each == "+" else said), 0).notes
    return lines


SUCCESS = "TCP connection to [10.0.0.1]:tcp:80 success."
WEB = f"Remote Web server {NAME} succeed on service."


@pytest.mark.parametrize(
    ("kind", "results", "said", "options", "expected"),
    [
        (Kind.TCP, "++", "", {}, [SUCCESS]),
        (Kind.TCP, "-", "failed", {}, [f"TCP_CHECK on service {NAME} failed."]),
        (Kind.TCP, "+--", "failed", {}, [SUCCESS, f"TCP_CHECK on service {NAME} failed after 1 retries."]),
        (
            Kind.TCP,
            "+----",
            "timeout",
            {"every": True},
            [
                SUCCESS,
                *[f"TCP connection to {NAME} timeout."] * 2,
                f"TCP_CHECK on service {NAME} failed after 1 retries.",
            ],
        ),
        (Kind.TCP, "+-", "", {"every": True}, [SUCCESS]),
        (Kind.HTTP, "+", "", {}, [WEB]),
        (Kind.HTTP, "-", "", {}, [f"HTTP_CHECK on service {NAME} failed after 1 retries."]),
        (Kind.HTTP, "-", "", {"retry": 0}, [f"HTTP_CHECK on service {NAME} failed."]),
        (
            Kind.HTTP,
            "-++",
            "Regex match failed",
            {"retry": 0, "every": True, "good": "Regex match"},
            [
                f"Regex match failed server {NAME}.",
                f"HTTP_CHECK on service {NAME} failed.",
                *[f"Regex match success to {NAME} url(/a)"] * 2,
                WEB,
            ],
        ),
        (Kind.SMTP, "+-", "Read failure from", {}, [f"Remote SMTP server {NAME} succeed on service."]),
        (Kind.SMTP, "--", "Read failure from", {}, ["SMTP_CHECK Read failure from server [10.0.0.1]:80"]),
        (
            Kind.SMTP,
            "-",
            "Network unreachable for",
            {"retry": 0},
            ["SMTP_CHECK Network unreachable for server 10.0.0.1 - real server [10.0.0.1]:80"],
        ),
        (Kind.DNS, "+-", "", {}, []),
        (Kind.DNS, "-", "read timeout from socket", {}, [f"DNS_CHECK ({NAME}) read timeout from socket"]),
        (
            Kind.DNS,
            "+--",
            "read error occurred. (rcode = 2)",
            {},
            [f"DNS_CHECK ({NAME}) read error occurred. (rcode = 2) after 1 retries"],
        ),
        (Kind.UDP, "-", "failed", {}, [f"UDP_CHECK on service {NAME} failed."]),
        (
            Kind.UDP,
            "-",
            "mismatch",
            {"every": True},
            [f"UDP check to {NAME} reply data mismatch.", f"UDP_CHECK on service {NAME} failed."],
        ),
        (
            Kind.PING,
            "+--",
            "timeout",
            {},
            [f"ICMP connection to {NAME} success.", f"ICMP CHECK on service {NAME} of {VS} failed after 1 retries."],
        ),
        (Kind.MISC, "+-", "failed (exited with status 3)", {}, [f"{CHECK} succeeded."]),
        (
            Kind.MISC,
            "+---+",
            "failed (exited with status 3)",
            {"retry": 2, "every": True},
            [
                f"{CHECK} succeeded.",
                f"{CHECK} failed, will do 2 retries (exited with status 3).",
                f"{CHECK} failed on retry 1/2 (exited with status 3).",
                f"{CHECK} failed after 2 retries (exited with status 3).",
                f"{CHECK} succeeded.",
            ],
        ),
        (Kind.MISC, "-", "timed out", {"retry": 0}, [f"{CHECK} timed out with retry disabled."]),
        (
            Kind.FILE,
            "+-+",
            "",
            {"retry": 0},
            [f"({NAME}): tracked file load now FAULT state", f"({NAME}): tracked file load leaving FAULT state"],
        ),
    ],
)
def test_the_log_is_the_originals(
    kind: Kind, results: str, said: str, options: dict[str, Any], expected: list[str]
) -> None:
    """First results, retries, verdicts; while a server is down it is not told again."""
    assert log(kind, results, said, **options) == expected
