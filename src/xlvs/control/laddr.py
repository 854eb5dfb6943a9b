# SPDX-License-Identifier: Apache-2.0
"""``xlvs laddr``: the local addresses with which connections of full NAT go on to their real servers."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Final

from xlvs.control import connection_options, laddr_words
from xlvs.model.address import family_of, format_address
from xlvs.model.errors import NoSuchLocalAddress, ServiceNotDefined, UsageError
from xlvs.model.local_address import LocalAddress, ports_beside

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xlvs.model.service import ServiceKey

_EPHEMERAL: Final = "/proc/sys/net/ipv4/ip_local_port_range"
_EPHEMERAL_FIRST: Final = 32768

_DESCRIPTION: Final = """\
Local addresses of full NAT (`ipvsadm -a ... --fullnat`): what real servers see as the client, so that their answers come
back through the director whatever their routes are. Each service has its own pool of them.
"""
_EPILOG: Final = """\
    ipvsadm -A -t 10.0.0.1:80 -s rr
    xlvs laddr add tcp:10.0.0.1:80 192.168.10.5 192.168.10.6      (or -t 10.0.0.1:80 as ipvsadm spells it)
    ipvsadm -a -t 10.0.0.1:80 -r 192.168.10.133:8080 --fullnat

An address has room for one connection per port, protocol and real server. The ports are those below the host's own range
(net.ipv4.ip_local_port_range) unless --ports says otherwise: an address that nothing else on the director uses may well
have 1024-65535. With no port free, or no address, new connections are dropped and counted as drop_no_local_port in
`xlvs status`. One that is taken away serves its connections to their end.

To add what is there already is harmless. Pools are kept with the tables until `xlvs detach`, also while their service is
gone; `xlvs laddr list --commands` prints what makes them anew. So that real servers see the client's address after all:
`xlvs realserver toa`.
"""


def main(argv: list[str]) -> int:
    """Run ``xlvs laddr ARGV``."""
    options = connection_options.parse(parser(), argv)
    verb: str = options.verb
    if verb == "list":
        return _list(options)
    key, addresses = _read(options)
    if verb == "add":
        _add(key, addresses, options)
    else:
        _delete(key, addresses)
    return 0


def check(argv: list[str]) -> None:
    """Refuse what `main` would by its words alone. Raises UsageError, and SystemExit as argparse does."""
    options = connection_options.parse(parser(), argv)
    if options.verb != "list":
        _read(options)


def _read(options: argparse.Namespace) -> tuple[ServiceKey, list[bytes]]:
    """The service, and the addresses behind it. Raises UsageError."""
    key = connection_options.one_service(options, more=len(options.words))
    if not options.words:
        raise UsageError("which local addresses? Write them behind the service; nothing was changed")
    try:
        addresses = [laddr_words.address(each) for each in options.words]
    except argparse.ArgumentTypeError as error:
        raise UsageError(f"{error}; nothing was changed") from None
    if any(family_of(each) != key.family for each in addresses):
        raise UsageError("a local address is of its service's family: real servers of the other are not reached by NAT")
    return key, addresses


def _add(key: ServiceKey, addresses: Sequence[bytes], options: argparse.Namespace) -> None:
    from xlvs.ipvs import local_addresses
    from xlvs.ipvs.observed import pack_service_key
    from xlvs.ipvs.pinned import open_tables
    from xlvs.linux import capability

    capability.require_director("adding local addresses")
    first, last = options.ports or default_ports()
    if not options.routed:
        _check_own(addresses)
    store = open_tables().present_store()
    if store is None:
        raise ServiceNotDefined
    with store.edit():
        if not store.find_service(pack_service_key(key)) and not options.routed:
            raise ServiceNotDefined
        wanted = [LocalAddress(key, address, first, last) for address in addresses]
        local_addresses.add_all(store, wanted)


def default_ports() -> tuple[int, int]:
    """The ports that an address uses when nobody says which."""
    try:
        with open(_EPHEMERAL, encoding="ascii") as text:
            lowest = int(text.read().split()[0])
    except (OSError, ValueError, IndexError):
        lowest = _EPHEMERAL_FIRST
    return ports_beside(lowest)


def _check_own(addresses: Sequence[bytes]) -> None:
    from xlvs.ipvs.host import host_addresses

    own = host_addresses().local
    for each in addresses:
        if each not in own:
            shown = format_address(each)
            raise UsageError(
                f"{shown} is no address of this host, so answers would not come here: `ip address add {shown}/"
                f"{32 if len(each) == 4 else 128} dev INTERFACE`, or --routed if routers send its packets here"
            )


def _delete(key: ServiceKey, addresses: Sequence[bytes]) -> None:
    from xlvs.ipvs import local_addresses
    from xlvs.ipvs.pinned import open_tables

    store = open_tables().present_store()
    if store is None:
        raise NoSuchLocalAddress
    with store.edit():
        local_addresses.check_present(store, key, addresses)
        for address in addresses:
            local_addresses.delete(store, key, address)


def _list(options: argparse.Namespace) -> int:
    from xlvs.control import forms
    from xlvs.ipvs import local_addresses
    from xlvs.ipvs.pinned import open_tables

    store = open_tables().present_store()
    if store is None:
        found = []
    else:
        with store.reading():
            found = laddr_words.rows(local_addresses.present(store))
    forms.show(found, laddr_words.table(found), options)
    return 0


def parser() -> argparse.ArgumentParser:
    """The words that it takes."""
    parser = argparse.ArgumentParser(
        prog="xlvs laddr",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="add|del|list")
    usage = "xlvs laddr {} SERVICE ADDRESS ..."
    add = verbs.add_parser(
        "add",
        usage=usage.format("add") + " [--ports FIRST-LAST] [--routed]",
        help="let a service use more local addresses",
        allow_abbrev=False,
    )
    connection_options.add_one_service(add, behind="ADDRESS")
    add.add_argument(
        "--ports",
        type=laddr_words.ports,
        metavar="FIRST-LAST",
        help="that its connections use (default: from 1024 up to those that the host takes for its own)",
    )
    add.add_argument(
        "--routed",
        action="store_true",
        help="add it although the host does not have the address, or the service is not there yet",
    )
    delete = verbs.add_parser(
        "del", usage=usage.format("del"), help="take them away; their connections go on", allow_abbrev=False
    )
    connection_options.add_one_service(delete, behind="ADDRESS")
    show = verbs.add_parser("list", help="the local addresses and how many connections they have", allow_abbrev=False)
    form = show.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="for programs")
    form.add_argument("--commands", action="store_true", help="as commands that make them anew")
    return parser
