# SPDX-License-Identifier: Apache-2.0
"""``xlvs connections``: the connections of a director, listed, counted and ended."""

from __future__ import annotations

import argparse
import sys
from itertools import islice
from typing import TYPE_CHECKING, Final

from xlvs.control import connection_lines, connection_options
from xlvs.model.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from xlvs.ipvs.selection import Chosen
    from xlvs.ipvs.store import Store
    from xlvs.model.connection import ConnectionRow

_VERBS: Final = ("list", "kill")
_BLOCK: Final = 512  # lines that are written at once

_EPILOG: Final = """\
Examples:

    xlvs connections                                          all of them
    xlvs connections --server 192.168.10.133 --count          how many a server has
    xlvs connections list -t 192.168.20.129:80 --state established --json
    xlvs connections kill --client 203.0.113.0/24             reset a network's connections
    xlvs connections kill --server 192.168.10.133 --dry-run   what would be ended

`xlvs connections VERB --help` says more.
"""
_LIST_EPILOG: Final = """\
On a terminal it is a table, else a line of six words for each: protocol, client, service's end, server, state, seconds
to expiry. --json writes one array with a connection a line, as it reads them: a million need no memory.
A list is no snapshot: what begins or ends while it is read may be in it or not.
"""
_KILL_EPILOG: Final = """\
TCP is reset at both ends. They are told at once, by a segment that makes them say their sequence numbers, and whoever
did not hear that is told when it sends next (for half a minute). UDP needs no word: the client's next datagram is
scheduled anew. SCTP is forgotten. A client with a persistence template comes back to its server, unless --templates ends
that as well. --silent tells nobody: both ends believe in the connection until they give up.

Nothing is ended without a filter; --all is for all. --dry-run says how many it would be.
"""


def main(argv: list[str]) -> int:
    """Run ``xlvs connections ARGV``; without a verb it lists."""
    if argv and not argv[0].startswith("-") and argv[0] not in _VERBS:
        raise UsageError(_no_verb(argv[0]))
    words = argv if argv and argv[0] in {*_VERBS, "-h", "--help"} else ["list", *argv]
    options = _parser().parse_args(words)
    return _kill(options) if options.verb == "kill" else _list(options)


def _no_verb(word: str) -> str:
    from difflib import get_close_matches  # heavy, and needed for mistakes only

    near = get_close_matches(word, _VERBS, n=1)
    hint = f"did you mean {near[0]}?" if near else "to choose some: --client, --service, --server, --state"
    return f"{word!r} is neither list nor kill; {hint} (`xlvs connections --help`)"


def _list(options: argparse.Namespace) -> int:
    from xlvs.ipvs import pool, running

    store = _present_store()
    wanted = connection_options.chosen(options)
    if options.count:
        print(0 if store is None else _count(store, options))
        return 0
    if store is None:
        _write([], options)
        return 0
    if not wanted.is_narrow and wanted.templates and wanted.connections:
        running.sweep(store.directory)
        _write(pool.rows(store), options)
        return 0
    from xlvs.ipvs.selection import Selection

    with Selection(store, wanted) as selection:
        _write(selection.rows(), options)
    return 0


def _count(store: Store, options: argparse.Namespace) -> int:
    from xlvs.ipvs.selection import Selection

    with Selection(store, connection_options.chosen(options)) as selection:
        found = selection.count()
    return found.connections + found.templates


def _write(rows: Iterable[ConnectionRow], options: argparse.Namespace) -> None:
    found = islice(rows, options.limit)
    if options.json:
        lines, end = connection_lines.json_lines(found), ""
    elif options.plain or not sys.stdout.isatty():
        lines, end = connection_lines.plain(found), "\n"
    else:
        lines, end = connection_lines.table(found), "\n"
    while block := list(islice(lines, _BLOCK)):
        sys.stdout.write(end.join([*block, ""]))
    if options.json:
        sys.stdout.write("\n")


def _kill(options: argparse.Namespace) -> int:
    wanted = connection_options.chosen(options)
    if not wanted.is_narrow and not options.all:
        raise UsageError(
            "say which connections are to end, or --all; nothing was ended (`xlvs connections kill --help`)"
        )
    from xlvs.ipvs.ending import end
    from xlvs.ipvs.selection import Chosen, Selection

    store = _present_store()
    if store is None:
        chosen = Chosen()
    elif options.dry_run:
        with Selection(store, wanted) as selection:
            chosen = selection.count()
    else:
        chosen = end(store, wanted, silent=options.silent)
    if options.json:
        import json

        print(json.dumps({**chosen._asdict(), "dry_run": options.dry_run}))
    else:
        print(summary(chosen, silent=options.silent, dry_run=options.dry_run))
    return 0


def summary(chosen: Chosen, *, silent: bool = False, dry_run: bool = False) -> str:
    """What was ended, in a sentence."""
    would = "would be " if dry_run else ""
    parts = []
    if chosen.tcp:
        parts.append(f"{chosen.tcp} of TCP {would}{'ended without a word' if silent else 'reset'}")
    if chosen.others:
        parts.append(f"{chosen.others} of other protocols {would}ended (UDP goes on, scheduled anew)")
    if chosen.templates:
        parts.append(f"{chosen.templates} persistence template{'' if chosen.templates == 1 else 's'} {would}forgotten")
    return "; ".join(parts) or "no connection fits"


def _present_store() -> Store | None:
    from xlvs.ipvs.pinned import open_tables

    return open_tables().present_store()


def _limit(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= sys.maxsize:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of connections")
    return int(text)


def _parser() -> argparse.ArgumentParser:
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(
        prog="xlvs connections",
        description="The connections that the director knows: list, count or end them.",
        epilog=_EPILOG,
        formatter_class=form,
        allow_abbrev=False,
    )
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="list|kill")
    show = verbs.add_parser(
        "list", help="list them (the default)", epilog=_LIST_EPILOG, formatter_class=form, allow_abbrev=False
    )
    connection_options.add_filter(show)
    show.add_argument("--limit", type=_limit, metavar="N", help="at most so many")
    output = show.add_mutually_exclusive_group()
    output.add_argument("--count", action="store_true", help="only how many")
    output.add_argument("--plain", action="store_true", help="words with blanks between, also on a terminal")
    output.add_argument("--json", action="store_true", help="for programs")
    kill = verbs.add_parser("kill", help="end them", epilog=_KILL_EPILOG, formatter_class=form, allow_abbrev=False)
    connection_options.add_filter(kill)
    kill.add_argument("--all", action="store_true", help="every connection of the director")
    kill.add_argument("--silent", action="store_true", help="tell neither end")
    kill.add_argument("--dry-run", "-n", action="store_true", help="say how many, end none")
    kill.add_argument("--json", action="store_true", help="for programs")
    return parser
