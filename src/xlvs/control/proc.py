# SPDX-License-Identifier: Apache-2.0
"""``xlvs proc``: what the kernel's IPVS shows below /proc, by the kernel's paths, for scripts that know these."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Final

from xlvs.ipvs import proc_views
from xlvs.model.errors import InvalidArgument, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from xlvs.ipvs.interface import IpvsTables

_SETTINGS: Final = "/proc/sys/net/ipv4/vs"
_NET: Final = "/proc/net"
_SELF_NET: Final = "/proc/self/net"

VIEWS: Final[dict[str, Callable[[IpvsTables], str]]] = {
    "ip_vs": lambda tables: proc_views.ip_vs(tables.services(), tables.size()),
    "ip_vs_app": lambda _: proc_views.ip_vs_app(),
    "ip_vs_conn": lambda tables: proc_views.ip_vs_conn(tables.connections()),
    "ip_vs_conn_sync": lambda tables: proc_views.ip_vs_conn_sync(tables.connections()),
    "ip_vs_stats": lambda tables: proc_views.ip_vs_stats(tables.totals()),
    "ip_vs_stats_percpu": lambda tables: proc_views.ip_vs_stats_percpu(tables.totals()),
}


def main(argv: list[str]) -> int:
    """Run ``xlvs proc ARGV``; 1 when the path does not exist or the value is refused."""
    options = _parser().parse_args(argv)
    from xlvs.ipvs.pinned import open_tables

    tables = open_tables()
    if options.action == "write":
        write(tables, options.path, options.value)
    elif options.action == "list":
        print("\n".join(names(tables, options.path)))
    else:
        print(read(tables, options.path), end="")
    return 0


def read(tables: IpvsTables, path: str) -> str:
    """The text of a file, with its last newline. Raises UsageError for one that there is not."""
    folder, name = _split(path)
    if folder == _SETTINGS and name in tables.sysctl_names():
        return f"{tables.sysctl(name)}\n"
    if folder == _NET and name in VIEWS:
        return VIEWS[name](tables)
    raise UsageError(f"{path}: No such file or directory")


def write(tables: IpvsTables, path: str, value: str) -> None:
    """Set a setting. Raises UsageError for what is no setting and for a value that is refused."""
    folder, name = _split(path)
    if folder != _SETTINGS or name not in tables.sysctl_names():
        raise UsageError(f"{path}: Permission denied" if name in VIEWS else f"{path}: No such file or directory")
    try:
        tables.set_sysctl(name, value)
    except InvalidArgument:
        raise UsageError(f"{path}: Invalid argument") from None


def names(tables: IpvsTables, path: str) -> list[str]:
    """What a folder holds of ours, sorted."""
    folder = path.rstrip("/")
    if folder == _SETTINGS:
        return sorted(tables.sysctl_names())
    if folder in (_NET, _SELF_NET):
        return sorted(VIEWS)
    raise UsageError(f"{path}: No such file or directory")


def _split(path: str) -> tuple[str, str]:
    folder, _, name = path.rpartition("/")
    return (_NET if folder == _SELF_NET else folder.rstrip("/")), name


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="xlvs proc",
        description=f"The files {_NET}/ip_vs* and {_SETTINGS}/* of the kernel's IPVS, answered from xlvs's tables.",
        allow_abbrev=False,
    )
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    reading = actions.add_parser("read", help="print a file", allow_abbrev=False)
    reading.add_argument("path", metavar="PATH")
    writing = actions.add_parser("write", help="write a setting", allow_abbrev=False)
    writing.add_argument("path", metavar="PATH")
    writing.add_argument("value", metavar="VALUE")
    listing = actions.add_parser("list", help="names in a folder, one a line", allow_abbrev=False)
    listing.add_argument("path", metavar="DIR")
    return parser
