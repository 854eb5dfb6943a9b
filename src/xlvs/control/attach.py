# SPDX-License-Identifier: Apache-2.0
"""``xlvs attach``: the packet path onto interfaces."""

from __future__ import annotations

import argparse
from errno import EBUSY, EEXIST, EOPNOTSUPP
from typing import TYPE_CHECKING, Final

from xlvs.model.errors import KernelError, NotSupported, UsageError, XlvsError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xlvs.ipvs.attachments import Attachment, Mode
    from xlvs.ipvs.program import Sizes
    from xlvs.ipvs.store import Store
    from xlvs.linux.interface import Interface

_CONNECTIONS_MIN: Final = 1 << 10
_CONNECTIONS_MAX: Final = 1 << 23  # numbers of connections have 24 bits, and the sizes are powers of two

_EPILOG: Final = """\
Without names it goes onto every suitable interface (Ethernet, no port of a bridge or bond), and onto those that are
suitable when a service is added later. With names it stays with the interfaces that were named.
"""


def main(argv: list[str]) -> int:
    """Run ``xlvs attach ARGV``; 1 when there was no interface to attach to."""
    options = _parser().parse_args(argv)
    from xlvs.ipvs import attachments, detour
    from xlvs.ipvs.pinned import PinnedTables
    from xlvs.linux import capability
    from xlvs.linux.interface import interfaces

    capability.require_director("attaching the packet path")
    wanted = attachments.named(options.interfaces)
    tables = PinnedTables(_sizes(options.connections))
    if options.connections and tables.present_store() is not None:
        raise UsageError(
            "the tables are there already: --connections is for the first attach (`xlvs detach` before it)"
        )
    store = tables.store()
    with store.edit():
        attachments.choose(store, chosen=bool(wanted))
        suitable = wanted or [each for each in interfaces() if attachments.is_suitable(each)]
        refused = [error for error in (_attach(store, each, options.mode) for each in suitable) if error]
        detour.sync(store)
        found = [each for each in attachments.attachments(store) if each.tc]
    _print_attached(found)
    if refused:
        raise XlvsError("\n".join(error.message for error in refused))
    if not found:
        print("no interface is suitable: name one (`xlvs attach INTERFACE`)")
    return 0 if found else 1


def _attach(store: Store, interface: Interface, mode: Mode) -> XlvsError | None:
    """Attach to one; what it refuses keeps nobody from attaching to the next."""
    from xlvs.ipvs import attachments

    try:
        attachments.attach(store, interface, mode)
    except KernelError as error:
        if error.errno == EOPNOTSUPP and mode == "xdp":
            return NotSupported(f"XDP on {interface.name}", "its driver has none", "use --mode auto or xdp-generic")
        if error.errno in (EBUSY, EEXIST) and mode != "tc":
            remedy = f"`ip link set {interface.name} xdp off`, or use --mode tc"
            return NotSupported(f"XDP on {interface.name}", "another's XDP program is there", remedy)
        return KernelError(f"{interface.name}: {error.operation}", error.errno, error.details)
    return None


def _print_attached(found: Sequence[Attachment]) -> None:
    for each in found:
        xdp = f" + XDP {each.xdp}" if each.xdp else ""
        print(f"{each.interface.name}: tc ({each.tc}){xdp}")


def _sizes(connections: int | None) -> Sizes | None:
    from xlvs.ipvs import program

    return program.sizes(connections) if connections else None


def _connections(text: str) -> int:
    """The next power of two, for the tables know no other sizes."""
    if not text.isdecimal() or not _CONNECTIONS_MIN <= int(text) <= _CONNECTIONS_MAX:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from {_CONNECTIONS_MIN} to {_CONNECTIONS_MAX}")
    return 1 << (int(text) - 1).bit_length()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="xlvs attach",
        description="Attach the packet path to interfaces; those that have it get the newest programs.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("interfaces", nargs="*", metavar="IF", help="interfaces (default: every suitable one)")
    parser.add_argument(
        "--mode",
        choices=("auto", "tc", "xdp", "xdp-generic"),
        default="auto",
        help="auto: XDP where the card's driver has it; tc alone; XDP in the driver or not at all; XDP in the kernel",
    )
    parser.add_argument(
        "--connections",
        type=_connections,
        metavar="N",
        help="room in the connection table, rounded up to a power of two",
    )
    return parser
