# SPDX-License-Identifier: Apache-2.0
"""From the words of a command line to a checked request, in the order in which the original looks at them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xlvs.ipvsadm.combinations import check_command, check_tunnel
from xlvs.ipvsadm.labels import ALLOWED, TUNNEL_OPTIONS, Command, bits
from xlvs.ipvsadm.options import OPTIONS
from xlvs.ipvsadm.popt import PoptError
from xlvs.ipvsadm.request import Request
from xlvs.ipvsadm.scheduler_flags import read_scheduler_flags
from xlvs.ipvsadm.values import read_number
from xlvs.model.destination import ForwardingMethod
from xlvs.model.errors import UsageError
from xlvs.model.service import Protocol
from xlvs.model.settings import TIMEOUT_LIMIT_S, Timeouts

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from xlvs.ipvsadm.options import Meaning
    from xlvs.ipvsadm.values import ValueReader

_PLAIN_LISTINGS = bits("connection timeout daemon")
_PLAIN_LISTINGS_WITHOUT_CONNECTIONS = bits("timeout daemon")
_FORMATS_OF_SERVICES = bits("stats rate thresholds")
_PERSISTENT_CONN = bits("persistent-conn")


class TryHelp(UsageError):
    """No command to begin with."""

    message = "Try `ipvsadm -h' or 'ipvsadm --help' for more information."
    exit_code = 255


def parse(words: Sequence[str], reader: ValueReader) -> Request:
    """The request that the words (without the program's name, at least one) make.

    TryHelp if they do not start with a command, PoptError for a word that is no option, UsageError for everything
    else. Help and version win over whatever follows.
    """
    leftovers: list[str] = []
    found = OPTIONS.read(words, leftovers)
    request = _read_command(found, reader)
    if request.command in (Command.HELP, Command.VERSION):
        return request
    given = 0
    for meaning, argument, last_word in found:
        if meaning.command is not None:
            raise UsageError(f"invalid option `{last_word}'")
        if given & meaning.bit:
            raise UsageError(f"multiple '{meaning.label}' options specified")
        given |= meaning.bit
        if meaning.action is not None:
            meaning.action(request, argument)
    request.given = given
    _finish(request, leftovers)
    return request


def _read_command(found: Iterator[tuple[Meaning, str, str]], reader: ValueReader) -> Request:
    try:
        meaning, argument, _ = next(found)
    except (StopIteration, PoptError):
        raise TryHelp from None
    if meaning.command is None:
        raise TryHelp
    request = Request(reader)
    request.command = meaning.command
    if meaning.action is not None:
        meaning.action(request, argument)
    return request


def _finish(request: Request, leftovers: list[str]) -> None:
    if request.command is Command.SET:
        request.timeouts = _take_timeouts(leftovers)
    if leftovers:
        raise UsageError(f"unexpected argument {leftovers[0]}")
    if request.scheduler_flag_names:
        request.scheduler_flags = read_scheduler_flags(request.scheduler_flag_names, request.scheduler)
    must, may = ALLOWED[request.command]
    if request.given & ~(must | may) or must & ~request.given or request.command is Command.LIST:
        check_command(request.command, request.given)
    check = _CHECKS.get(request.command)
    if check is not None:
        check(request)


def _take_timeouts(leftovers: list[str]) -> Timeouts:
    if len(leftovers) < 3:
        raise UsageError("--set option requires 3 timeout values")
    values = []
    for text in leftovers[:3]:
        value = read_number(text, 0, TIMEOUT_LIMIT_S)
        if value is None:
            raise UsageError(f"invalid timeout value `{text}' specified")
        values.append(value)
    del leftovers[:3]
    return Timeouts(*values)


def _check_service(request: Request) -> None:
    if not request.fwmark and request.port == 0 and not request.persistence_timeout_s:
        raise UsageError("Zero port specified for non-persistent service")
    if request.one_packet and not request.fwmark and request.protocol is not Protocol.UDP:
        raise UsageError("One-Packet Scheduling is only for UDP virtual services")


def _check_server(request: Request) -> None:
    tunnel = request.forwarding is ForwardingMethod.TUNNEL
    if request.server_family is not request.family and not tunnel:
        raise UsageError("Different address family is allowed only for tunneling servers")
    if not request.given & TUNNEL_OPTIONS:
        return
    if not tunnel:
        raise UsageError("Tunnel options conflict with forward method")
    check_tunnel(request.tunnel_type, request.given)


def _check_list(request: Request) -> None:
    if (request.has(_PLAIN_LISTINGS) and request.has(_FORMATS_OF_SERVICES)) or (
        request.has(_PLAIN_LISTINGS_WITHOUT_CONNECTIONS) and request.has(_PERSISTENT_CONN)
    ):
        raise UsageError("options conflicts in the list command")


_CHECKS = {
    Command.ADD_SERVICE: _check_service,
    Command.EDIT_SERVICE: _check_service,
    Command.ADD_SERVER: _check_server,
    Command.EDIT_SERVER: _check_server,
    Command.LIST: _check_list,
}
