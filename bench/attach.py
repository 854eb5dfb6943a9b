# SPDX-License-Identifier: Apache-2.0
"""Attach the packet path in one fixed way: `python -m bench.attach tc|xdp INTERFACE...`, or `down`, in the director's namespace."""

from __future__ import annotations

import sys

from xlvs.ipvs import attachments
from xlvs.ipvs.store import Store
from xlvs.linux import bpffs


def main(arguments: list[str]) -> None:
    """Attach to just these interfaces, in this mode, or take everything down; the tables must be loaded."""
    store = Store(bpffs.director(create=False))
    if arguments == ["down"]:
        attachments.remove_director(store)
        return
    mode = next(known for known in attachments.MODES if known == arguments[0])
    attachments.choose(store, chosen=True)
    for interface in attachments.named(arguments[1:]):
        attachments.attach(store, interface, mode)


if __name__ == "__main__":
    main(sys.argv[1:])
