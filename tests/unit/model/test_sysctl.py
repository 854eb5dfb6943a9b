# SPDX-License-Identifier: Apache-2.0
"""Settings are read as the kernel reads them."""

from __future__ import annotations

import pytest

from xlvs.model.errors import InvalidArgument, NoSuchSetting
from xlvs.model.sysctl import SYSCTLS, format_values, parse_values, sysctl_of


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("5", 5),
        (" 6", 6),
        ("7 ", 7),
        ("8 9", 8),
        ("010", 8),
        ("0x10", 16),
        ("0X1F", 31),
        ("-5", -5),
        ("00", 0),
        ("-0", 0),
    ],
)
def test_integers_are_in_c_notation(text: str, value: int) -> None:
    """Surplus words are ignored."""
    assert parse_values("conn_reuse_mode", text, (1,)) == (value,)


@pytest.mark.parametrize(
    "text",
    ["", " ", "+5", "--5", "x", "5x", "1.5", "08", "0x", "5,6", "- 5", "1_0", "2147483648", "-2147483649", "\u0665"],
)
def test_what_is_no_integer_is_refused(text: str) -> None:
    """Of 32 bits."""
    with pytest.raises(InvalidArgument):
        parse_values("conn_reuse_mode", text, (1,))


@pytest.mark.parametrize(
    ("text", "values"),
    [("3 50", (3, 50)), ("3\t51", (3, 51)), ("7", (7, 40)), ("0 0", (0, 0)), ("5 0", (5, 0)), ("1 2 3", (1, 2))],
)
def test_a_pair_may_be_given_in_part(text: str, values: tuple[int, int]) -> None:
    """The second keeps its value then."""
    assert parse_values("sync_threshold", text, (3, 40)) == values


@pytest.mark.parametrize("text", ["50 50", "60", "-1 5", "2 -1", "6 5", "x 7"])
def test_a_threshold_stays_below_its_period(text: str) -> None:
    """Unless there is no period."""
    with pytest.raises(InvalidArgument):
        parse_values("sync_threshold", text, (3, 50))


@pytest.mark.parametrize(
    ("name", "taken", "refused"),
    [
        ("drop_entry", (0, 1, 3), (-1, 4)),
        ("secure_tcp", (0, 1, 3), (-1, 4)),
        ("sync_version", (0, 1), (-1, 2)),
        ("sync_retries", (0, 2, 3), (-1, 4)),
        ("sync_ports", (1, 2, 64, 65536), (0, 3, -1, 2147483647)),
        ("sync_qlen_max", (0, 5), (-1,)),
        ("amemthresh", (0, -1, 2048), ()),
    ],
)
def test_limits(name: str, taken: tuple[int, ...], refused: tuple[int, ...]) -> None:
    """What the kernel refuses, and no more."""
    assert [parse_values(name, str(value), (0,)) for value in taken] == [(value,) for value in taken]
    for value in refused:
        with pytest.raises(InvalidArgument):
            parse_values(name, str(value), (0,))


def test_a_defence_that_is_active_shows_as_automatic() -> None:
    """Mode 2 is the director's to set."""
    assert parse_values("drop_packet", "2", (0,)) == (1,)


def test_every_default_is_acceptable() -> None:
    """Writing back what was read changes nothing."""
    for name, setting in SYSCTLS.items():
        assert parse_values(name, format_values(setting.default), setting.default) == setting.default


def test_an_unknown_setting_is_named_by_its_error() -> None:
    """The man page's timeouts do not exist any more."""
    with pytest.raises(NoSuchSetting):
        sysctl_of("timeout_established")
