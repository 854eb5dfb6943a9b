# SPDX-License-Identifier: Apache-2.0
"""Regular expressions of pages: PCRE2's own words, its options, offsets, and an end to searches that have none."""

from __future__ import annotations

import time

import pytest

from xlvs.checkers import pcre2
from xlvs.checkers.pcre2 import BadRegex, pattern

needs_library = pytest.mark.skipif(pcre2._library() is None, reason="libpcre2-8 is not installed")


@pytest.mark.parametrize(
    ("regex", "options", "body", "expected"),
    [
        ("o w", "", b"hello world", True),
        ("O W", "", b"hello world", False),
        ("O W", "caseless", b"hello world", True),
        ("^b", "", b"a\nb", False),
        ("^b", "multiline", b"a\nb", True),
        ("a.b", "", b"a\nb", False),
        ("a.b", "dotall", b"a\nb", True),
        ("a b # c", "extended", b"ab", True),
        ("b", "anchored", b"ab", False),
        ("x", "", b"", False),
    ],
)
@pytest.mark.parametrize("library", ["PCRE2", "Python"])
def test_what_both_libraries_know(
    regex: str, options: str, body: bytes, expected: bool, library: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With and without libpcre2."""
    if library == "Python":
        monkeypatch.setattr(pcre2, "_library", lambda: None)
    pattern.cache_clear()
    assert pattern(regex, frozenset(options.split())).matches(body, 0, None, 1.0) is expected
    pattern.cache_clear()


@needs_library
@pytest.mark.parametrize(
    ("regex", "options", "body", "expected"),
    [
        ("[[:digit:]]+x", "", b"12x", True),
        (r"(?<n>a)\k<n>\Kb", "", b"aab", True),
        (r"\((?:[^()]|(?R))*\)", "", b"((a)b", True),
        ("a$", "", b"a\n", True),
        ("a$", "dollar_endonly", b"a\n", False),
        ("x+?y", "ungreedy", b"xxy", True),
        ("b", "firstline", b"a\nb", False),
        ("[]a]", "", b"]", True),
        ("[]", "allow_empty_class", b"a", False),
        ("é.x", "utf", "éäx".encode(), True),
        ("é.x", "", "éäx".encode(), False),
        ("x", "utf", b"\xff\xfex", True),
        ("(a)|b\\1", "match_unset_backref", b"b", True),
    ],
)
def test_what_pcre2_knows(regex: str, options: str, body: bytes, expected: bool) -> None:
    """Classes, recursion, options that Python's expressions lack."""
    assert pattern(regex, frozenset(options.split())).matches(body, 0, None, 1.0) is expected


@pytest.mark.parametrize(
    ("first", "last", "expected"), [(0, None, True), (6, 6, True), (7, None, False), (0, 5, False)]
)
def test_a_match_begins_between_the_offsets(first: int, last: int | None, expected: bool) -> None:
    """regex_min_offset and regex_max_offset."""
    assert pattern("w", frozenset()).matches(b"hello world", first, last, 1.0) is expected


@needs_library
@pytest.mark.parametrize(
    ("regex", "options"), [("hello", "anchored"), ("hello", "firstline"), (r"\Ghello", ""), (r"\Ahello", "")]
)
def test_what_looks_at_the_start_of_a_page_finds_nothing_deep_in_it(regex: str, options: str) -> None:
    """A search that goes from window to window does not begin anew."""
    body = b"\n" + b"x" * 4095 + b"hello"
    assert not pattern(regex, frozenset(options.split())).matches(body, 0, None, 1.0)


@needs_library
def test_a_match_beyond_the_first_window_is_found() -> None:
    """The page is searched in parts; a match may reach over their border."""
    assert pattern("x+y", frozenset()).matches(b"a" * 4090 + b"x" * 20 + b"y" + b"a" * 9000, 0, None, 5.0)
    assert pattern("(?s).*needle", frozenset()).matches(b"a" * 300_000 + b"needle" + b"b" * 300_000, 0, None, 10.0)
    assert pattern("(?<=ax)y", frozenset()).matches(b"a" * 4095 + b"xy", 0, None, 5.0)


@pytest.mark.parametrize("regex", ["(", "[a", "*"])
def test_what_is_no_expression_says_why(regex: str) -> None:
    """With the place."""
    with pytest.raises(BadRegex, match=r"\d"):
        pattern(regex, frozenset())


@needs_library
@pytest.mark.parametrize(
    ("regex", "body"), [("(a+)+$", b"a" * 50_000 + b"b"), ("hello.*hello.*world", b"hello" * 200_000)]
)
def test_a_search_ends(regex: str, body: bytes) -> None:
    """However badly the page suits the expression."""
    begin = time.monotonic()
    assert not pattern(regex, frozenset()).matches(body, 0, None, 0.2)
    assert time.monotonic() - begin < 10
