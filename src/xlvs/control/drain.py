# SPDX-License-Identifier: Apache-2.0
"""``xlvs drain``: a server gets no new connections, and in time it has none."""

from __future__ import annotations

import argparse
import time
from typing import TYPE_CHECKING, Final

from xlvs.control import connection_options
from xlvs.control import connection_words as words
from xlvs.control.drain_words import Progress, Report, listing, listing_json
from xlvs.model.errors import NoSuchDestination, NoSuchService, UsageError

if TYPE_CHECKING:
    from xlvs.ipvs.draining import Draining
    from xlvs.ipvs.pinned import PinnedTables
    from xlvs.model.destination import Destination
    from xlvs.model.service import ServiceKey

_LOOK_S: Final = 0.25
_OTHERS: Final = 1  # exit code: somebody gave the server weight or took it away meanwhile
_INTERRUPTED: Final = 130

_EPILOG: Final = """\
Examples:

    xlvs drain tcp:192.168.20.129:80 192.168.10.133 --deadline 60s
    xlvs drain -t 192.168.20.129:80 -r 192.168.10.133:80 --deadline 5m
    xlvs drain tcp:192.168.20.129:80 192.168.10.133 --no-wait
    xlvs drain tcp:192.168.20.129:80 192.168.10.133 --undo
    xlvs drain --list

At once: weight 0, so that it gets no new connections, and persistent clients forget it. Present connections go on. At
the deadline those of TCP that are left are reset at both ends and those of UDP go to another server; without a deadline
xlvs waits until the last one has ended. Connections whose client ended them count until their timeout is over.

A drained server stays drained whatever the checks of `xlvs keepalived` find, also when they remove it and add it again,
until --undo, or a weight that is given by hand (ipvsadm -e). --undo gives it the weight that it had, or that the checks
want for it by now.

Exit codes: 0 the server has no connections any more (--no-wait, --undo, --list: done), 1 somebody else gave it weight
again or removed it meanwhile, 2 bad usage, 130 interrupted: the server stays quiesced, its connections go on. Start the
command again to go on waiting.
"""


def main(argv: list[str]) -> int:
    """Run ``xlvs drain ARGV``; see the help text for exit codes."""
    options = connection_options.parse(_parser(), argv)
    from xlvs.ipvs.pinned import open_tables

    if options.list:
        if options.service or options.server or options.words:
            raise UsageError("--list shows all servers that are drained: name none (`xlvs drain --list`)")
        return _list(open_tables(), as_json=options.json)
    key = connection_options.one_service(options, more=1)
    server = _server(options)
    tables = open_tables()
    report = Report(key, *_end(key, server), as_json=options.json)
    if options.undo and _undo_removed(tables, key, server, report):
        return 0
    from xlvs.ipvs.draining import Draining

    destination = _find(tables, key, server)
    draining = Draining(tables, key, destination)
    if options.undo:
        quiesced = draining.is_quiesced()
        report.undone(draining.restore() if quiesced else destination.weight, was_quiesced=quiesced)
        return 0
    draining.begin()
    if options.no_wait:
        report.quiesced(draining.left())
        return 0
    try:
        return _wait(draining, report, options.deadline)
    except KeyboardInterrupt:
        report.interrupted(draining.left())
        return _INTERRUPTED


def _wait(draining: Draining, report: Report, deadline_s: float | None) -> int:
    begun = time.monotonic()
    while True:
        now = time.monotonic() - begun
        if not draining.is_quiesced():
            report.changed(listed=draining.is_listed(), left=draining.left())
            return _OTHERS
        progress = Progress(draining.left(), None if deadline_s is None else deadline_s - now)
        if not progress.left or (deadline_s is not None and now >= deadline_s):
            break
        report.progress(progress, now)
        time.sleep(_LOOK_S if deadline_s is None else min(_LOOK_S, max(deadline_s - now, 0.001)))
    report.done(draining.end() if progress.left else None)
    return 0


def _list(tables: PinnedTables, *, as_json: bool) -> int:
    from xlvs.ipvs.draining import drained_servers

    store = tables.swept_store()
    found = list(drained_servers(store)) if store else []
    print(listing_json(found) if as_json else listing(found))
    return 0


def _undo_removed(tables: PinnedTables, key: ServiceKey, server: words.Server, report: Report) -> bool:
    """Forget that a server was drained which a checker has removed; False when it is not such a one."""
    from xlvs.ipvs.draining import drained_servers, forget

    store = tables.present_store()
    for each in drained_servers(store) if store else ():
        if store and not each.listed and each.service == key and each.destination[1:] == _end(key, server):
            forget(store, each.number)
            report.undone(each.weight, was_quiesced=True)
            return True
    return False


def _end(key: ServiceKey, server: words.Server) -> tuple[bytes, int]:
    """Address and port; the port is the service's where none is named."""
    return server.address, key.port if server.port is None else server.port


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
    end = _end(key, server)
    try:
        there = [each.destination for each in tables.service(key).destinations]
    except NoSuchService:
        raise NoSuchService(
            f"there is no service {words.service_text(key)}; nothing was changed (`xlvs service show` lists them)"
        ) from None
    for each in there:
        if (each.key.address, each.key.port) == end:
            return each
    names = ", ".join(words.endpoint(each.key.address, each.key.port) for each in there)
    raise NoSuchDestination(
        f"{words.service_text(key)} has no server {words.endpoint(*end)}; nothing was changed "
        f"(it has {names or 'none'})"
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="xlvs drain",
        usage="xlvs drain SERVICE SERVER [--deadline TIME | --no-wait | --undo] [--json]\n       xlvs drain --list [--json]",
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
    what.add_argument("--list", action="store_true", help="the servers that are drained")
    parser.add_argument("--json", action="store_true", help="for programs: an object a line, the last one with `end`")
    return parser
