# SPDX-License-Identifier: Apache-2.0
"""``xlvs realserver toa``: a real server behind full NAT sees the client's address."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xlvs.realserver.sources import read, shown

if TYPE_CHECKING:
    import argparse

EPILOG = """\
A director that forwards by full NAT (ipvsadm -a ... --fullnat) tells the client's address in a TCP option. These programs
(sockops and getpeername, no kernel module) read it when a connection is established, and from then on getpeername(2) and
accept(2) say it to a server that knows nothing of all this. ss(8) and /proc/net/tcp show the director's local address.

The option is believed only of the addresses after --from, which are the directors' local addresses: anybody else could
claim to be anybody. Connections that are open keep what they have. Servers see nothing else before their next connection.

examples:
  xlvs realserver toa --from 192.168.10.5,192.168.10.6
  xlvs realserver toa --from 2001:db8:10::/64 --cgroup /sys/fs/cgroup/system.slice/nginx.service
  xlvs realserver toa --status
  xlvs realserver toa --off
"""


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of `toa`."""
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument(
        "--from", dest="sources", metavar="ADDR[/LENGTH][,...]", help="local addresses of the directors; turns it on"
    )
    what.add_argument("--off", action="store_true", help="take it off")
    what.add_argument(
        "--status", action="store_true", help="whom it trusts, and what it saw; exit code 1 when it is off"
    )
    parser.add_argument("--cgroup", default="", metavar="PATH", help="servers of this group alone (default: all)")
    parser.add_argument("--json", action="store_true", help="with --status: for programs")


def run(options: argparse.Namespace) -> int:
    """Carry it out. Raises PermissionDenied: who may not look must not be told that it is off."""
    from xlvs.linux import capability

    capability.require_rights("reading the client's address")
    if options.sources is not None:
        return _turn_on(options.sources, options.cgroup)
    return _turn_off() if options.off else _status(as_json=options.json)


def _turn_on(text: str, group: str) -> int:
    wanted = read(text)
    from xlvs.linux import capability
    from xlvs.realserver import toa

    capability.require_director("reading the client's address")
    toa.turn_on(wanted, group)
    servers = f"servers of {group}" if group else "servers"
    print(f"{servers} see the clients of {', '.join(shown(each) for each in wanted)}")
    return 0


def _turn_off() -> int:
    from xlvs.realserver import toa

    print("servers see the directors' local addresses" if toa.turn_off() else "it was off")
    return 0


def _status(*, as_json: bool) -> int:
    from xlvs.realserver import toa

    found = toa.state()
    if as_json:
        import json

        whole: dict[str, Any] = {"on": found is not None}
        if found is not None:
            whole |= {"from": [shown(each) for each in found.sources], "connections": found.counts}
        print(json.dumps(whole, indent=2))
    elif found is None:
        print("off (`xlvs realserver toa --from ADDRESSES` turns it on)")
    else:
        print(f"{'trusted':<12} {', '.join(shown(each) for each in found.sources)}")
        print(f"{'connections':<12} {', '.join(f'{name} {count}' for name, count in found.counts.items())}")
    return int(found is None)
