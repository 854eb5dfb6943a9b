# SPDX-License-Identifier: Apache-2.0
"""How scenes judge what they see."""

import pytest

from xlvs.lab.play import alternates, numbers
from xlvs.lab.terminal import prompt, remark

STATS = """\
IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port               Conns   InPkts  OutPkts  InBytes OutBytes
  -> RemoteAddress:Port
TCP  192.168.20.129:80                   6       36       30     2232     2790
  -> 192.168.10.134:80                   3       18       15     1116     1395
"""


@pytest.mark.parametrize(
    ("pages", "right"),
    [
        (["a", "b", "a", "b"], True),
        (["b", "a", "b"], True),
        (["a", "a", "b", "b"], False),
        (["a", "b", "b", "a"], False),
        (["a", "a"], False),
        (["a", "c"], False),
    ],
)
def test_alternating_means_each_in_its_turn(pages: list[str], *, right: bool) -> None:
    """Whoever is first, the order then stays."""
    assert alternates(pages, ["a", "b"]) == right


def test_the_counters_of_a_service_are_read_from_its_line() -> None:
    """Those of its destinations have lines of their own."""
    assert numbers(STATS, "192.168.20.129:80") == [6, 36, 30, 2232, 2790]


def test_a_service_that_is_not_listed_has_no_counters() -> None:
    """So that a check on it fails."""
    assert numbers(STATS, "192.168.20.130:80") == []


def test_commands_are_shown_as_typed() -> None:
    """Without a terminal there is no colour."""
    assert prompt("director", "ipvsadm -L -n", colour=False) == "[director]# ipvsadm -L -n"
    assert remark("done", colour=False) == "-- done"


def test_colour_wraps_the_same_words() -> None:
    """A person sees prompt and command apart."""
    shown = prompt("director", "ipvsadm -L -n", colour=True)

    assert "[director]#" in shown
    assert shown.endswith("ipvsadm -L -n\x1b[0m")
