# SPDX-License-Identifier: Apache-2.0
"""``xlvs realserver``: a host made fit for DR or tunnel, judged, and made what it was before."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Final

from xlvs.control import realserver_toa
from xlvs.model.errors import UsageError
from xlvs.realserver.setup import GUE_PORT, Method, TunnelType, parse_address

if TYPE_CHECKING:
    from collections.abc import Callable

_EXAMPLES: Final = """\
A director that forwards by -g (DR) or -i (tunnel) leaves the packets addressed to the virtual address. So each real
server must have that address, but must not answer ARP for it, which is the director's part; and with a tunnel it must
take the outer headers off. `up` sees to it, `status` says what is wrong and what helps, `down` undoes what `up` did and
nothing else. `toa` lets servers behind full NAT see their clients.

examples:
  xlvs realserver up --vip 192.168.100.40 --method dr
  xlvs realserver up --vip 192.168.8.14,2001:db8::14 --method tunnel
  xlvs realserver up --vip 192.168.8.14 --method tunnel --type gue --port 6080
  xlvs realserver status
  xlvs realserver down
"""
_UP: Final = """\
DR:      the address on lo, net.ipv4.conf.{all,lo}.arp_ignore = 1 and arp_announce = 2; rp_filter = 2 where it is strict.
tunnel:  the same, and a BPF program where packets come in, which takes IPIP (IPv4 and IPv6 in either), GUE or GRE
         apart; the kernel needs no tunnel module. Only what is sent to this host's own addresses and holds a packet
         for a virtual address is touched. Answers ask for segments that fit through the tunnel.

Addresses are added to those that are there. Repeating it is harmless, and replaces the program by this version's.
"""
_DOWN: Final = """\
Values that were there before `up` come back, unless somebody else changed them meanwhile; addresses that lo had before
stay. With --vip only these addresses go; settings and programs go with the last one that needs them.
"""


def main(argv: list[str]) -> int:
    """Run ``xlvs realserver ARGV``; `status` exits 1 when something is wrong."""
    options = _parser().parse_args(argv)
    action: Callable[[argparse.Namespace], int] = options.action
    return action(options)


def _up(options: argparse.Namespace) -> int:
    from functools import partial

    from xlvs.realserver import plan, work

    method = Method(options.method)
    tunnel = {"types": _types(options.type), "gue_port": options.port}
    if method is Method.DIRECT_ROUTE and any(value is not None for value in tunnel.values()):
        raise UsageError("--type and --port are for --method tunnel")
    if options.port is not None and TunnelType.GUE not in (tunnel["types"] or ()):
        raise UsageError("--port is for --type gue: no other tunnel has ports")
    tunnel["interfaces"] = _names(options.interface)
    change = partial(plan.wish, vips=_addresses(options.vip), method=method, **tunnel)
    work.up(change, _said, dry_run=options.dry_run)
    if options.dry_run:
        print("nothing was changed: --dry-run")
    return 0


def _down(options: argparse.Namespace) -> int:
    from xlvs.realserver import work

    if not work.down(_addresses(options.vip), _said):
        print("this host was no real server")
    return 0


def _status(options: argparse.Namespace) -> int:
    from xlvs.control import realserver_status

    return realserver_status.run(_addresses(options.vip), probe=not options.no_probe, as_json=options.json)


def _said(line: str) -> None:
    print(line, flush=True)


def _addresses(text: str | None) -> list[bytes]:
    found = []
    for word in _names(text) or ():
        packed = parse_address(word)
        if packed is None:
            raise UsageError(f"{word} is no IPv4 or IPv6 address")
        found.append(packed)
    return found


def _types(text: str | None) -> tuple[TunnelType, ...] | None:
    names = _names(text)
    if names is None:
        return None
    for name in names:
        if name not in set(TunnelType):
            raise UsageError(f"there is no tunnel type {name} (there are: {', '.join(TunnelType)})")
    return tuple(TunnelType(name) for name in dict.fromkeys(names))


def _names(text: str | None) -> tuple[str, ...] | None:
    """The words of a list; None when it was not given."""
    if text is None:
        return None
    names = tuple(word for word in text.split(",") if word)
    if not names:
        raise UsageError("an empty list was given")
    return names


def _port(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port: 1 to 65535")
    return int(text)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="xlvs realserver",
        description="The real server's side of DR, tunnel and full NAT.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    up = _command(commands, "up", "make this host a real server", _UP)
    up.add_argument("--vip", required=True, metavar="ADDR[,ADDR...]", help="virtual addresses, IPv4 or IPv6")
    up.add_argument(
        "--method", required=True, choices=[each.value for each in Method], help="how the director forwards"
    )
    up.add_argument(
        "--type", metavar="TYPE[,TYPE...]", help="ipip, gue, gre: the director's --tun-type (default: ipip)"
    )
    up.add_argument("--port", type=_port, metavar="N", help=f"the director's --tun-port for gue (default: {GUE_PORT})")
    up.add_argument("--interface", metavar="IF[,IF...]", help="where requests come in (default: every Ethernet one)")
    up.add_argument("--dry-run", action="store_true", help="say what would be done, and do nothing")
    up.set_defaults(action=_up)
    down = _command(commands, "down", "undo what up did", _DOWN)
    down.add_argument("--vip", metavar="ADDR[,ADDR...]", help="only these (default: all)")
    down.set_defaults(action=_down)
    status = _command(commands, "status", "what is wrong, and what helps", "Exit code: 1 when something is wrong.")
    status.add_argument("--vip", metavar="ADDR[,ADDR...]", help="these, whoever set them up (default: those of up)")
    status.add_argument("--json", action="store_true", help="the same for programs")
    status.add_argument("--no-probe", action="store_true", help="do not ask the network who answers for the address")
    status.set_defaults(action=_status)
    toa = _command(commands, "toa", "let servers behind full NAT see the client's address", realserver_toa.EPILOG)
    realserver_toa.add_options(toa)
    toa.set_defaults(action=realserver_toa.run)
    return parser


def _command(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], name: str, summary: str, epilog: str
) -> argparse.ArgumentParser:
    return commands.add_parser(
        name,
        help=summary,
        description=f"{summary[0].upper()}{summary[1:]}.",
        epilog=epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
