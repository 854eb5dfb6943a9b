# SPDX-License-Identifier: Apache-2.0
"""What a loaded director is asked to do, by running one of its pinned programs.

Apart from `program`, which loads them, because every listing needs this and none the other.
"""

from __future__ import annotations

import os
from struct import pack
from typing import Final

from xlvs.linux.bpf_program import Program
from xlvs.model.errors import PermissionDenied

_FRAME: Final = bytes(64)
_MARKED: Final = pack("<III", 0, 0, 1).ljust(256, b"\0")  # a __sk_buff with mark 1, of any kernel's length


def is_loaded(directory: str) -> bool:
    """Whether the director has its programs and maps. Raises PermissionDenied where we may not look."""
    try:
        os.stat(f"{directory}/prog_tc")
    except PermissionError:
        raise PermissionDenied("opening the director's tables") from None
    except OSError:
        return False
    return True


def sweep(directory: str, *, lost_too: bool = False) -> None:
    """Have everything that expired given back now, so that the counts are exact.

    `lost_too`: the connections of deleted destinations end as well.
    """
    with Program.from_pin(f"{directory}/prog_sweep") as program:
        program.test_run(_FRAME, context=_MARKED if lost_too else b"")


def defend(directory: str) -> None:
    """Let a changed mode of drop_entry, drop_packet or secure_tcp have its effect now, not within a second."""
    with Program.from_pin(f"{directory}/prog_defend") as program:
        program.test_run(_FRAME)


def now(directory: str) -> int:
    """The director's time in ticks, as in the `expires` of connections (32 bits)."""
    with clock(directory) as program:
        return read(program)


def clock(directory: str) -> Program:
    """The program that tells the director's time, for who asks often; the caller closes it."""
    return Program.from_pin(f"{directory}/prog_clock")


def read(program: Program) -> int:
    """What this clock says."""
    return program.test_run(_FRAME).retval & 0xFFFFFFFF
