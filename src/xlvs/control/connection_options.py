# SPDX-License-Identifier: Apache-2.0
"""The options that choose connections and services, the same for every command."""

from __future__ import annotations

from argparse import ArgumentTypeError
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from xlvs.control import connection_words as words
from xlvs.model.address import Family
from xlvs.model.connection_filter import ConnectionFilter, Network
from xlvs.model.errors import UsageError
from xlvs.model.service import Protocol, ServiceKey, mark_service_key

if TYPE_CHECKING:
    import argparse

_IPVSADM: Final = (
    ("-t", "--tcp-service", Protocol.TCP),
    ("-u", "--udp-service", Protocol.UDP),
    ("--sctp-service", "", Protocol.SCTP),
)


def add_service(parser: Any, *, dest: str = "service") -> None:
    """The service as ipvsadm spells it."""
    for short, long, protocol in _IPVSADM:
        parser.add_argument(
            *filter(None, (short, long)),
            dest=dest,
            type=partial(words.service_at, protocol),
            metavar="VIP:PORT",
            help=f"the {protocol.name} service there",
        )
    parser.add_argument(
        "-f",
        "--fwmark-service",
        dest=dest,
        type=lambda text: mark_service_key(words.mark(text)),
        metavar="MARK",
        help="the service of that firewall mark (IPv6: fwm6:MARK)",
    )


def add_one_service(parser: argparse.ArgumentParser, *, behind: str = "") -> None:
    """One service that must be named, as SERVICE or as ipvsadm spells it, and what comes behind it; see `one_service`."""
    parser.add_argument(
        "words",
        nargs="*",
        metavar=f"SERVICE {behind}".strip(),
        help="tcp:VIP:PORT, udp:VIP:PORT, sctp:VIP:PORT, fwm:MARK or fwm6:MARK",
    )
    add_service(parser)
    parser.add_argument("-6", "--ipv6", action="store_true", help="with -f: the mark's service for IPv6")


def parse(parser: argparse.ArgumentParser, argv: list[str]) -> argparse.Namespace:
    """`parser.parse_args` for one with `add_one_service`: options may stand between the words."""
    options, left = parser.parse_known_args(argv)
    if left and (not hasattr(options, "words") or any(word.startswith("-") for word in left)):
        parser.error(f"unrecognized arguments: {' '.join(left)}")
    if left:
        options.words += left
    return options


def add_filter(parser: argparse.ArgumentParser) -> None:
    """What connections must be like. What is said twice counts as it was said last."""
    group = parser.add_argument_group("which connections (all that is said must be true)")
    group.add_argument("--client", type=words.network, metavar="NET", help="10.1.0.0/16, 10.1.2.3, 10.1.2.3:4711")
    group.add_argument(
        "--service", type=words.service, metavar="SERVICE", help="tcp:VIP:PORT, udp:..., sctp:..., fwm:MARK"
    )
    add_service(group)
    group.add_argument("--server", "-r", type=words.server, metavar="RIP[:PORT]", help="the real server's address")
    group.add_argument(
        "--state", type=words.states, metavar="STATE,...", help="as listed: ESTABLISHED, SYN_RECV, UDP ..."
    )
    group.add_argument("--protocol", choices=sorted(words.PROTOCOLS), help="of the packets")
    group.add_argument(
        "--expires", type=words.seconds, metavar="TIME", help="over within TIME unless a packet comes: 30s, 5m"
    )
    kinds = group.add_mutually_exclusive_group()
    kinds.add_argument("--templates", action="store_true", help="persistence templates too")
    kinds.add_argument("--only-templates", action="store_true", help="persistence templates alone")


def one_service(options: argparse.Namespace, *, more: int = 0) -> ServiceKey:
    """The one service that is named; `more` words may follow it, and are left in `options.words`. Raises UsageError."""
    words_left: list[str] = options.words
    key: ServiceKey | None = options.service
    if options.ipv6:
        if key is None or not key.fwmark:
            raise UsageError("-6 goes with -f MARK: an address says itself of which family it is; nothing was changed")
        key = mark_service_key(key.fwmark, Family.IPV6)
    if key is None and words_left:
        try:
            key = words.service(words_left.pop(0))
        except ArgumentTypeError as error:
            raise UsageError(f"{error}; nothing was changed") from None
    if key is None:
        raise UsageError("which service? Write tcp:VIP:PORT, or -t VIP:PORT as ipvsadm does")
    if len(words_left) > more:
        raise UsageError(f"{words_left[more]!r} is too much: name one service; nothing was changed")
    return key


def chosen(options: argparse.Namespace) -> ConnectionFilter:
    """The filter that the options make."""
    server: words.Server | None = options.server
    return ConnectionFilter(
        client=options.client,
        service=options.service,
        server=server and Network(server.address, len(server.address) * 8, server.port or 0),
        states=options.state or frozenset(),
        protocol=words.PROTOCOLS[options.protocol] if options.protocol else None,
        templates=options.templates or options.only_templates,
        connections=not options.only_templates,
        expires_s=options.expires,
    )
