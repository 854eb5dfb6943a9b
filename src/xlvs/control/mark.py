# SPDX-License-Identifier: Apache-2.0
"""``xlvs mark``: firewall marks by address and port, given in the packet path itself, with no netfilter."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Final

from xlvs.control import mark_words
from xlvs.model.address import format_address
from xlvs.model.errors import NoSuchMark, OtherMark, UsageError
from xlvs.model.mark_range import LAST_PORT, MarkRange, merged, without

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xlvs.ipvs.store import Store

_DESCRIPTION: Final = """\
Firewall marks by address and port, given in the packet path itself: one service by mark for several ports and
addresses, with no rule of netfilter.
"""
_EPILOG: Final = """\
A shop whose HTTP and HTTPS belong together, for one service by mark:

    xlvs mark add --vip 10.0.0.1 --proto tcp --ports 80,443 --mark 10
    ipvsadm -A -f 10 -s rr -p 600
    ipvsadm -a -f 10 -r 192.168.10.2 -m

An IPv6 address is for `ipvsadm -A -f 10 -6`. Marks of netfilter (iptables ... -j MARK --set-mark 10) need none of this:
they are seen as they are. A mark that is given here is not looked for in netfilter. The ranges are kept with the tables,
until `xlvs detach`; `xlvs mark list --commands` prints what makes them anew.
"""


def main(argv: list[str]) -> int:
    """Run ``xlvs mark ARGV``."""
    options = parser().parse_args(argv)
    verb: str = options.verb
    if verb == "list":
        return _list(options)
    from xlvs.ipvs.pinned import open_tables
    from xlvs.linux import capability

    if verb == "add":
        capability.require_director("giving marks")
        wanted = _wanted(options)
        _change(open_tables().store(), add=wanted)
        return 0
    store = open_tables().present_store()
    if store is None:
        raise NoSuchMark
    _delete(store, options)
    return 0


def check(argv: list[str]) -> None:
    """Refuse what `main` would by its words alone. Raises UsageError, and SystemExit as argparse does."""
    options = parser().parse_args(argv)
    if options.verb == "add":
        _wanted(options)


def added(there: Sequence[MarkRange], new: Sequence[MarkRange]) -> list[MarkRange]:
    """The ranges with the new ones among them. Raises OtherMark where a port has another mark already."""
    left = list(there)
    for each in new:
        for other in there:
            if other.overlaps(each) and other.mark != each.mark:
                first, last = max(other.first, each.first), min(other.last, each.last)
                raise OtherMark(
                    f"{format_address(each.address)} {each.protocol.name.lower()} {mark_words.span(first, last)} has mark "
                    f"{other.mark}: take it away first (`xlvs mark del`)"
                )
        left = [*without(left, each), each]
    return merged(left)


def deleted(there: Sequence[MarkRange], gone: Sequence[MarkRange], mark: int) -> list[MarkRange]:
    """The ranges without some; only those of a mark, unless it is 0. Raises NoSuchMark when none of it is there."""
    kept = [each for each in there if mark and each.mark != mark]
    left = [each for each in there if not mark or each.mark == mark]
    for each in gone:
        left = without(left, each)
    found = merged([*kept, *left])
    if found == list(there):
        raise NoSuchMark
    return found


def _change(store: Store, *, add: Sequence[MarkRange]) -> None:
    from xlvs.ipvs import attachments, detour, mark_ranges

    with store.edit():
        found = added(mark_ranges.present(store), add)
        attachments.attach_suitable(store)
        mark_ranges.put(store, found)
        detour.sync(store)


def _delete(store: Store, options: argparse.Namespace) -> None:
    from xlvs.ipvs import detour, mark_ranges

    if not (options.vip or options.mark):
        raise UsageError("say what is to go: --vip, --mark or both")
    with store.edit():
        there = mark_ranges.present(store)
        if options.vip:
            gone = _wanted(options)
        else:
            protocols, ports = options.proto, options.ports
            gone = [
                MarkRange(family, address, protocol, first, last, 0)
                for family, address, protocol in {each.place for each in there}
                if protocol in protocols
                for first, last in ports
            ]
        found = deleted(there, gone, options.mark or 0)
        # A mark that is given here no longer may be one of netfilter's: the way to it is made when the ports are gone.
        mark_ranges.put(store, found)
        detour.sync(store)


def _wanted(options: argparse.Namespace) -> list[MarkRange]:
    return [
        MarkRange(family, address, protocol, first, last, options.mark or 0)
        for family, address in options.vip
        for protocol in options.proto
        for first, last in options.ports
    ]


def _list(options: argparse.Namespace) -> int:
    from xlvs.control import forms
    from xlvs.ipvs import mark_ranges
    from xlvs.ipvs.pinned import open_tables

    store = open_tables().present_store()
    if store is None:
        found = []
    else:
        with store.reading():
            found = mark_ranges.present(store)
    if options.mark:
        found = [each for each in found if each.mark == options.mark]
    rows = mark_words.rows(found)
    forms.show(rows, mark_words.table(rows), options)
    return 0


def parser() -> argparse.ArgumentParser:
    """The words that it takes."""
    parser = argparse.ArgumentParser(
        prog="xlvs mark",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="add|del|list")
    add = verbs.add_parser("add", help="give a mark to packets by address and port", allow_abbrev=False)
    _add_selectors(add, needed=True)
    delete = verbs.add_parser("del", help="take marks away, by address and port, by mark, or both", allow_abbrev=False)
    _add_selectors(delete, needed=False)
    show = verbs.add_parser("list", help="the marks that are given", allow_abbrev=False)
    show.add_argument("--mark", type=mark_words.mark, metavar="N", help="this one alone")
    form = show.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="for programs")
    form.add_argument("--commands", action="store_true", help="as commands that make them anew")
    return parser


def _add_selectors(parser: argparse.ArgumentParser, *, needed: bool) -> None:
    every = mark_words.protocols("tcp,udp,sctp")
    parser.add_argument(
        "--vip",
        type=mark_words.addresses,
        required=needed,
        default=[],
        metavar="ADDRESS",
        help="virtual addresses, IPv4 or IPv6, with commas between",
    )
    parser.add_argument(
        "--proto",
        type=mark_words.protocols,
        required=needed,
        default=every,
        metavar="PROTO",
        help="tcp, udp, sctp, with commas between" + ("" if needed else " (default: all)"),
    )
    parser.add_argument(
        "--ports",
        type=mark_words.ports,
        required=needed,
        default=[(0, LAST_PORT)],
        metavar="PORTS",
        help="ports and ranges: 80,443,8000-8099, or all" + ("" if needed else " (default: all)"),
    )
    parser.add_argument(
        "--mark", type=mark_words.mark, required=needed, metavar="N", help="the mark, 1 to 4294967295, or 0x... "
    )
