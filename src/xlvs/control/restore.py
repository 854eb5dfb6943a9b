# SPDX-License-Identifier: Apache-2.0
"""``xlvs restore``: the tables become what a file of rules says, in one step, and no connection is lost by it."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Final, Protocol

from xlvs.model.diff import AddDestination, AddService, DeleteDestination, DeleteService, diff
from xlvs.model.difference import line as difference_line
from xlvs.model.errors import UsageError, XlvsError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from xlvs.ipvs.interface import IpvsTables
    from xlvs.model.diff import ConfiguredService, Operation

_SHOWN: Final = 100  # letters of a wrong line

_EPILOG: Final = """\
The file is what `ipvsadm -S -n`, `ipvsadm-save -n` or `xlvs save` writes: lines of -A and -a, besides them empty lines and
comments (#). It is the whole desired set. What stays is not touched and keeps its connections; a wrong line, or one that
the tables refuse, is named and nothing is changed.

What `xlvs save` has besides (`ipvsadm --set`, `xlvs sysctl`, `xlvs mark add`, `xlvs laddr add`, `xlvs service set`) is done
after that. It adds to what is there: a setting that the file does not name stays.
"""


class RuleReader(Protocol):
    """Reads one rule and carries it out on tables; raises an XlvsError that says what is wrong with it."""

    def __call__(self, rule: str, tables: IpvsTables, /) -> None:
        """Carry out one line."""


class BadRule(UsageError):
    """A line of the file that cannot be: its place, what is wrong, and the line itself."""


def run(argv: Sequence[str], read_rule: RuleReader, more: Callable[[], None]) -> int:
    """``xlvs restore ARGV``; the language of the rules comes from who calls, and `more` that is not about the set."""
    options = _parser().parse_args(argv)
    from xlvs.ipvs.desired import bring, configured
    from xlvs.ipvs.host import host_addresses
    from xlvs.ipvs.memory import MemoryTables
    from xlvs.ipvs.pinned import open_tables

    name = "standard input" if options.file == "-" else options.file
    tables = open_tables()
    # The rules are carried out on tables in memory first: these have the same checks.
    desired = desired_set(_lines(options.file), name, read_rule, MemoryTables(host_addresses=host_addresses))
    if options.dry_run:
        operations = diff(configured(tables), desired)
        _print_difference(operations)
        return 0
    operations = bring(tables, desired)
    more()
    if options.verbose:
        _print_difference(operations)
    return 0


def desired_set(lines: Iterable[str], name: str, read_rule: RuleReader, scratch: IpvsTables) -> list[ConfiguredService]:
    """The services that a file's lines make on empty tables. Raises BadRule."""
    from xlvs.ipvs.desired import configured

    for number, text in enumerate(lines, 1):
        rule = text.strip()
        if not rule or rule.startswith("#"):
            continue
        try:
            read_rule(rule, scratch)
        except XlvsError as error:
            raise BadRule(f"{name}, line {number}: {error.message}; nothing was changed\n  {_shown(rule)}") from None
    return configured(scratch)


def _shown(rule: str) -> str:
    """Fit for a terminal, whatever the file was."""
    return "".join(letter if letter.isprintable() else "?" for letter in rule[:_SHOWN])


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="xlvs restore",
        description="Make the tables as a file of rules says.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("file", metavar="FILE", help="rules as ipvsadm -S writes them; - for standard input")
    parser.add_argument("-n", "--dry-run", action="store_true", help="print the difference, change nothing")
    parser.add_argument("-v", "--verbose", action="store_true", help="print what was done")
    return parser


def _lines(file: str) -> list[str]:
    try:
        if file == "-":
            return sys.stdin.read().splitlines()
        with open(file, encoding="utf-8", errors="surrogateescape") as opened:
            return opened.read().splitlines()
    except OSError as error:
        raise UsageError(f"{file}: {error.strerror}") from None


def _print_difference(operations: Sequence[Operation]) -> None:
    for operation in operations:
        print(difference_line(operation))
    print(summary(operations))


def summary(operations: Iterable[Operation]) -> str:
    """How many come, change and go."""
    come = change = go = 0
    for operation in operations:
        if isinstance(operation, AddService | AddDestination):
            come += 1
        elif isinstance(operation, DeleteService | DeleteDestination):
            go += 1
        else:
            change += 1
    if not (come or change or go):
        return "no difference"
    return f"{come} to add, {change} to change, {go} to delete"
