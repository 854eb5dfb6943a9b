# SPDX-License-Identifier: Apache-2.0
"""``xlvs restore``: joins the transaction with the language of ipvsadm's rules, which is another front end's."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from xlvs.control import restore
from xlvs.ipvsadm.labels import Command
from xlvs.ipvsadm.parser import TryHelp, parse
from xlvs.ipvsadm.values import ValueReader
from xlvs.linux import resolver
from xlvs.model.errors import UsageError

if TYPE_CHECKING:
    from xlvs.ipvs.interface import IpvsTables

_WORD: Final = re.compile(r"[^ \t\r\n]+")


class Rules:
    """The rules of a saved table: -A and -a with their options."""

    def __init__(self, reader: ValueReader) -> None:
        self._reader = reader

    def carry_out(self, rule: str, tables: IpvsTables, /) -> None:
        """See `xlvs.control.restore.RuleReader`. The word ipvsadm before a rule is allowed, as ipvsadm does."""
        words = [word for word in _WORD.findall(rule) if word != "ipvsadm"]
        try:
            request = parse(words, self._reader)
        except TryHelp:
            raise UsageError("this does not begin with a command of ipvsadm") from None
        if request.command is Command.ADD_SERVICE:
            tables.add_service(request.service())
        elif request.command is Command.ADD_SERVER:
            tables.add_destination(request.service_key(), request.destination())
        else:
            raise UsageError(f"{words[0]} is no rule: a table is made of -A and -a lines")


def main(argv: list[str]) -> int:
    """Run ``xlvs restore ARGV``; the exit code."""
    return restore.run(argv, Rules(ValueReader(resolver)).carry_out)
