# SPDX-License-Identifier: Apache-2.0
"""``xlvs save``: all that a director is told, as lines that `xlvs restore` reads and a shell may run."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xlvs.ipvs.pinned import PinnedTables

_EPILOG: Final = """\
Besides the services and destinations these are: upper and lower thresholds, settings of net.ipv4.vs and timeouts that are
not as by default, marks by address (`xlvs mark`), local addresses of full NAT (`xlvs laddr`), and what services have of
their own (`xlvs service set`). Connections are not among them, nor daemons of synchronisation.

    xlvs save >all && xlvs restore all           everything
    ipvsadm-save -n >rules; xlvs save --beside >rules.xlvs
    ipvsadm-restore <rules; sh rules.xlvs        the same in two files, the first one for any ipvsadm
"""


def main(argv: list[str]) -> int:
    """Run ``xlvs save ARGV``."""
    options = _parser().parse_args(argv)
    from xlvs.control.beside import commands
    from xlvs.ipvs.pinned import open_tables

    tables = open_tables()
    lines = [*(_thresholds(tables) if options.beside else _rules(tables)), *commands(tables)]
    print("".join(f"{line}\n" for line in lines), end="")
    return 0


def _rules(tables: PinnedTables) -> Iterator[str]:
    from xlvs.ipvsadm.names import Namer
    from xlvs.ipvsadm.saving import save_services

    return (f"ipvsadm {line}" for line in save_services(tables.services(), Namer(None), thresholds=True))


def _thresholds(tables: PinnedTables) -> Iterator[str]:
    """Of the destinations that have any: the rules that make these have them."""
    for line in _rules(tables):
        if " -x " in line or " -y " in line:
            yield line.replace("ipvsadm -a", "ipvsadm -e", 1)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="xlvs save",
        description="Write all that the director is told, for `xlvs restore`.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument(
        "--beside", action="store_true", help="only what has no place in the format of `ipvsadm -S`, as commands"
    )
    return parser
