# SPDX-License-Identifier: Apache-2.0
"""``xlvs drain``: a server gets no new connections, and in time it has none."""

from __future__ import annotations

import argparse
import sys
import time
from typing import TYPE_CHECKING, Final, NamedTuple

from xlvs.control import connection_options
from xlvs.control import connection_words as words
from xlvs.model.errors import NoSuchDestination, NoSuchService, UsageError

if TYPE_CHECKING:
    from xlvs.ipvs.draining import Draining
    from xlvs.ipvs.pinned import PinnedTables
    from xlvs.model.destination import Destination
    from xlvs.model.service import ServiceKey

_LOOK_S: Final = 0.25
_LINE_S: Final = 5.0  # between lines where nobody looks at a terminal
_OTHERS: Final = 1  # exit code: somebody gave the server weight or took it away meanwhile
_INTERRUPTED: Final = 130

_EPILOG: Final = """\
Examples:

    xlvs drain tcp:192.168.20.129:80 192.168.10.133 --deadline 60s
    xlvs drain -t 192.168.20.129:80 -r 192.168.10.133:80 --deadline 5m
    xlvs drain tcp:192.168.20.129:80 192.168.10.133 --no-wait
    xlvs drain tcp:192.168.20.129:80 192.168.10.133 --undo

At once: weight 0, so that it gets no new connections, and persistent clients forget it. Present connections go on. At
the deadline those of TCP that are left are reset at both ends and those of UDP go to another server; without a deadline
xlvs waits until the last one has ended. Connections whose client ended them count until their timeout is over.

Exit codes: 0 the server has no connections any more (--no-wait, --undo: done), 1 somebody else gave it weight again or
removed it meanwhile, 2 bad usage, 130 interrupted: the server stays quiesced, its connections go on. Start the command
again to go on waiting; --undo gives the server the weight that it had.
"""


class Progress(NamedTuple):
    """What is left, and how many seconds until the deadline; None: there is none."""

    left: int
    deadline_s: float | None

    def __str__(self) -> str:
        """For people."""
        connections = f"{self.left} connection{'' if self.left == 1 else 's'} left"
        return connections if self.deadline_s is None else f"{connections}, {max(self.deadline_s, 0):.0f} s to go"


def main(argv: list[str]) -> int:
    """Run ``xlvs drain ARGV``; see the help text for exit codes."""
    options = _parser().parse_intermixed_args(argv)
    key = connection_options.one_service(options, more=1)
    server = _server(options)
    from xlvs.ipvs.draining import Draining
    from xlvs.ipvs.pinned import open_tables

    tables = open_tables()
    destination = _find(tables, key, server)
    name = f"{words.endpoint(destination.key.address, destination.key.port)} of {words.service_text(key)}"
    draining = Draining(tables, key, destination)
    if options.undo:
        print(_undone(draining, name, destination.weight))
        return 0
    draining.begin()
    if options.no_wait:
        print(f"{name} gets no new connections; {Progress(draining.left(), None)}")
        return 0
    try:
        return _wait(draining, name, options.deadline)
    except KeyboardInterrupt:
        print(
            f"\ninterrupted: {name} stays quiesced; {Progress(draining.left(), None)}, they go on. The same command goes on "
            "waiting, with --undo it gives the weight back",
            file=sys.stderr,
        )
        return _INTERRUPTED


def _undone(draining: Draining, name: str, weight: int) -> str:
    if weight:
        return f"{name} has weight {weight}: nothing to undo"
    return f"{name} has weight {draining.restore()} again"


def _wait(draining: Draining, name: str, deadline_s: float | None) -> int:
    from xlvs.control.connections import summary

    begun, show = time.monotonic(), Show()
    while True:
        now = time.monotonic() - begun
        if not draining.is_quiesced():
            show.clear()
            print(
                f"{name} is quiesced no more: somebody else changed it, its connections go on (`xlvs keepalived` puts its "
                "weights back: take the server out in its configuration, or set xlvs_mend off)",
                file=sys.stderr,
            )
            return _OTHERS
        progress = Progress(draining.left(), None if deadline_s is None else deadline_s - now)
        if not progress.left or (deadline_s is not None and now >= deadline_s):
            break
        show.progress(progress, now)
        time.sleep(_LOOK_S if deadline_s is None else min(_LOOK_S, max(deadline_s - now, 0.001)))
    show.clear()
    ended = f": at the deadline, {summary(draining.end())}" if progress.left else ""
    print(f"{name} has no connections any more{ended}")
    return 0


class Show:
    """Progress on the standard error: one line that changes on a terminal, else a line now and then."""

    def __init__(self) -> None:
        self._terminal = sys.stderr.isatty()
        self._shown_s = -_LINE_S

    def progress(self, progress: Progress, now_s: float) -> None:
        """Show it, if it is time."""
        if self._terminal:
            print(f"\r{progress}\033[K", end="", file=sys.stderr, flush=True)
        elif now_s - self._shown_s >= _LINE_S:
            self._shown_s = now_s
            print(progress, file=sys.stderr, flush=True)

    def clear(self) -> None:
        """The line is no longer wanted."""
        if self._terminal:
            print("\r\033[K", end="", file=sys.stderr, flush=True)


def _server(options: argparse.Namespace) -> words.Server:
    found: words.Server | None = options.server
    if found is None and options.words:
        try:
            found = words.server(options.words.pop(0))
        except argparse.ArgumentTypeError as error:
            raise UsageError(f"{error}; nothing was changed") from None
    if found is None:
        raise UsageError("which server? Write its address, with :PORT if it is not the service's; nothing was changed")
    if options.words:
        raise UsageError(f"{options.words[0]!r} is too much: name one service and one server; nothing was changed")
    return found


def _find(tables: PinnedTables, key: ServiceKey, server: words.Server) -> Destination:
    """The destination as it is configured. Raises NoSuchService, NoSuchDestination."""
    port = key.port if server.port is None else server.port
    try:
        there = [each.destination for each in tables.service(key).destinations]
    except NoSuchService:
        raise NoSuchService(
            f"there is no service {words.service_text(key)}; nothing was changed (`xlvs service show` lists them)"
        ) from None
    for each in there:
        if each.key.address == server.address and each.key.port == port:
            return each
    names = ", ".join(words.endpoint(each.key.address, each.key.port) for each in there)
    raise NoSuchDestination(
        f"{words.service_text(key)} has no server {words.endpoint(server.address, port)}; nothing was changed "
        f"(it has {names or 'none'})"
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="xlvs drain",
        usage="xlvs drain SERVICE SERVER [--deadline TIME | --no-wait | --undo]",
        description="Take a server out of a service: no new connections, then none at all.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    connection_options.add_one_service(parser)
    parser.add_argument(
        "--server", "-r", type=words.server, metavar="RIP[:PORT]", help="the server, as ipvsadm spells it"
    )
    what = parser.add_mutually_exclusive_group()
    what.add_argument(
        "--deadline", type=words.seconds, metavar="TIME", help="then what is left is ended: 60, 60s, 5m, 0"
    )
    what.add_argument("--no-wait", action="store_true", help="only quiesce it")
    what.add_argument("--undo", action="store_true", help="give it the weight back that it had")
    return parser
