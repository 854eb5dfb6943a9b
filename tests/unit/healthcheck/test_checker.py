# SPDX-License-Identifier: Apache-2.0
"""One checker: from results to verdicts, row by row of its table."""

from __future__ import annotations

import pytest

from tests.unit.healthcheck.world import http, tcp
from xlvs.healthcheck.checker import Checker
from xlvs.healthcheck.probe import SECOND_US, Endpoint, HttpProbe, Kind, PingProbe, ProbeResult, SmtpProbe
from xlvs.healthcheck.settings import CheckerSettings

PING = CheckerSettings(Kind.PING, "s", (PingProbe(Endpoint(bytes(4), 0)),), interval_us=6 * SECOND_US, retry=2)
SMTP = CheckerSettings(Kind.SMTP, "s", (SmtpProbe(Endpoint(bytes(4), 25)),), interval_us=6 * SECOND_US, retry=1)


def follow(settings: CheckerSettings, results: str) -> str:
    """Feed + and -; gives for each result the verdict after it and the wait in seconds: u6 d6 ..."""
    checker = Checker(settings)
    found = []
    for result in results:
        conclusion = checker.conclude(ProbeResult(result == "+"), 0)
        found.append(f"{'d' if checker.failed else 'u'}{conclusion.wait_us // SECOND_US}")
    return " ".join(found)


@pytest.mark.parametrize(
    ("what", "settings", "results", "expected"),
    [
        ("the first failure of all decides", tcp(1, retry=3), "-", "d6"),
        ("later ones are retried", tcp(1, retry=2), "+---", "u6 u1 u1 d6"),
        ("a success between them begins the count anew", tcp(1, retry=2), "+--+--", "u6 u1 u1 u6 u1 u1"),
        ("without retries the first decides", tcp(1, retry=0), "+-", "u6 d6"),
        ("one success brings it back", tcp(1, retry=2), "-+", "d6 u6"),
        ("TCP keeps its rhythm while down", tcp(1, retry=2), "-------", "d6 d1 d1 d6 d1 d1 d6"),
        ("ping does not", PING, "----", "d6 d6 d6 d6"),
        ("ping retries while up", PING, "+---+", "u6 u1 u1 d6 u6"),
        ("alpha waits for the first success", tcp(1, alpha=True, retry=0), "-+", "d6 u6"),
        ("HTTP has one retry after 3 s", http(1, ("/",)), "+--", "u6 u3 d6"),
        ("HTTP down waits at least the retry delay", http(1, ("/",), interval_us=SECOND_US), "+--", "u1 u3 d3"),
        ("one URL comes back when it was good twice", http(1, ("/",)), "-++", "d6 d6 u6"),
        ("alpha comes with the first pass", http(1, ("/",), alpha=True), "+", "u6"),
        ("the first pass has no retries", http(1, ("/a", "/b")), "+-", "u6 d6"),
        ("a good URL gives the next all retries", http(1, ("/a", "/b")), "++-+--", "u6 u6 u3 u6 u3 d6"),
        ("SMTP is asked again at once from the start", SMTP, "--", "u1 d6"),
        ("several URLs are all asked again", http(1, ("/a", "/b")), "-+++", "d6 d6 d6 u6"),
        ("a failure on the way begins it anew", http(1, ("/a", "/b")), "-++-+++", "d6 d6 d6 d6 d6 d6 u6"),
        ("fast recovery leaves out the pauses", http(1, ("/a", "/b"), fast_recovery=True), "-+++", "d6 d0 d0 u6"),
        ("alpha asks all URLs once", http(1, ("/a", "/b"), alpha=True), "++", "d6 u6"),
    ],
)
def test_results_make_verdicts(what: str, settings: CheckerSettings, results: str, expected: str) -> None:
    """Each row of the table in the module's docstring, and its edges."""
    assert follow(settings, results) == expected, what


def test_one_url_is_asked_a_time() -> None:
    """URLs take turns while up; while down the one that failed is asked, then all from the first."""
    checker = Checker(http(1, ("/a", "/b", "/c"), retry=0))
    asked = []
    for ok in (True, True, True, True, False, False, True, True, True, True, True):
        assert isinstance(checker.probe, HttpProbe)
        asked.append(checker.probe.path)
        checker.conclude(ProbeResult(ok), 0)
    assert asked == ["/a", "/b", "/c", "/a", "/b", "/b", "/b", "/a", "/b", "/c", "/a"]
