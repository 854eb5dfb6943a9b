# SPDX-License-Identifier: Apache-2.0
"""``xlvs upgrade``: newer programs over the same tables, under traffic."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, NamedTuple

from xlvs.model.errors import KernelError, NotSupported

if TYPE_CHECKING:
    from xlvs.ipvs.store import Store


class Programs(NamedTuple):
    """Kernel-wide numbers of the director's programs."""

    tc: int
    xdp: int


def main(argv: list[str]) -> int:
    """Run ``xlvs upgrade ARGV``."""
    _parser().parse_args(argv)
    from xlvs.ipvs import attachments, program
    from xlvs.ipvs.pinned import open_tables
    from xlvs.linux import bpffs, capability

    capability.require_director("replacing the programs")
    store = open_tables().present_store()
    if store is None:
        print("nothing is loaded here, so there is nothing to replace (`xlvs attach` loads it)")
        return 0
    before = _programs(store)
    with bpffs.lock(store.directory):
        _refuse_other_layouts(store)
        try:
            program.load(store.directory)
        except KernelError as error:
            raise KernelError("replacing the programs; the old ones go on", error.errno, error.details) from None
        names = attachments.replace_all(store)
    after = _programs(store)
    print(f"tc: program {before.tc} -> {after.tc}; XDP: program {before.xdp} -> {after.xdp}")
    print(f"replaced on {', '.join(names) or 'no interface: none is attached'}; connections go on")
    return 0


def _programs(store: Store) -> Programs:
    from xlvs.linux.bpf import Program

    with Program.from_pin(f"{store.directory}/prog_tc") as tc, Program.from_pin(f"{store.directory}/prog_xdp") as xdp:
        return Programs(tc.info.id, xdp.info.id)


def _refuse_other_layouts(store: Store) -> None:
    """New programs must find in the maps what they expect: sizes of keys and values are compared before anything moves."""
    from xlvs.ipvs.program import changed_maps

    changed = changed_maps(store.directory)
    if changed:
        raise NotSupported(
            "an upgrade under traffic",
            f"the new version lays out {', '.join(changed)} in another way",
            "save the rules with `ipvsadm-save -n`, then `xlvs detach --yes`, and restore them",
        )


def _parser() -> argparse.ArgumentParser:
    return argparse.ArgumentParser(
        prog="xlvs upgrade",
        description="Replace the programs on all interfaces by this version's, between two packets. Tables and "
        "connections stay.",
        allow_abbrev=False,
    )
