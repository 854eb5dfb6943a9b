# SPDX-License-Identifier: Apache-2.0
"""The words of ``xlvs lab fault``."""

from __future__ import annotations

import argparse
from importlib import import_module
from typing import TYPE_CHECKING, Final

from xlvs.lab.amounts import duration, hold, percent
from xlvs.lab.wires import IN, OUT
from xlvs.model.errors import PermissionDenied

if TYPE_CHECKING:
    from collections.abc import Callable

_EXAMPLES: Final = """\
examples:
  xlvs lab fault cut server1                   its cable is out; on two nodes: nothing passes between them
  xlvs lab fault link server1 --loss 5%        of what it sends and gets
  xlvs lab fault link client director --delay 20ms --jitter 5ms --for 10s
  xlvs lab fault link director:ens33 --direction out --loss 30% --seed 7 --filter 'tcp dst port 80'
  xlvs lab fault stop server1                  kill its web server
  xlvs lab fault freeze server1                all its processes stand still
  xlvs lab fault list                          what is in force, and what it did
  xlvs lab fault clear                         as it was before; or only some, by number
"""


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command with its own."""
    parser = commands.add_parser(
        "fault",
        help="cut links, lose or delay packets, stop servers",
        description="Faults of a lab. Each is in force until it is cleared, its time is over, or the lab goes.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    words = parser.add_subparsers(metavar="WHAT", required=True)

    link = _fault(words, "link", "packets of a link are lost, held, doubled or damaged")
    _add_link(link)
    link.add_argument("--direction", choices=(IN, OUT), help="only what the node gets (in) or sends (out)")
    link.add_argument("--loss", type=percent, metavar="PERCENT", help="so many packets are lost")
    link.add_argument("--delay", type=hold, metavar="TIME", help="packets are held so long, for example 20ms")
    link.add_argument("--jitter", type=hold, metavar="TIME", help="or up to so much more or less")
    link.add_argument("--reorder", type=percent, metavar="PERCENT", help="so many are not held, and overtake others")
    link.add_argument("--duplicate", type=percent, metavar="PERCENT", help="so many come twice")
    link.add_argument("--corrupt", type=percent, metavar="PERCENT", help="in so many one bit is wrong")
    link.add_argument("--filter", metavar="WORDS", help="only these packets: 'tcp port 80', 'src host 10.0.0.1' ...")
    link.add_argument("--seed", type=_seed, metavar="NUMBER", help="repeat a run: the same packets in order are hit")
    link.add_argument("--method", choices=("tcx", "clsact"), help="how programs hang (default: tcx from Linux 6.6 on)")

    _add_link(_fault(words, "cut", "nothing goes over a link any more"))
    for word, summary in (("stop", "kill the web server of a node"), ("freeze", "stop all processes of a node")):
        _fault(words, word, summary).add_argument("node", help="server1, server2 ...")

    kill = _word(words, "kill", "kill all processes of a node, at once and for good")
    kill.add_argument("node", help="director1, server1 ...")

    listing = _word(words, "list", "show what is in force, with counts", entry="show")
    listing.add_argument("--json", action="store_true", help="as a document")

    clear = _word(words, "clear", "end faults")
    clear.add_argument("numbers", nargs="*", type=int, metavar="NUMBER", help="which (default: all)")


def _fault(
    words: argparse._SubParsersAction[argparse.ArgumentParser], name: str, summary: str
) -> argparse.ArgumentParser:
    parser = _word(words, name, summary)
    parser.add_argument("--for", dest="duration", type=duration, metavar="TIME", help="end by itself, for example 10s")
    return parser


def _word(
    words: argparse._SubParsersAction[argparse.ArgumentParser], name: str, summary: str, *, entry: str = ""
) -> argparse.ArgumentParser:
    parser = words.add_parser(name, help=summary, description=summary, allow_abbrev=False)
    parser.add_argument("--lab", metavar="NAME", help="the lab, where several are up")
    parser.set_defaults(action=_action(name, entry or name))
    return parser


def _add_link(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("node", metavar="NODE[:INTERFACE]", help="one end of the link: server1, director:ens33 ...")
    parser.add_argument("other", nargs="?", metavar="NODE", help="the other end; behind a switch: only what is theirs")


def _action(name: str, entry_name: str) -> Callable[[argparse.Namespace], int]:
    def act(options: argparse.Namespace) -> int:
        import os

        if os.geteuid() != 0:
            raise PermissionDenied("working with network namespaces", f"run it as root: sudo xlvs lab fault {name}")
        entry: Callable[[argparse.Namespace], int] = getattr(import_module("xlvs.lab.fault"), entry_name)
        return entry(options)

    return act


def _seed(text: str) -> int:
    if not text.isdecimal() or int(text) >= 1 << 32:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number below 2^32")
    return int(text)
