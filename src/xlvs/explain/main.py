# SPDX-License-Identifier: Apache-2.0
"""``xlvs explain``: the command."""

from __future__ import annotations

import argparse
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from xlvs.explain.question import (
    CHUNKS,
    ICMP,
    ICMPV6,
    MESSAGES,
    PROTOCOLS,
    SCTP,
    TCP,
    Question,
    parse_end,
    parse_flags,
)
from xlvs.model.address import Family
from xlvs.model.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

_DESCRIPTION: Final = """\
What becomes of a packet, and why: the real programs are run on it, over a copy of the tables. Nothing is sent, and nothing
in the tables changes.
"""
_EPILOG: Final = """\
A client's first packet, a packet of an open connection, and the server's answer:

    xlvs explain tcp 192.168.20.1:51184 192.168.20.129:80
    xlvs explain tcp 192.168.20.1:51184 192.168.20.129:80 --flags A
    xlvs explain tcp 192.168.10.133:80 192.168.20.1:51184 --flags SA --in eth1

With a mark of netfilter, in IPv6, as SCTP; a datagram that must be split or answered:

    xlvs explain tcp 192.168.20.1:51184 192.168.20.129:443 --mark 10
    xlvs explain udp [2001:db8::7]:4000 [2001:db8:1::80]:53
    xlvs explain sctp 192.168.20.1:5000 192.168.20.129:2905 --chunk INIT
    xlvs explain udp 192.168.20.1:4000 192.168.20.129:53 --length 1500 --may-split

An ICMP error of a router behind the director, about a packet to a server as the router saw it:

    xlvs explain icmp 192.168.10.1 192.168.20.1 --type too-big --about tcp 192.168.20.1:51184 192.168.10.133:80

How to read it: one block for each program that the packet meets. `XDP eth0 handed up to tc because ...` says why the fast
path left it; `service`, `connection`, `persistence` and `scheduler` say what of the tables it met, with every destination of
the service, what the scheduler compares, and why some are not usable; `rewritten` and `sent` say what left and where; the
last line is the verdict, as `xlvs status` counts them. The next packet may fare otherwise: its turn has come, or a
connection is known then. Exit code: 0, whatever the packet's fate; 2 for a wrong command line, or where there are no tables.
"""
_LENGTH_MAX: Final = 1500  # what a trial can hold, with room for what tunnels add
_MARK_MAX: Final = 0xFFFFFFFF
_ESCAPES: Final = {"\\r": "\r", "\\n": "\n", "\\t": "\t"}


def main(argv: list[str]) -> int:
    """Run ``xlvs explain ARGV``."""
    options = _parser().parse_args(argv)
    asked = question(options)
    from xlvs.explain import render
    from xlvs.explain.gather import Journey
    from xlvs.explain.host import RealHost
    from xlvs.explain.packet import frame
    from xlvs.explain.story import tell
    from xlvs.ipvs.pinned import open_tables
    from xlvs.ipvs.trial import Trial

    store = open_tables().present_store()
    if store is None:
        raise UsageError("there are no tables: the first `ipvsadm -A` or `xlvs attach` makes them")
    host = RealHost(store)
    place = host.place(asked)
    with Trial(store, xdp=bool(place.xdp)) as trial:
        story = tell(Journey(store, trial, host, asked, place).travel(frame(asked, place.address)))
    print(render.as_json(story) if options.json else render.text(story), end="")
    return 0


def question(options: argparse.Namespace) -> Question:
    """The packet that the options describe. Raises UsageError."""
    protocol = PROTOCOLS[options.protocol]
    asked = _plain(protocol, options.source, options.destination)
    if asked.is_icmp:
        asked = _icmp(asked, options)
    _check_content(options, protocol)
    return replace(
        asked,
        flags=parse_flags("S" if options.flags is None else options.flags),
        chunk=CHUNKS[options.chunk or "INIT"],
        data=_data(options.data),
        length=options.length,
        ttl=options.ttl,
        tos=options.tos,
        may_split=options.may_split,
        fragment=options.fragment,
        mark=options.mark,
        interface=options.interface,
        own=True if options.own else (False if options.interface else None),
    )


def _check_content(options: argparse.Namespace, protocol: int) -> None:
    """What the packet says must be of its protocol. Raises UsageError."""
    given = {"--flags": options.flags is not None, "--chunk": bool(options.chunk)}
    for option, (of, name) in {"--flags": (TCP, "tcp"), "--chunk": (SCTP, "sctp")}.items():
        if given[option] and protocol != of:
            raise UsageError(f"{option} is for {name}")
    if protocol != ICMP and (options.about or options.type):
        raise UsageError("--type and --about are for icmp")


def _plain(protocol: int, source: str, destination: str) -> Question:
    has_ports = protocol != ICMP
    ends = parse_end(source, port=has_ports), parse_end(destination, port=has_ports)
    if ends[0].family is not ends[1].family:
        raise UsageError("source and destination are of different families: one packet is IPv4 or IPv6")
    if protocol == ICMP and ends[0].family is Family.IPV6:
        protocol = ICMPV6
    return Question(protocol, *ends)


def _icmp(asked: Question, options: argparse.Namespace) -> Question:
    kind = options.type or ("port-unreachable" if options.about else "echo")
    side = 0 if asked.family is Family.IPV4 else 1
    asked = replace(asked, message=MESSAGES[kind][side])
    if not options.about:
        return asked
    name, source, destination = options.about
    if name not in PROTOCOLS or name == "icmp":
        raise UsageError(f"--about is about a packet of tcp, udp or sctp, not {name!r}")
    quoted = _plain(PROTOCOLS[name], source, destination)
    if quoted.family is not asked.family:
        raise UsageError("--about is of another family than the error")
    return replace(asked, quoted=quoted)


def _data(text: str) -> bytes:
    for escape, character in _ESCAPES.items():
        text = text.replace(escape, character)
    return text.encode(errors="surrogateescape")  # bytes of the command line that are no UTF-8 stay what they are


def _number(most: int, what: str, least: int = 0) -> Callable[[str], int]:
    def parse(text: str) -> int:
        try:
            number = int(text, 16 if text.lower().startswith("0x") else 10)
        except ValueError:
            number = -1
        if not least <= number <= most:
            raise argparse.ArgumentTypeError(f"{text!r} is not {what} ({least} to {most})")
        return number

    return parse


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="xlvs explain",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("protocol", choices=list(PROTOCOLS), metavar="tcp|udp|sctp|icmp")
    parser.add_argument("source", metavar="SOURCE", help="ADDRESS:PORT, [IPV6]:PORT; with icmp the address alone")
    parser.add_argument("destination", metavar="DESTINATION", help="likewise")
    parser.add_argument(
        "--in",
        dest="interface",
        default="",
        metavar="INTERFACE",
        help="where it comes in (default: where answers to it would leave)",
    )
    parser.add_argument(
        "--own", action="store_true", help="this host sends it (default: if its source is an address here)"
    )
    parser.add_argument(
        "--mark", type=_number(_MARK_MAX, "a mark"), default=0, metavar="N", help="the mark that netfilter gives it"
    )
    _add_content(parser)
    parser.add_argument("--json", action="store_true", help="the same for programs")
    return parser


def _add_content(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("what it says")
    group.add_argument("--flags", metavar="LETTERS", help="of TCP: S, SA, A, FA, R ... (default: S)")
    group.add_argument("--chunk", choices=list(CHUNKS), metavar="NAME", help="of SCTP (default: INIT)")
    group.add_argument(
        "--type", choices=list(MESSAGES), metavar="NAME", help=f"of ICMP: {', '.join(MESSAGES)} (default: echo)"
    )
    group.add_argument(
        "--about",
        nargs=3,
        metavar=("PROTO", "SRC", "DST"),
        help="the packet that an ICMP error is about, as it stands there",
    )
    group.add_argument(
        "--data", default="", metavar="TEXT", help="what it carries (\\r and \\n too), as for a SIP Call-ID"
    )
    group.add_argument(
        "--length", type=_number(_LENGTH_MAX, "a length"), default=0, metavar="BYTES", help="of the IP packet, at least"
    )
    group.add_argument("--ttl", type=_number(255, "a TTL"), default=64, metavar="N", help="hops to live (default: 64)")
    group.add_argument("--tos", type=_number(255, "a TOS"), default=0, metavar="N", help="TOS or traffic class")
    group.add_argument("--may-split", action="store_true", help="IPv4 without «don't fragment»")
    group.add_argument("--fragment", action="store_true", help="the first fragment of a datagram")
