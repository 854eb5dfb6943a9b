# SPDX-License-Identifier: Apache-2.0
"""What `xlvs status` prints."""

from dataclasses import replace

from tests.unit.control.test_findings import ETH0, GOOD
from xlvs.control.finding import Finding
from xlvs.control.status import advice, describe, report


def test_the_report_of_a_good_director() -> None:
    """Programs, interfaces, tables, packets."""
    assert list(report(GOOD, GOOD.lines)) == [
        "director     programs 1 (tc), 2 (XDP); clock runs",
        "interfaces   eth0  tc (tcx) + XDP native",
        "services     1 of 100",
        "destinations 2 of 100",
        "connections  3 of 100",
        "memory       1 MiB",
        "packets      forward 7",
        "views        ip_vs ip_vs_conn ip_vs_conn_sync ip_vs_stats ip_vs_stats_percpu",
    ]


def test_a_host_without_director_still_has_interfaces() -> None:
    """Where one could attach."""
    lines = (replace(ETH0, tc="", xdp=""), replace(ETH0, name="br0p1", tc="", xdp="", suitable=False))

    assert list(report(None, lines)) == [
        "director     none",
        "interfaces   eth0   not attached",
        "             br0p1  not attached, not Ethernet or part of another",
    ]


def test_an_interface_with_an_old_program_says_so() -> None:
    """After an upgrade that did not reach it."""
    assert describe(replace(ETH0, xdp="", current=False)) == "tc (tcx), older program"


def test_advice_has_colours_only_where_they_are_wanted() -> None:
    """A log is no terminal."""
    found = [Finding("it is broken", "`mend it`")]

    assert list(advice(found, colours=False)) == ["! it is broken", "    `mend it`"]
    assert next(advice(found, colours=True)) == "\033[31m!\033[0m it is broken"


def test_what_is_only_worth_knowing_is_no_lack() -> None:
    """It is not grave."""
    found = [Finding("a note", "nothing to do", grave=False)]

    assert list(advice(found, colours=False)) == ["nothing is missing; worth knowing:", "- a note", "    nothing to do"]
