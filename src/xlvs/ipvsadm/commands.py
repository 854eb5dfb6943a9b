# SPDX-License-Identifier: Apache-2.0
"""Carries requests out on the tables and prints what they ask for."""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING

from xlvs.ipvsadm.labels import Command, bits
from xlvs.ipvsadm.parser import TryHelp, parse
from xlvs.ipvsadm.popt import PoptError
from xlvs.ipvsadm.values import ValueReader
from xlvs.model.errors import NoSuchService, NotSupported, TableError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import TextIO

    from xlvs.ipvs.interface import IpvsTables
    from xlvs.ipvsadm.listing import Format
    from xlvs.ipvsadm.names import Namer
    from xlvs.ipvsadm.request import Request
    from xlvs.ipvsadm.values import Resolver

_LINES_PER_WRITE = 8192
_WORD: re.Pattern[str] = re.compile(r"[^ \t\r\n]+")

_NUMERIC = bits("numeric")
_CONNECTION = bits("connection")
_SERVICE = bits("service-address")
_TIMEOUT = bits("timeout")
_DAEMON = bits("daemon")
_NOSORT = bits("nosort")
_EXACT = bits("exact")
_STATS = bits("stats")
_RATE = bits("rate")
_THRESHOLDS = bits("thresholds")
_PERSISTENT_CONN = bits("persistent-conn")
_TUN_INFO = bits("tun-info")


_LAST_COMMANDS = (Command.HELP, Command.VERSION)


class NothingToList(UsageError):
    """The one service that was to be listed is not there."""

    message = NoSuchService.message
    exit_code = 1


class Session:
    """One run of ipvsadm: the tables, opened when first needed, the streams and the names.

    `stdin` yields lines in portions, as they arrive.
    """

    def __init__(
        self,
        open_tables: Callable[[], IpvsTables],
        stdin: Iterable[Iterable[str]],
        stdout: TextIO,
        stderr: TextIO,
        resolver: Resolver,
    ) -> None:
        self._open_tables = open_tables
        self._opened: IpvsTables | None = None
        self._stdin = stdin
        self._stdout = stdout
        self._stderr = stderr
        self._resolver = resolver
        self._reader = ValueReader(resolver)
        self._carry_out: dict[Command, Callable[[Request], None]] = {
            Command.ADD_SERVICE: lambda request: self._tables.add_service(request.service()),
            Command.EDIT_SERVICE: lambda request: self._tables.update_service(request.service()),
            Command.DELETE_SERVICE: lambda request: self._tables.delete_service(request.service_key()),
            Command.ADD_SERVER: self._add_server,
            Command.EDIT_SERVER: self._edit_server,
            Command.DELETE_SERVER: self._delete_server,
            Command.FLUSH: lambda _request: self._tables.flush(),
            Command.ZERO: self._zero,
            Command.SET: lambda request: self._tables.set_timeouts(request.timeouts),
            Command.START_DAEMON: lambda request: self._tables.start_daemon(request.daemon()),
            Command.STOP_DAEMON: lambda request: self._tables.stop_daemon(request.role),
            Command.LIST: self._list,
            Command.SAVE: self._save,
            Command.HELP: self._help,
            Command.VERSION: self._version,
        }

    def run(self, words: Sequence[str]) -> int:
        """Carry out one command line (no words: list with names); exit code 0. Raises what goes wrong."""
        request = parse(words or ("-L",), self._reader)
        if request.command is Command.RESTORE:
            return self._restore()
        self._carry_out[request.command](request)
        return 0

    @property
    def _tables(self) -> IpvsTables:
        if self._opened is None:
            self._opened = self._open_tables()
        return self._opened

    def complain(self, message: str) -> None:
        """One message to standard error."""
        self._stderr.write(f"{message}\n")

    def _print(self, lines: Iterable[str]) -> None:
        rest = iter(lines)
        while chunk := list(islice(rest, _LINES_PER_WRITE)):
            chunk.append("")
            self._stdout.write("\n".join(chunk))

    def _add_server(self, request: Request) -> None:
        self._tables.add_destination(request.service_key(), request.destination())

    def _edit_server(self, request: Request) -> None:
        self._tables.update_destination(request.service_key(), request.destination())

    def _delete_server(self, request: Request) -> None:
        self._tables.delete_destination(request.service_key(), request.destination_key())

    def _zero(self, request: Request) -> None:
        self._tables.zero(request.service_key() if request.has(_SERVICE) else None)

    def _restore(self) -> int:
        """Carry out lines of input; give the last one's exit code.

        The tables are held for the lines that arrived together, not while waiting for more.
        """
        code = 0
        for lines in self._stdin:
            with self._tables.batch():
                for line in lines:
                    words = _split(line)
                    if words:
                        code, ends = self._restore_line(words)
                        if ends:
                            return code
        return code

    def _restore_line(self, words: Sequence[str]) -> tuple[int, bool]:
        """Carry out one line; give its exit code and whether the run ends with it.

        What the tables refuse and words that are no options do not end it; other mistakes do, as they are raised.
        """
        try:
            request = parse(words, self._reader)
            # There is no -R inside -R, but the original looks at its options first.
            if request.command is Command.RESTORE:
                raise TryHelp
            self._carry_out[request.command](request)
        except (TableError, PoptError, NotSupported) as error:
            self.complain(error.message)
            return error.exit_code, False
        return 0, request.command in _LAST_COMMANDS

    def _list(self, request: Request) -> None:
        from xlvs.ipvsadm import listing

        tables = self._tables
        if request.has(_CONNECTION):
            from xlvs.ipvsadm.connections import list_connections

            rows = tables.connection_rows()
            self._print(list_connections(rows, self._namer(request), with_engine=request.has(_PERSISTENT_CONN)))
        elif request.has(_TIMEOUT):
            self._print([listing.timeouts_line(tables.timeouts())])
        elif request.has(_DAEMON):
            self._print(map(listing.daemon_line, tables.daemons()))
        else:
            self._list_services(request)

    def _list_services(self, request: Request) -> None:
        from xlvs.ipvsadm import listing

        if request.has(_SERVICE):
            try:
                services = iter([self._tables.service(request.service_key())])
            except NoSuchService:
                raise NothingToList from None
        else:
            services = self._tables.services()
            self._print([listing.version_line(self._tables.size())])
        in_table_order = request.has(_NOSORT)
        self._print(
            listing.list_services(services, _format(request), self._namer(request), in_table_order=in_table_order)
        )

    def _save(self, request: Request) -> None:
        from xlvs.ipvsadm.saving import save_services

        self._print(save_services(self._tables.services(), self._namer(request)))

    def _namer(self, request: Request) -> Namer:
        from xlvs.ipvsadm.names import Namer

        return Namer(None if request.has(_NUMERIC) else self._resolver)

    def _help(self, _request: Request) -> None:
        from xlvs.ipvsadm.usage import HELP, VERSION

        self._print([VERSION, *HELP])

    def _version(self, _request: Request) -> None:
        from xlvs.ipvsadm.usage import VERSION

        self._print([VERSION])


def _split(line: str) -> list[str]:
    """The words of a line; the program's name is none, and a word ends at a zero byte."""
    words = _WORD.findall(line)
    if "\0" in line:
        words = [word.partition("\0")[0] for word in words]
    return [word for word in words if word != "ipvsadm"] if "ipvsadm" in words else words


def _format(request: Request) -> Format:
    """The format that is asked for; of several the first in this order."""
    from xlvs.ipvsadm import listing

    exact = request.has(_EXACT)
    if request.has(_STATS):
        return listing.statistics_format(exact=exact)
    if request.has(_RATE):
        return listing.rates_format(exact=exact)
    for option, chosen in (
        (_THRESHOLDS, listing.THRESHOLDS),
        (_PERSISTENT_CONN, listing.PERSISTENT_CONNECTIONS),
        (_TUN_INFO, listing.TUNNELS),
    ):
        if request.has(option):
            return chosen
    return listing.PLAIN
