# SPDX-License-Identifier: Apache-2.0
"""``xlvs detach``: the packet path off interfaces, or everything off the host."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Final

from xlvs.model.errors import OtherVersion, XlvsError

if TYPE_CHECKING:
    from xlvs.ipvs.store import Store

_EPILOG: Final = """\
With names: off these interfaces; tables, connections and the other interfaces stay. Without names: off all of them,
and services, connections and statistics are forgotten, so that the host is as before the first `ipvsadm -A` or
`xlvs attach`. Since that cannot be undone, it is refused while there are services, unless --yes is given; save them
before with: xlvs save > FILE
Tables of another version of xlvs, which this one does not read, go with --yes too.
"""


class ServicesThere(XlvsError):
    """There are services, and the user has not said that they may go."""


def main(argv: list[str]) -> int:
    """Run ``xlvs detach ARGV``."""
    options = _parser().parse_args(argv)
    from xlvs.ipvs.pinned import open_tables

    try:
        store = open_tables().present_store()
    except OtherVersion:
        if options.interfaces or not options.yes:
            raise
        return _detach_other_version()
    if store is None:
        return _nothing_there(options.interfaces)
    if options.interfaces:
        return _detach_some(store, options.interfaces)
    return _detach_all(store, may_forget=options.yes)


def _nothing_there(names: list[str]) -> int:
    """What is wanted is so already: no error, as for any command that scripts repeat. Leftovers of a broken load go."""
    from xlvs.ipvs import attachments
    from xlvs.linux import bpffs

    attachments.named(names)
    if not names:
        attachments.remove_leftovers()
        bpffs.release()
    print("nothing was attached")
    return 0


def _detach_some(store: Store, names: list[str]) -> int:
    from xlvs.ipvs import attachments

    wanted = attachments.named(names)
    with store.edit():
        # From now on the user chooses: the next service must not attach them again.
        attachments.choose(store, chosen=True)
        for interface in wanted:
            was = attachments.detach(store, interface)
            print(f"{interface.name}: {'detached' if was else 'was not attached'}")
    return 0


def _detach_all(store: Store, *, may_forget: bool) -> int:
    from xlvs.ipvs import attachments
    from xlvs.linux import bpffs

    with bpffs.lock(store.directory):
        services = len(list(store.live_services()))
        if services and not may_forget:
            count = "1 service" if services == 1 else f"{services} services"
            raise ServicesThere(
                f"{count} would be forgotten, with all connections; nothing was changed\n"
                "  to keep them:  xlvs save > FILE\n"
                "  then:          xlvs detach --yes"
            )
        attachments.remove_director(store)
    return _all_gone(str(services) if services else "")


def _detach_other_version() -> int:
    """Who upgraded the package may not have the version any more that made the tables."""
    from xlvs.ipvs import attachments
    from xlvs.ipvs.store import Store
    from xlvs.linux import bpffs

    store = Store(bpffs.director(create=False), any_version=True)
    with bpffs.lock(store.directory):
        attachments.remove_director(store)
    return _all_gone("those of another version of xlvs")


def _all_gone(forgotten: str) -> int:
    from xlvs.linux import bpffs

    bpffs.release()
    if forgotten:
        print(f"services forgotten: {forgotten}", file=sys.stderr)
    print("nothing of xlvs is attached to this host's interfaces any more")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="xlvs detach",
        description="Take the packet path off interfaces, or everything off the host.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("interfaces", nargs="*", metavar="IF", help="only these; the tables stay")
    parser.add_argument("-y", "--yes", action="store_true", help="forget services and connections if there are any")
    return parser
