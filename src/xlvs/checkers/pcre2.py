# SPDX-License-Identifier: Apache-2.0
"""Regular expressions as the original has them: PCRE2 with its options, from the system's library when that is there.

A search lets other threads run, and stops at a given time: what a hostile page and an expression make of each other is
not known before.
"""

from __future__ import annotations

import ctypes
import re
import time
from ctypes import byref, c_char_p, c_int, c_size_t, c_uint32, c_void_p
from functools import lru_cache
from typing import Final, Protocol

_LIBRARY: Final = "libpcre2-8.so.0"
_OPTIONS: Final = {
    "allow_empty_class": 1 << 0,
    "alt_bsux": 1 << 1,
    "auto_callout": 1 << 2,
    "caseless": 1 << 3,
    "dollar_endonly": 1 << 4,
    "dotall": 1 << 5,
    "dupnames": 1 << 6,
    "extended": 1 << 7,
    "firstline": 1 << 8,
    "match_unset_backref": 1 << 9,
    "multiline": 1 << 10,
    "never_ucp": 1 << 11,
    "never_utf": 1 << 12,
    "no_auto_capture": 1 << 13,
    "no_auto_possess": 1 << 14,
    "no_dotstar_anchor": 1 << 15,
    "no_start_optimize": 1 << 16,
    "ucp": 1 << 17,
    "ungreedy": 1 << 18,
    "utf": 1 << 19,
    "never_backslash_c": 1 << 20,
    "alt_circumflex": 1 << 21,
    "alt_verbnames": 1 << 22,
    "anchored": 1 << 31,
}
_FROM_THE_START: Final = {"anchored", "firstline"}
"""Options, as \\G, that look at where a search begins: it cannot go on from window to window."""
_USE_OFFSET_LIMIT: Final = 1 << 23
_MATCH_INVALID_UTF: Final = 1 << 26
_NO_MATCH: Final = -1
_LIMITS: Final = {-47, -53}
_QUICK: Final = (4096, 20_000)
"""Places of a page that are tried between two looks at the clock, and steps from each: some tenths of a second."""
_SLOW: Final = (8, 10_000_000)
"""For what needs more steps: as many as the original takes, whose page may hold what they find."""
_HEAP_MAX_KIB: Final = 32 * 1024
_ERROR_LENGTH: Final = 256
_PYTHON: Final = {"caseless": re.IGNORECASE, "multiline": re.MULTILINE, "dotall": re.DOTALL, "extended": re.VERBOSE}
_PYTHON_SEARCHED_MAX: Final = 64 * 1024


class BadRegex(ValueError):
    """No regular expression; the message says why."""


class Pattern(Protocol):
    """A regular expression for bodies of pages."""

    def matches(self, body: bytes, first: int, last: int | None, seconds: float) -> bool:
        """Whether a match begins at an offset from `first` to `last`, found in that time."""


@lru_cache(maxsize=1024)
def pattern(regex: str, options: frozenset[str]) -> Pattern:
    """A regular expression with PCRE2's options, by their lower-case names. Raises BadRegex."""
    library = _library()
    data = regex.encode("utf-8", "surrogateescape")
    return _Pcre2(library, data, options) if library else _Python(data, options)


@lru_cache(maxsize=1)
def _library() -> ctypes.CDLL | None:
    try:
        library = ctypes.CDLL(_LIBRARY)
    except OSError:
        return None
    library.pcre2_compile_8.restype = c_void_p
    library.pcre2_compile_8.argtypes = [c_char_p, c_size_t, c_uint32, c_void_p, c_void_p, c_void_p]
    for name in ("pcre2_match_data_create_from_pattern_8", "pcre2_match_context_create_8"):
        getattr(library, name).restype = c_void_p
    library.pcre2_match_data_create_from_pattern_8.argtypes = [c_void_p, c_void_p]
    library.pcre2_match_context_create_8.argtypes = [c_void_p]
    library.pcre2_set_match_limit_8.argtypes = [c_void_p, c_uint32]
    library.pcre2_set_heap_limit_8.argtypes = [c_void_p, c_uint32]
    library.pcre2_set_offset_limit_8.argtypes = [c_void_p, c_size_t]
    library.pcre2_match_8.argtypes = [c_void_p, c_char_p, c_size_t, c_size_t, c_uint32, c_void_p, c_void_p]
    library.pcre2_get_error_message_8.argtypes = [c_int, c_char_p, c_size_t]
    for name in ("pcre2_match_data_free_8", "pcre2_match_context_free_8"):
        getattr(library, name).argtypes = [c_void_p]
        getattr(library, name).restype = None
    return library


class _Pcre2:
    """Compiled once and kept; each search has memory of its own, so that several can run."""

    def __init__(self, library: ctypes.CDLL, regex: bytes, options: frozenset[str]) -> None:
        self._library = library
        self._is_whole = bool(options & _FROM_THE_START) or b"\\G" in regex
        bits = _USE_OFFSET_LIMIT
        for option in options:
            bits |= _OPTIONS.get(option, 0)
        if bits & _OPTIONS["utf"]:
            bits |= _MATCH_INVALID_UTF  # a page may hold anything
        error, offset = c_int(), c_size_t()
        self._code = library.pcre2_compile_8(regex, len(regex), bits, byref(error), byref(offset), None)
        if not self._code:
            text = ctypes.create_string_buffer(_ERROR_LENGTH)
            library.pcre2_get_error_message_8(error, text, _ERROR_LENGTH)
            raise BadRegex(f"{text.value.decode()} at character {offset.value + 1}")

    def matches(self, body: bytes, first: int, last: int | None, seconds: float) -> bool:
        """See `Pattern`. From window to window, looking at the clock between."""
        library, end = self._library, time.monotonic() + seconds
        final = len(body) if last is None else min(last, len(body))
        context = library.pcre2_match_context_create_8(None)
        found = library.pcre2_match_data_create_from_pattern_8(self._code, None)
        try:
            library.pcre2_set_heap_limit_8(context, _HEAP_MAX_KIB)
            start, (window, steps) = first, (len(body) + 1, _SLOW[1]) if self._is_whole else _QUICK
            while start <= final and time.monotonic() <= end:
                library.pcre2_set_match_limit_8(context, steps)
                library.pcre2_set_offset_limit_8(context, min(start + window - 1, final))
                code = library.pcre2_match_8(self._code, body, len(body), start, 0, found, context)
                if code == _NO_MATCH:
                    start += window
                elif code in _LIMITS and (window, steps) == _QUICK:
                    window, steps = _SLOW
                else:
                    return bool(code >= 0)
            return False
        finally:
            library.pcre2_match_data_free_8(found)
            library.pcre2_match_context_free_8(context)


class _Python:
    """Without the library: Python's own, which knows less, in a smaller part of the page since it cannot be stopped."""

    def __init__(self, regex: bytes, options: frozenset[str]) -> None:
        flags = re.RegexFlag(0)
        for option in options:
            flags |= _PYTHON.get(option, re.RegexFlag(0))
        try:
            compiled = re.compile(regex, flags)
        except (re.error, OverflowError, RecursionError) as error:
            raise BadRegex(str(error)) from None
        self._search = compiled.match if "anchored" in options else compiled.search

    def matches(self, body: bytes, first: int, last: int | None, seconds: float) -> bool:
        """See `Pattern`."""
        del seconds
        found = self._search(body[:_PYTHON_SEARCHED_MAX], first)
        return found is not None and (last is None or found.start() <= last)
