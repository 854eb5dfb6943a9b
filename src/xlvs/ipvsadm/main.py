# SPDX-License-Identifier: Apache-2.0
"""The program `ipvsadm`: streams, rights and errors around a session."""

from __future__ import annotations

import gc
import os
import sys
from io import TextIOWrapper
from typing import TYPE_CHECKING

from xlvs.linux import streams
from xlvs.model.errors import PermissionDenied, UsageError, XlvsError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import TextIO

    from xlvs.ipvs.interface import IpvsTables
    from xlvs.ipvsadm.commands import Session
    from xlvs.ipvsadm.values import Resolver

    Portions = Iterable[Iterable[str]]

_PORTION = 1 << 18  # bytes

_NOT_ROOT = (
    "Can't initialize ipvs: Permission denied (you must be root)\n"
    "Are you sure that IP Virtual Server is built in the kernel or as module?"
)


class NotInitialized(UsageError):
    """The tables cannot be opened; ends a whole run of -R."""


def run(
    argv: Sequence[str], tables: IpvsTables, stdin: Portions, stdout: TextIO, stderr: TextIO, resolver: Resolver
) -> int:
    """Carry out one command line (without the program's name) on these tables; give the exit code.

    `stdin` yields the lines that -R reads, in portions as they arrive.
    """
    from xlvs.ipvsadm.commands import Session

    return _run(Session(lambda: tables, stdin, stdout, stderr, resolver), argv)


def main(argv: Sequence[str] | None = None) -> int:
    """The console entry: the same on this host's tables and streams."""
    if argv is None:
        collect_no_garbage()
    return run_here([sys.argv[1:] if argv is None else argv], standard_input())


def collect_no_garbage() -> None:
    """For a process of one command, before most modules are there: a tenth of its time would go into looking for none.

    Who calls a command within a longer life gives its words, and goes on collecting.
    """
    gc.disable()


def run_here(command_lines: Iterable[Sequence[str]], stdin: Portions) -> int:
    """Carry out command lines one after the other on this host; give the last one's exit code."""
    from xlvs.ipvsadm.commands import Session
    from xlvs.linux import resolver

    streams.open_closed()
    for stream in (sys.stdout, sys.stderr):
        _pass_bytes_through(stream)
    code = 0
    try:
        for words in command_lines:
            session = Session(_open_tables, stdin, sys.stdout, sys.stderr, resolver)
            code = _run(session, words, check_rights=True)
        sys.stdout.flush()
    except BrokenPipeError:
        streams.drop_output()
    except KeyboardInterrupt:
        code = 130
    except OSError as error:
        streams.drop_output()
        sys.stderr.write(f"ipvsadm: {error.strerror}\n")
        code = 1
    return code


def _run(session: Session, words: Sequence[str], *, check_rights: bool = False) -> int:
    try:
        if check_rights:
            _check_rights()
        return session.run(words)
    except XlvsError as error:
        session.complain(error.message)
        return error.exit_code


def _check_rights() -> None:
    """Rights are looked at before the command line is, as in the original."""
    from xlvs.linux.capability import require_rights

    try:
        require_rights("ipvsadm")
    except PermissionDenied:
        raise NotInitialized(_NOT_ROOT) from None


def _open_tables() -> IpvsTables:
    from xlvs.ipvs.pinned import open_tables

    try:
        return open_tables()
    except XlvsError as error:
        raise NotInitialized(f"Can't initialize ipvs: {error.message}") from error


def standard_input() -> Iterator[list[str]]:
    """The lines of standard input, in portions as they arrive; bytes that are no text pass through as surrogates.

    An input that is closed or cannot be read is an empty one.
    """
    unfinished = b""
    while portion := _read_some():
        *lines, unfinished = (unfinished + portion).split(b"\n")
        if lines:
            yield [line.decode(errors="surrogateescape") for line in lines]
    if unfinished:
        yield [unfinished.decode(errors="surrogateescape")]


def _read_some() -> bytes:
    try:
        return os.read(0, _PORTION)
    except OSError:
        return b""


def _pass_bytes_through(stream: TextIO | None) -> None:
    if isinstance(stream, TextIOWrapper):
        stream.reconfigure(errors="surrogateescape")
