# SPDX-License-Identifier: Apache-2.0
"""The stack of the programs, summed up over their calls, fits Linux 6.1, whose verifier is not at hand in every run."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from struct import Struct, iter_unpack

import pytest

from xlvs.ipvs.objects import object_path

STACK_BYTES = 512  # over all frames of a chain of calls
FRAME_UNIT = 32  # each frame is rounded up to that; newer kernels round less

HEADER = Struct("<16sHHIQQQIHHHHHH")
SECTION = Struct("<IIQQQQIIQQ")
SYMBOL = Struct("<IBBHQQ")
SECTION_SYMBOL, FUNCTION_SYMBOL = 3, 2
RELOCATIONS, SYMBOLS = 9, 2
CALL, LOAD_IMMEDIATE, MOVE, ADD = 0x85, 0x18, 0xBF, 0x07
PSEUDO_CALL, PSEUDO_FUNCTION = 1, 4
FRAME_POINTER = 10


class Frames:
    """Functions of an object: the depth of each frame, and whom it calls, callbacks too."""

    def __init__(self, image: bytes) -> None:
        self._image = image
        table, count = HEADER.unpack_from(image)[6], HEADER.unpack_from(image)[12]
        self._sections = [SECTION.unpack_from(image, table + index * SECTION.size) for index in range(count)]
        symbols = next(section for section in self._sections if section[1] == SYMBOLS)
        self._symbols = list(SYMBOL.iter_unpack(image[symbols[4] : symbols[4] + symbols[5]]))
        self.starts = {(s[3], s[4]): s[5] for s in self._symbols if s[1] & 15 == FUNCTION_SYMBOL}

    def depth(self, function: tuple[int, int]) -> int:
        """Bytes that a function uses below its frame pointer."""
        deepest, derived = 0, set[int]()
        for code, registers, offset, value in self._code(function):
            target, source = registers & 15, registers >> 4
            if code == MOVE:
                (derived.add if source == FRAME_POINTER else derived.discard)(target)
            elif code == ADD and target in derived:
                deepest = max(deepest, -value)
            base = {1: source, 2: target, 3: target}.get(code & 7)
            if base == FRAME_POINTER:
                deepest = max(deepest, -offset)
        return deepest

    def called(self, function: tuple[int, int]) -> set[tuple[int, int]]:
        """Functions that a function calls or hands to a helper."""
        relocated = self._relocations(function[0])
        found = set()
        for index, (code, registers, _, value) in enumerate(self._code(function)):
            position = function[1] + index * 8
            kind = registers >> 4
            if (code, kind) == (CALL, PSEUDO_CALL):
                symbol = relocated.get(position)
                section, place = (function[0], position + 8) if symbol is None else (symbol[3], symbol[4] + 8)
                found.add((section, place + value * 8))
            elif code == LOAD_IMMEDIATE and position in relocated and relocated[position][1] & 15 == SECTION_SYMBOL:
                found.add((relocated[position][3], value))
        return {each for each in found if each in self.starts}

    @cache  # noqa: B019 -- lives as long as one test
    def worst(self, function: tuple[int, int]) -> int:
        """Bytes of the deepest chain of calls from a function on."""
        own = -(-max(self.depth(function), 1) // FRAME_UNIT) * FRAME_UNIT
        return own + max((self.worst(each) for each in self.called(function)), default=0)

    def _code(self, function: tuple[int, int]) -> list[tuple[int, int, int, int]]:
        section = self._sections[function[0]]
        start = section[4] + function[1]
        return list(iter_unpack("<BBhi", self._image[start : start + self.starts[function]]))

    def _relocations(self, section: int) -> dict[int, tuple[int, ...]]:
        found = {}
        for each in self._sections:
            if each[1] == RELOCATIONS and each[7] == section:
                for offset, info in iter_unpack("<QQ", self._image[each[4] : each[4] + each[5]]):
                    found[offset] = self._symbols[info >> 32]
        return found


@pytest.mark.parametrize("name", ["director_tc", "director_xdp", "views", "decap"])
def test_every_chain_of_calls_fits_the_stack(name: str) -> None:
    """Six frames of callers and callbacks share 512 bytes."""
    frames = Frames(Path(object_path(name)).read_bytes())

    assert {each: frames.worst(each) for each in frames.starts if frames.worst(each) > STACK_BYTES} == {}
