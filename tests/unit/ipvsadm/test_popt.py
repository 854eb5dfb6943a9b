# SPDX-License-Identifier: Apache-2.0
"""How words become options and arguments."""

from __future__ import annotations

import pytest

from xlvs.ipvsadm.popt import NO_ARGUMENT, OPTIONAL_ARGUMENT, REQUIRED_ARGUMENT, Option, OptionTable, PoptError

TABLE = OptionTable(
    (
        Option("numeric", "n", NO_ARGUMENT, "numeric"),
        Option("weight", "w", REQUIRED_ARGUMENT, "weight"),
        Option("persistent", "p", OPTIONAL_ARGUMENT, "persistent", "360"),
        Option("stats", "", NO_ARGUMENT, "stats"),
    )
)


def read(*words: str) -> tuple[list[tuple[str, str, str]], list[str]]:
    """The options found and what is left over."""
    leftovers: list[str] = []
    return list(TABLE.read(words, leftovers)), leftovers


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (("-n",), [("numeric", "", "-n")]),
        (("--numeric",), [("numeric", "", "--numeric")]),
        (("-w", "5"), [("weight", "5", "5")]),
        (("-w5",), [("weight", "5", "-w5")]),
        (("-w=5",), [("weight", "5", "-w=5")]),
        (("-w==5",), [("weight", "=5", "-w==5")]),
        (("--weight=5",), [("weight", "5", "--weight=5")]),
        (("--weight=",), [("weight", "", "--weight=")]),
        (("-w", "-1"), [("weight", "-1", "-1")]),
        (("-w", "--"), [("weight", "--", "--")]),
        (("-nw5",), [("numeric", "", "-nw5"), ("weight", "5", "-nw5")]),
        (("-nw", "5"), [("numeric", "", "-nw"), ("weight", "5", "5")]),
        (("-wn",), [("weight", "n", "-wn")]),
        (("-p",), [("persistent", "360", "-p")]),
        (("-p", "60"), [("persistent", "60", "60")]),
        (("-p", ""), [("persistent", "", "")]),
        (("-p60",), [("persistent", "60", "-p60")]),
        (("-p", "-n"), [("persistent", "360", "-p"), ("numeric", "", "-n")]),
    ],
)
def test_arguments_are_where_popt_looks_for_them(words: tuple[str, ...], found: list[tuple[str, str, str]]) -> None:
    """In the word, behind =, or next; an optional one never begins with a dash."""
    assert read(*words) == (found, [])


@pytest.mark.parametrize(
    ("words", "leftovers"),
    [
        (("x", "-n", "y"), ["x", "y"]),
        (("-n", "--", "-n", "x"), ["-n", "x"]),
        (("-n", "-"), ["-"]),
        (("-n", ""), [""]),
        (("-n", "--"), []),
    ],
)
def test_other_words_are_left_over(words: tuple[str, ...], leftovers: list[str]) -> None:
    """Wherever they stand, and everything after two dashes."""
    assert read(*words) == ([("numeric", "", "-n")], leftovers)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("-q",), "-q: unknown option"),
        (("-nq",), "-nq: unknown option"),
        (("--num",), "--num: unknown option"),
        (("--bogus=1",), "--bogus=1: unknown option"),
        (("--=x",), "--=x: unknown option"),
        (("---",), "---: unknown option"),
        (("-w",), "-w: missing argument"),
        (("-nw",), "-nw: missing argument"),
        (("--weight",), "--weight: missing argument"),
        (("--stats=1",), "--stats=1: option does not take an argument"),
        (("-n=1",), "-n=1: option does not take an argument"),
    ],
)
def test_a_wrong_word_is_named_as_it_was_written(words: tuple[str, ...], message: str) -> None:
    """With exit code 255."""
    with pytest.raises(PoptError) as caught:
        read(*words)
    assert (caught.value.message, caught.value.exit_code) == (message, 255)


def test_options_before_a_wrong_word_are_found_first() -> None:
    """So that their own mistakes are named first."""
    found = TABLE.read(["-nq"], [])
    assert next(found) == ("numeric", "", "-nq")
    with pytest.raises(PoptError):
        next(found)
