# SPDX-License-Identifier: Apache-2.0
"""The Call-ID of a SIP message as the kernel's engine `sip` reads it; measured in the scene `traffic-sip-forms`."""

from __future__ import annotations

import re

LONGEST = 255
LETTER = rb"[a-zA-Z\xc0-\xd6\xd8-\xf6\xf8-\xff]"
WORD = rb"(?:" + LETTER + rb"|[0-9!\"%'()*+\-./:<>?\[\\\]_`{}~])+"

_LINE_END = re.compile(rb"\r\n|\r|\n")
_NAME = re.compile(rb"call-id|i(?!" + LETTER + rb").", re.IGNORECASE | re.DOTALL)
_BLANKS = re.compile(rb"[ \t]*")
_VALUE = re.compile(rb"(" + WORD + rb")(@(?:" + WORD + rb")?)?")


def call_id(message: bytes) -> bytes | None:
    """The Call-ID, None where there is none that can be used.

    The first line of a message is no header. A header without a colon, or with anything behind its value, ends the
    search. One without a value does not, but the search goes on too far when there was another such one before.
    """
    begin = at = 0
    while end := _LINE_END.search(message, at):
        at = end.end()
        name = _NAME.match(message, at)
        if name is None:
            at += 1  # the first character of a line is not looked at as the end of one
            continue
        at += 7 if len(name[0]) == 7 else 1
        colon = _after_blanks(message, at)
        if colon is None or message[colon : colon + 1] != b":":
            return None
        start = _after_blanks(message, colon + 1)
        if start is None:
            return None
        value = _VALUE.match(message, start)
        if value and value[2] != b"@":
            end_of_line = message[value.end() : value.end() + 1] in (b"\r", b"\n")
            return value[0] if end_of_line and len(value[0]) <= LONGEST else None
        begin += start
        at = begin
    return None


def _after_blanks(message: bytes, at: int) -> int | None:
    """Behind blanks, and behind one line end if a blank follows it; None at another line end and at the end."""
    blanks = _BLANKS.match(message, at)
    assert blanks
    at = blanks.end()
    end = _LINE_END.match(message, at)
    if end is None:
        return at if at < len(message) else None
    folded = _BLANKS.match(message, end.end())
    assert folded
    return folded.end() if folded[0] and folded.end() < len(message) else None
