# SPDX-License-Identifier: Apache-2.0
"""``xlvs restore``: joins the transaction with the language of ipvsadm's rules, which is another front end's."""

from __future__ import annotations

import io
import re
import shlex
from contextlib import redirect_stderr, redirect_stdout
from importlib import import_module
from typing import TYPE_CHECKING, Final

from xlvs.cli.commands import BY_NAME
from xlvs.control import restore
from xlvs.ipvsadm.labels import Command
from xlvs.ipvsadm.parser import TryHelp, parse
from xlvs.ipvsadm.values import ValueReader
from xlvs.linux import resolver
from xlvs.model.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xlvs.ipvs.interface import IpvsTables
    from xlvs.model.settings import Timeouts

_WORD: Final = re.compile(r"[^ \t\r\n]+")
_COMMANDS: Final = ("sysctl", "mark add", "laddr add", "service set")  # of ours that a file may have


class Rules:
    """The rules of a saved table, -A and -a with their options, and what `xlvs save` has besides."""

    def __init__(self, reader: ValueReader) -> None:
        self._reader = reader
        self._timeouts: Timeouts | None = None
        self._commands: list[list[str]] = []

    def carry_out(self, rule: str, tables: IpvsTables, /) -> None:
        """See `xlvs.control.restore.RuleReader`. The word ipvsadm before a rule is allowed, as ipvsadm does."""
        if _WORD.match(rule) and rule.split(maxsplit=1)[0] == "xlvs":
            self._commands.append(_command(rule))
            return
        words = [word for word in _WORD.findall(rule) if word != "ipvsadm"]
        try:
            request = parse(words, self._reader)
        except TryHelp:
            raise UsageError("this does not begin with a command of ipvsadm") from None
        if request.command is Command.ADD_SERVICE:
            tables.add_service(request.service())
        elif request.command is Command.ADD_SERVER:
            tables.add_destination(request.service_key(), request.destination())
        elif request.command is Command.SET:
            self._timeouts = request.timeouts
        else:
            raise UsageError(f"{words[0]} is no rule: a table is made of -A and -a lines")

    def carry_out_more(self) -> None:
        """What the lines say that are no rules."""
        if self._timeouts is not None:
            from xlvs.ipvs.pinned import open_tables

            open_tables().set_timeouts(self._timeouts)
        for words in self._commands:
            with redirect_stdout(io.StringIO()):  # sysctl shows what it has set
                _run(words)


def main(argv: list[str]) -> int:
    """Run ``xlvs restore ARGV``; the exit code."""
    rules = Rules(ValueReader(resolver))
    return restore.run(argv, rules.carry_out, rules.carry_out_more)


def _command(line: str) -> list[str]:
    """The words of a command of ours that a file may have. Raises UsageError."""
    try:
        words = shlex.split(line)[1:]
    except ValueError as error:
        raise UsageError(f"these are no words of a shell: {error}") from None
    if words[:1] != ["sysctl"] and " ".join(words[:2]) not in _COMMANDS:
        raise UsageError(f"of xlvs a file has {', '.join(_COMMANDS)} only")
    _check(words)
    return words


def _check(words: Sequence[str]) -> None:
    """Have the command look at its words. Raises UsageError."""
    module = import_module(BY_NAME[words[0]].entry.partition(":")[0])
    said = io.StringIO()
    try:
        with redirect_stderr(said), redirect_stdout(said):
            module.check(words[1:])
    except SystemExit:
        raise UsageError(said.getvalue().strip().rpartition("error: ")[2]) from None


def _run(words: Sequence[str]) -> None:
    module, _, function = BY_NAME[words[0]].entry.partition(":")
    getattr(import_module(module), function)(words[1:])
