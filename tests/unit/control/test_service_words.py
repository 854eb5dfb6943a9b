# SPDX-License-Identifier: Apache-2.0
"""What a service has of its own, in words."""

from __future__ import annotations

from argparse import ArgumentTypeError

import pytest

from xlvs.control import service, service_words
from xlvs.control.connection_words import service as read_service
from xlvs.model.policy import NO_POLICY, Fate, ServicePolicy
from xlvs.model.settings import Timeouts

KEY = read_service("tcp:10.0.0.1:80")
POLICY = ServicePolicy(tcp_s=60, udp_s=9, on_removed=Fate.KEEP, on_quiesced=Fate.RESET, no_toa=True)


@pytest.mark.parametrize(
    ("text", "seconds"), [("default", 0), ("1", 1), ("31d", None), ("12h", 43200), ("744h", 2678400)]
)
def test_a_timeout_is_whole_seconds_up_to_31_days(text: str, seconds: int | None) -> None:
    """As ipvsadm's --set."""
    if seconds is None:
        with pytest.raises(ArgumentTypeError):
            service_words.timeout(text)
    else:
        assert service_words.timeout(text) == seconds


@pytest.mark.parametrize("text", ["0", "0.5", "2678401", "745h", "-1", ""])
def test_another_timeout_is_refused(text: str) -> None:
    """0 would be none."""
    with pytest.raises(ArgumentTypeError, match="not a time"):
        service_words.timeout(text)


def test_the_command_that_makes_it_anew_makes_it() -> None:
    """Read by the command itself."""
    text = service_words.command(KEY, POLICY)
    options = service.parser().parse_args(text.split()[2:])

    assert text == (
        "xlvs service set tcp:10.0.0.1:80 --timeout-tcp 60 --timeout-udp 9 --on-removed keep --on-quiesced reset --toa off"
    )
    assert options.words == ["tcp:10.0.0.1:80"]
    assert (options.tcp_s, options.tcp_fin_s, options.udp_s) == (60, None, 9)
    assert (options.on_removed, options.on_quiesced, options.no_toa) == (Fate.KEEP, Fate.RESET, True)


def test_a_table_tells_the_services_own_from_the_directors() -> None:
    """In brackets."""
    title, line, other = service_words.report([(KEY, POLICY), (read_service("fwm:7"), NO_POLICY)], Timeouts())

    assert title.split() == ["service", "tcp", "tcpfin", "udp", "on-removed", "on-quiesced", "toa"]
    assert line.split() == ["tcp:10.0.0.1:80", "60", "(120)", "9", "keep", "reset", "off"]
    assert other.split() == ["fwm:7", "(900)", "(120)", "(300)", "(default)", "(default)", "on"]


def test_programs_get_what_is_in_force() -> None:
    """And which of it is the service's own."""
    assert service_words.as_json(KEY, POLICY, Timeouts()) == {
        "service": "tcp:10.0.0.1:80",
        "timeouts_s": {"tcp": 60, "tcpfin": 120, "udp": 9},
        "own": ["tcp", "udp"],
        "on_removed": "keep",
        "on_quiesced": "reset",
        "toa": False,
    }


@pytest.mark.parametrize(("text", "meant"), [("on", False), ("off", True)])
def test_the_option_of_full_nat_is_on_or_off(text: str, meant: bool) -> None:
    """As options say it."""
    assert service_words.no_toa(text) is meant


def test_the_option_of_full_nat_is_nothing_else() -> None:
    """A word that is close is refused."""
    with pytest.raises(ArgumentTypeError, match="neither on nor off"):
        service_words.no_toa("yes")
