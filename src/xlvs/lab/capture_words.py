# SPDX-License-Identifier: Apache-2.0
"""The words of ``xlvs lab capture``."""

from __future__ import annotations

import argparse
import os
from typing import Final

from xlvs.lab.amounts import duration
from xlvs.model.errors import PermissionDenied

SUMMARY: Final = "write packets to a file for Wireshark, or show them"
_LONGEST: Final = 262144
_EXAMPLES: Final = """\
examples:
  xlvs lab capture director                                one line for each packet on its interfaces
  xlvs lab capture director:ens33 tcp port 80
  xlvs lab capture client director server1 -w all.pcapng   several in one file
  xlvs lab capture inside -w inside.pcap --for 10s         everything on a switch, each packet once
  xlvs lab capture director -w - | wireshark -k -i -

A filter is terms that must all hold: tcp udp icmp icmp6 sctp vrrp arp ip ip6, proto N, [src|dst] host ADDRESS[/BITS],
[src|dst] port N, ether host MAC; `not` before one turns it round.

A link is listened to at the switch's end, or at the other node's if that is no director: what XDP takes or sends on a
director is seen too. Large packets (GSO) are written whole, checksums that were left to a device are completed.
"""


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Have the list of commands show it; `run` reads its words."""
    commands.add_parser("capture", help=SUMMARY, add_help=False)


def run(argv: list[str]) -> int:
    """Run ``xlvs lab capture ARGV``; the exit code."""
    # A filter may stand behind options, which subcommands of argparse cannot read.
    options = _parser().parse_intermixed_args(argv)
    if os.geteuid() != 0:
        raise PermissionDenied("working with network namespaces", "run it as root: sudo xlvs lab capture")
    from xlvs.lab import capture

    return capture.run(options)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="xlvs lab capture",
        usage="xlvs lab capture [options] NODE[:INTERFACE]... [FILTER]",
        description=SUMMARY.capitalize() + ", until ^C.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("words", nargs="+", metavar="NODE[:INTERFACE]", help="where; then a filter")
    parser.add_argument("--lab", metavar="NAME", help="the lab, where several are up")
    parser.add_argument("-w", "--write", metavar="FILE", help="to a file, `-` for standard output: pcapng")
    parser.add_argument("--format", choices=("pcapng", "pcap"), help="default: pcap for *.pcap, else pcapng")
    parser.add_argument("-c", "--count", type=_positive, metavar="NUMBER", help="end after so many packets")
    parser.add_argument("--for", dest="duration", type=duration, metavar="TIME", help="end after so long, e.g. 10s")
    parser.add_argument(
        "-s", "--snaplen", type=_positive, default=_LONGEST, metavar="BYTES", help="keep only the beginning of packets"
    )
    return parser


def _positive(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) < 1 << 31:
        raise argparse.ArgumentTypeError(f"{text!r} is not a positive number")
    return int(text)
