# SPDX-License-Identifier: Apache-2.0
"""``xlvs sync``: the synchronisation daemons of this director, and what they need beyond ipvsadm's options."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any, Final

from xlvs.model.errors import NoDaemon

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xlvs.ipvs.store import Store
    from xlvs.ipvs.sync_daemons import Configured

_EPILOG: Final = """\
Daemons are started and stopped by ipvsadm --start-daemon and --stop-daemon, or by keepalived (lvs_sync_daemon).
status   what is configured, whether its process lives, whether messages are authenticated, what was lost
send     have the master send the whole table, as the kernel's daemon understands it: a director with ip_vs asks for
         nothing, so do this when one has come back. Directors with xlvs ask by themselves.
A key in /etc/xlvs/sync.key (mode 0600), the same on all directors, authenticates messages from the next start of a
daemon on; a director with a key takes in nothing else. $XLVS_SYNC_KEY names another file.
"""


def main(argv: list[str]) -> int:
    """Run ``xlvs sync ARGV``."""
    options = _parser().parse_args(argv)
    from xlvs.ipvs.pinned import open_tables

    store = open_tables().present_store()
    if options.action == "send":
        return _send(store)
    found = _found(store)
    if options.json:
        import json

        print(json.dumps([_values(store, each) for each in found], indent=2))
    elif store is None or not found:
        print("no synchronisation daemon is configured")
    else:
        print("\n".join(_lines(store, found)))
    return 0


def _found(store: Store | None) -> list[Configured]:
    from xlvs.ipvs import layout, sync_daemons

    if store is None:
        return []
    entries = (sync_daemons.entry(store, role) for role in sync_daemons.ROLES)
    return [each for each in entries if each.state == layout.SYNC_CONFIGURED]


def _send(store: Store | None) -> int:
    from xlvs.ipvs import sync_daemons

    if store is None or "master" not in {each.daemon.role for each in _found(store)}:
        raise NoDaemon("No master daemon is running (ipvsadm --start-daemon master --mcast-interface IF)")
    sync_daemons.request_dump(store)
    return 0


def _lines(store: Store, found: list[Configured]) -> Iterator[str]:
    from xlvs.ipvs import sync_daemons

    alive = sync_daemons.is_alive(store.directory)
    for each in found:
        values = _values(store, each)
        keyed = "authenticated" if values["authenticated"] else "not authenticated"
        yield f"{each.daemon.role:<8}on {each.daemon.interface}, group {values['group']} port {each.daemon.port}, {keyed}"
        if values["lost"]:
            yield f"        {values['lost']} connections found no room on their way to the process"
    yield f"process {'runs' if alive else 'does not run: the next command starts it'}"


def _values(store: Store | None, each: Configured) -> dict[str, Any]:
    from ipaddress import ip_address

    from xlvs.ipvs import sync_daemons

    daemon = each.daemon._asdict() | {"group": str(ip_address(each.daemon.group))}
    alive = store is not None and sync_daemons.is_alive(store.directory)
    return daemon | {"authenticated": bool(each.key), "lost": each.lost, "runs": alive}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="xlvs sync",
        description="Synchronisation of connections with other directors.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("action", nargs="?", choices=("status", "send"), default="status")
    parser.add_argument("--json", action="store_true", help="for programs")
    return parser
