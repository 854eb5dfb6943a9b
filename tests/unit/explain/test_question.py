# SPDX-License-Identifier: Apache-2.0
"""The packet that is asked about, from the words of a command line."""

import pytest

from xlvs.explain.main import _parser, question
from xlvs.explain.question import ICMP, ICMPV6, SCTP, TCP, End, Question
from xlvs.model.address import parse_ipv6
from xlvs.model.errors import UsageError

CLIENT, VIRTUAL = End(bytes((192, 168, 20, 1)), 51184), End(bytes((192, 168, 20, 129)), 80)


def asked(line: str) -> Question:
    """The question of a command line."""
    return question(_parser().parse_args(line.split()))


def test_a_syn_is_what_is_asked_about_unless_told_otherwise() -> None:
    """Protocol and ends are enough."""
    assert asked("tcp 192.168.20.1:51184 192.168.20.129:80") == Question(TCP, CLIENT, VIRTUAL, flags=2)


@pytest.mark.parametrize(("letters", "flags"), [("S", 2), ("SA", 18), ("fa", 17), ("R", 4), ("-", 0)])
def test_flags_are_letters(letters: str, flags: int) -> None:
    """As tcpdump writes them, in any case; a dash for none."""
    assert asked(f"tcp 192.168.20.1:51184 192.168.20.129:80 --flags={letters}").flags == flags


def test_ipv6_has_brackets() -> None:
    """Where a port follows."""
    found = asked("sctp [2001:db8::7]:4000 [2001:db8::80]:53 --chunk COOKIE_ECHO")
    assert found.source == End(parse_ipv6("2001:db8::7") or b"", 4000)
    assert (found.protocol, found.chunk) == (SCTP, 10)


@pytest.mark.parametrize(
    ("line", "protocol", "message"),
    [
        ("icmp 10.0.0.1 10.0.0.2", ICMP, (8, 0)),
        ("icmp 2001:db8::1 2001:db8::2", ICMPV6, (128, 0)),
        ("icmp 10.0.0.1 10.0.0.2 --about tcp 10.0.0.2:1 10.0.0.3:80", ICMP, (3, 3)),
        ("icmp 10.0.0.1 10.0.0.2 --type too-big --about tcp 10.0.0.2:1 10.0.0.3:80", ICMP, (3, 4)),
        ("icmp 2001:db8::1 2001:db8::2 --type time-exceeded", ICMPV6, (3, 0)),
    ],
)
def test_icmp_is_of_its_addresses_family(line: str, protocol: int, message: tuple[int, int]) -> None:
    """An error where it is about a packet, else an echo request."""
    found = asked(line)
    assert (found.protocol, found.message) == (protocol, message)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("tcp 192.168.20.1 192.168.20.129:80", "is not an address with a port"),
        ("tcp 192.168.20.1: 192.168.20.129:80", "has no port from 1 to 65535"),
        ("tcp 192.168.20.1:70000 192.168.20.129:80", "has no port from 1 to 65535"),
        (f"tcp 192.168.20.1:{'1' * 5000} 192.168.20.129:80", "has no port from 1 to 65535"),
        ("tcp 2001:db8::1:80 [2001:db8::2]:80", "is not an address with a port"),
        ("tcp 192.168.20.1:1 [2001:db8::2]:80", "different families"),
        ("tcp host:1 192.168.20.129:80", "is not an address with a port"),
        ("icmp 192.168.20.1:1 192.168.20.129", "is not an address"),
        ("tcp 192.168.20.1:1 192.168.20.129:80 --flags X", "are not TCP flags"),
        ("tcp 192.168.20.1:1 192.168.20.129:80 --type echo", "are for icmp"),
        ("udp 192.168.20.1:1 192.168.20.129:80 --flags SA", "--flags is for tcp"),
        ("tcp 192.168.20.1:1 192.168.20.129:80 --chunk INIT", "--chunk is for sctp"),
        ("icmp 10.0.0.1 10.0.0.2 --about icmp 10.0.0.2 10.0.0.3", "not 'icmp'"),
        ("icmp 10.0.0.1 10.0.0.2 --about tcp [::1]:1 [::2]:80", "another family"),
    ],
)
def test_what_is_wrong_is_said_with_what_is_right(line: str, said: str) -> None:
    """In one sentence."""
    with pytest.raises(UsageError, match=said):
        asked(line)


def test_data_that_is_no_text_stays_as_it_is() -> None:
    """What Python makes of the bytes of a command line that are no UTF-8."""
    assert asked("udp 10.0.0.1:1 10.0.0.2:53 --data \udcff\\r").data == b"\xff\r"


def test_it_is_told_in_a_line() -> None:
    """What it says goes with its ends."""
    assert str(asked("tcp 192.168.20.1:51184 192.168.20.129:80 --flags SA")) == (
        "tcp 192.168.20.1:51184 -> 192.168.20.129:80, flags SA"
    )
    assert str(asked("icmp 10.0.0.1 10.0.0.2 --about udp 10.0.0.2:1 10.0.0.3:53")) == (
        "icmp 10.0.0.1 -> 10.0.0.2, port-unreachable about udp 10.0.0.2:1 -> 10.0.0.3:53"
    )
