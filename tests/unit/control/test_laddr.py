# SPDX-License-Identifier: Apache-2.0
"""What `xlvs laddr` and `xlvs realserver toa` read, refuse and print."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError
from typing import TYPE_CHECKING, Final

import pytest

from xlvs.control import laddr_words, realserver_toa
from xlvs.control.laddr import main
from xlvs.linux import capability
from xlvs.model.address import Family
from xlvs.model.errors import PermissionDenied, UsageError
from xlvs.model.local_address import LocalAddress, LocalAddressView, ports_beside
from xlvs.model.service import Protocol, ServiceKey, mark_service_key
from xlvs.realserver.sources import Source, read, shown

if TYPE_CHECKING:
    from collections.abc import Callable

VIP: Final = b"\x0a\x00\x00\x01"
VIP6: Final = bytes.fromhex("20010db8") + bytes(11) + b"\x01"
WEB: Final = ServiceKey(Protocol.TCP, Family.IPV4, VIP, 80)
DNS: Final = ServiceKey(Protocol.UDP, Family.IPV6, VIP6, 53)
LOCAL: Final = b"\xc0\xa8\x0a\x05"


@pytest.mark.parametrize(
    ("read_word", "text", "expected"),
    [
        (laddr_words.address, "192.168.10.5", LOCAL),
        (laddr_words.address, "2001:db8::1", VIP6),
        (laddr_words.ports, "1024-65535", (1024, 65535)),
        (laddr_words.ports, "4000", (4000, 4000)),
    ],
)
def test_words_that_are_read(read_word: Callable[[str], object], text: str, expected: object) -> None:
    """Numbers and packed addresses."""
    assert read_word(text) == expected


@pytest.mark.parametrize(
    ("read_word", "text"),
    [
        (laddr_words.address, "10.0.0"),
        (laddr_words.address, "host"),
        (laddr_words.ports, "0-5"),
        (laddr_words.ports, "9-5"),
        (laddr_words.ports, "1-65536"),
        (laddr_words.ports, ""),
        *(
            (laddr_words.address, each)
            for each in ("0.0.0.0", "127.0.0.1", "224.0.0.1", "255.255.255.255", "::", "::1", "ff02::1")
        ),
    ],
)
def test_words_that_are_refused(read_word: Callable[[str], object], text: str) -> None:
    """With a message that shows the form."""
    with pytest.raises(ArgumentTypeError):
        read_word(text)


def test_the_listing_and_its_commands() -> None:
    """Sorted by service; each command makes its row anew."""
    views = [
        LocalAddressView(LocalAddress(DNS, VIP6, 1024, 2047), 3),
        LocalAddressView(LocalAddress(WEB, LOCAL), 0),
        LocalAddressView(LocalAddress(mark_service_key(7, Family.IPV6), VIP6, 5, 5), 1),
    ]
    rows = laddr_words.rows(views)

    assert list(laddr_words.table(rows)) == [
        "service               local address  ports       connections",
        "fwm6:7                2001:db8::1    5-5         1",
        "tcp:10.0.0.1:80       192.168.10.5   1024-65535  0",
        "udp:[2001:db8::1]:53  2001:db8::1    1024-2047   3",
    ]
    assert [row.command() for row in rows] == [
        "xlvs laddr add fwm6:7 --ports 5-5 --routed 2001:db8::1",
        "xlvs laddr add tcp:10.0.0.1:80 --ports 1024-65535 --routed 192.168.10.5",
        "xlvs laddr add udp:[2001:db8::1]:53 --ports 1024-2047 --routed 2001:db8::1",
    ]
    assert rows[1].as_json() == {
        "service": "tcp:10.0.0.1:80",
        "address": "192.168.10.5",
        "first_port": 1024,
        "last_port": 65535,
        "connections": 0,
    }


def test_an_empty_listing_says_what_to_do() -> None:
    """One line."""
    (line,) = laddr_words.table([])

    assert "xlvs laddr add" in line


@pytest.mark.parametrize(
    ("ephemeral", "expected"),
    [(32768, (1024, 32767)), (1024, (1024, 65535)), (2048, (1024, 65535)), (2049, (1024, 2048))],
)
def test_ports_keep_clear_of_the_hosts_own(ephemeral: int, expected: tuple[int, int]) -> None:
    """Unless that leaves too few."""
    assert ports_beside(ephemeral) == expected


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("-t 10.0.0.1:80 2001:db8::1", "family"),
        ("tcp:10.0.0.1:80 --routed 2001:db8::1", "family"),
        ("-f 7 -6 10.0.0.1", "family"),
        ("10.0.0.1", "not a service"),
        ("-t 10.0.0.1:80 -6 2001:db8::1", "-6 goes with -f"),
        ("tcp:10.0.0.1:80", "which local addresses"),
        ("tcp:10.0.0.1:80 10.0.0.300", "10.0.0.300"),
    ],
)
@pytest.mark.parametrize("verb", ["add", "del"])
def test_wrong_words_are_refused(verb: str, words: str, expected: str) -> None:
    """Before anything is opened; the service is written as other commands have it, options anywhere."""
    if verb == "del" and "--routed" in words:
        words = words.replace("--routed ", "")
    with pytest.raises(UsageError, match=expected):
        main([verb, *words.split()])


@pytest.mark.parametrize("argv", ["list more", "list --more", "add --more tcp:10.0.0.1:80 10.0.0.9"])
def test_what_is_no_word_of_it_is_a_usage_error(argv: str, capsys: pytest.CaptureFixture[str]) -> None:
    """As argparse words it."""
    with pytest.raises(SystemExit, match="2"):
        main(argv.split())
    assert "unrecognized arguments" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("192.168.10.5", [Source(LOCAL, 32)]),
        ("192.168.10.5/24,2001:db8::1", [Source(LOCAL, 24), Source(VIP6, 128)]),
        ("[2001:db8::1]/64", [Source(VIP6, 64)]),
    ],
)
def test_trusted_directors(text: str, expected: list[Source]) -> None:
    """Addresses and networks."""
    assert read(text) == expected


@pytest.mark.parametrize("text", ["", "host", "10.0.0.1/33", "2001:db8::/129", "10.0.0.1/", "10.0.0.1,,"])
def test_what_is_no_trusted_director(text: str) -> None:
    """Refused with its form."""
    with pytest.raises(UsageError, match="network"):
        read(text)


def test_a_network_is_shown_with_its_length() -> None:
    """A single address without."""
    assert [shown(each) for each in read("10.0.0.0/8,10.0.0.1")] == ["10.0.0.0/8", "10.0.0.1"]


@pytest.mark.parametrize("word", ["--off", "--status", "--from=10.0.0.1"])
def test_who_may_not_look_is_not_told_that_it_is_off(word: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The pins are root's: to others it would look as if there were none."""

    def refuse(operation: str) -> None:
        raise PermissionDenied(operation)

    monkeypatch.setattr(capability, "require_rights", refuse)
    parser = ArgumentParser()
    realserver_toa.add_options(parser)
    with pytest.raises(PermissionDenied, match="reading the client's address"):
        realserver_toa.run(parser.parse_args([word]))
