# SPDX-License-Identifier: Apache-2.0
"""``xlvs service``: what a service has of its own: timeouts, and what becomes of connections whose server goes."""

from __future__ import annotations

import argparse
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from xlvs.control import connection_options, service_words
from xlvs.model.errors import NoSuchService, UsageError
from xlvs.model.policy import ON_QUIESCED, ON_REMOVED, Fate

if TYPE_CHECKING:
    from xlvs.ipvs.store import Store
    from xlvs.model.policy import ServicePolicy
    from xlvs.model.service import ServiceKey
    from xlvs.model.settings import Timeouts

_EPILOG: Final = """\
Examples:

    xlvs service show
    xlvs service set udp:10.0.0.1:53 --timeout-udp 10s --on-removed reset --on-quiesced move
    xlvs service set -t 10.0.0.1:22 --timeout-tcp 12h
    xlvs service set -t 10.0.0.1:22 --timeout-tcp default

IPVS has one set of timeouts for all (`ipvsadm --set`) and one rule for servers that go (`xlvs sysctl`); these are a
service's own. They stay through `ipvsadm -E` and `xlvs restore`, and go with the service. The format of `ipvsadm -S` has
no place for them: `xlvs service show --commands` prints what makes them anew.
"""
_SET_EPILOG: Final = """\
Timeouts, how long a connection lives without packets: 90, 90s, 5m, 12h, or `default` for the director's. Present
connections get them with their next packet.

When a server is removed (ipvsadm -d, Keepalived, xlvs restore), its connections
    drop     wait: packets are dropped until the server is back or their time is over
    keep     go on to the server until they end; as long as the service itself is there
    reset    TCP is reset at both ends, UDP goes to another server
    default  as net.ipv4.vs.expire_nodest_conn says: drop, or UDP goes to another server at its next packet

When a server's weight becomes 0 (quiesced), its connections
    keep     go on
    move     UDP goes to another server, TCP goes on
    reset    TCP is reset at both ends, UDP goes to another server
    default  go on, with the exceptions of net.ipv4.vs.expire_nodest_conn and expire_quiescent_template

move and reset also make clients forget which server they stick to (persistence). `xlvs drain` gives connections time.

Full NAT (ipvsadm -a ... --fullnat) tells real servers the client's address in a TCP option; `--toa off` is for those that
drop segments with options which they do not know. Connections that are being made get it with their next segment.
"""


def main(argv: list[str]) -> int:
    """Run ``xlvs service ARGV``."""
    options = connection_options.parse(parser(), argv)
    return _set(options) if options.verb == "set" else _show(options)


def check(argv: list[str]) -> None:
    """Refuse what `main` would by its words alone. Raises UsageError, and SystemExit as argparse does."""
    options = connection_options.parse(parser(), argv)
    if options.verb == "set":
        _read(options)


def _read(options: argparse.Namespace) -> tuple[ServiceKey, dict[str, Any]]:
    """The service, and what changes of it. Raises UsageError."""
    key = connection_options.one_service(options)
    members = (*service_words.TIMEOUTS.values(), *service_words.FATES.values(), "no_toa")
    changes = {each: getattr(options, each) for each in members if getattr(options, each) is not None}
    if not changes:
        raise UsageError("say what the service is to have, --timeout-udp 10s for example; nothing was changed")
    return key, changes


def _set(options: argparse.Namespace) -> int:
    key, changes = _read(options)
    from xlvs.ipvs import policies
    from xlvs.ipvs.observed import pack_service_key

    store, packed = _store(), pack_service_key(key)
    number = store.find_service(packed) if store else 0
    if store is None or not number:
        raise NoSuchService(_no_such(key, "; nothing was changed"))
    with store.edit():
        policies.write(store, packed, policies.read(store, number)._replace(**changes))
    return 0


def _show(options: argparse.Namespace) -> int:
    store = _store()
    rows, timeouts = _policies(store)
    if options.words or options.service:
        key = connection_options.one_service(options)
        rows = [row for row in rows if row[0] == key]
        if not rows:
            raise NoSuchService(_no_such(key))
    if options.json:
        import json

        print(json.dumps([service_words.as_json(*row, timeouts) for row in rows], indent=2))
    elif options.commands:
        print("".join(f"{service_words.command(*row)}\n" for row in rows if any(row[1])), end="")
    else:
        print("\n".join(service_words.report(rows, timeouts)))
    return 0


def _policies(store: Store | None) -> tuple[list[tuple[ServiceKey, ServicePolicy]], Timeouts]:
    from xlvs.ipvs import policies
    from xlvs.ipvs.observed import service_view
    from xlvs.ipvs.pinned import open_tables

    timeouts = open_tables().timeouts()
    if store is None:
        return [], timeouts
    with store.reading():
        numbers = store.live_services()
        return [(service_view(store, each).service.key, policies.read(store, each)) for each in numbers], timeouts


def _store() -> Store | None:
    from xlvs.ipvs.pinned import open_tables

    return open_tables().present_store()


def _no_such(key: ServiceKey, moreover: str = "") -> str:
    from xlvs.control.connection_words import service_text

    return f"there is no service {service_text(key)}{moreover} (`xlvs service show` lists them)"


def parser() -> argparse.ArgumentParser:
    """The words that it takes."""
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(
        prog="xlvs service",
        description="What a service has of its own: timeouts, and what becomes of connections whose server goes.",
        epilog=_EPILOG,
        formatter_class=form,
        allow_abbrev=False,
    )
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="set|show")
    change = verbs.add_parser("set", help="change it", epilog=_SET_EPILOG, formatter_class=form, allow_abbrev=False)
    connection_options.add_one_service(change)
    for option, what in zip(service_words.TIMEOUTS, ("TCP", "TCP that is closing", "UDP"), strict=True):
        member = service_words.TIMEOUTS[option]
        change.add_argument(option, dest=member, type=service_words.timeout, metavar="TIME", help=f"of {what}")
    for option, member, fates in (
        ("--on-removed", "on_removed", ON_REMOVED),
        ("--on-quiesced", "on_quiesced", ON_QUIESCED),
    ):
        words = {service_words.fate_text(each): each for each in fates}
        change.add_argument(
            option,
            dest=member,
            type=partial(_fate, words),
            metavar="|".join(words),
            help=f"what becomes of connections when their server is {option[5:]}",
        )
    change.add_argument(
        "--toa",
        dest="no_toa",
        type=service_words.no_toa,
        metavar="on|off",
        help="whether full NAT tells real servers the client's address",
    )
    show = verbs.add_parser("show", help="show it, of one service or all", allow_abbrev=False)
    connection_options.add_one_service(show)
    output = show.add_mutually_exclusive_group()
    output.add_argument("--json", action="store_true", help="for programs")
    output.add_argument("--commands", action="store_true", help="as commands that make it anew")
    return parser


def _fate(words: dict[str, Fate], text: str) -> Fate:
    if text not in words:
        raise argparse.ArgumentTypeError(f"{text!r} is none of {', '.join(words)}")
    return words[text]
