# SPDX-License-Identifier: Apache-2.0
r"""Words of a line.

Ordinary lines know the double quote only; lines that hold a command know the shell's quotes too, and the escapes
\a \b \E \f \n \r \t \v \nnn \xXX \cC. Pieces that touch make one word: `abcd" efg h "mn`.
"""

from __future__ import annotations

import re
from typing import Final

BLANKS = " \t\r\n\f\v"
ESCAPES = {"a": "\a", "b": "\b", "E": "\033", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
BRACES = "{}"
_WORD: Final = re.compile(f"[^{BLANKS}]+")


def ordinary_words(text: str) -> tuple[list[str], bool]:
    """Words of an ordinary line, a brace being one by itself; and whether a quote was left open."""
    if '"' not in text:
        return _WORD.findall(text), False
    words: list[str] = []
    word: list[str] | None = None
    quoted = False
    for char in text:
        if char == '"':
            quoted = not quoted
            word = word if word is not None else []
        elif quoted or char not in BLANKS:
            word = word if word is not None else []
            word.append(char)
        elif word is not None:
            words.append("".join(word))
            word = None
    if word is not None:
        words.append("".join(word))
    return words, quoted


def command_words(text: str) -> tuple[list[str], bool]:
    """Words of a line that holds a command, split as a shell would; and whether a quote was left open."""
    reader = _CommandReader(text)
    return reader.words(), reader.open


class _CommandReader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self.open = False

    def words(self) -> list[str]:
        found: list[str] = []
        while self._skip_blanks():
            found.append(self._word())
        return found

    def _skip_blanks(self) -> bool:
        while self._at < len(self._text) and self._text[self._at] in BLANKS:
            self._at += 1
        return self._at < len(self._text)

    def _word(self) -> str:
        word: list[str] = []
        quote = ""
        while self._at < len(self._text):
            char = self._text[self._at]
            self._at += 1
            if quote and char == quote:
                quote = ""
            elif not quote and char in "\"'":
                quote = char
            elif char == "\\" and quote != "'":
                word.append(self._escape())
            elif not quote and char in BLANKS:
                break
            else:
                word.append(char)
        self.open |= bool(quote)
        return "".join(word)

    def _escape(self) -> str:
        if self._at >= len(self._text):
            return "\\"
        char = self._text[self._at]
        self._at += 1
        if char in ESCAPES:
            return ESCAPES[char]
        if char == "x":
            return self._number("0123456789abcdefABCDEF", 2, 16) or "x"
        if char in "01234567":
            self._at -= 1
            return self._number("01234567", 3, 8) or char
        if char == "c" and self._at < len(self._text):
            self._at += 1
            return chr(ord(self._text[self._at - 1].upper()) & 0x1F)
        return char

    def _number(self, digits: str, most: int, base: int) -> str:
        start = self._at
        while self._at < len(self._text) and self._at - start < most and self._text[self._at] in digits:
            self._at += 1
        taken = self._text[start : self._at]
        return chr(int(taken, base) & 0xFF) if taken else ""
