# SPDX-License-Identifier: Apache-2.0
"""What a director has beside the rules of ipvsadm's format, as commands that make it anew."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from xlvs.control import laddr_words, mark_words, service_words
from xlvs.model.settings import Timeouts
from xlvs.model.sysctl import SYSCTLS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xlvs.ipvs.pinned import PinnedTables


def commands(tables: PinnedTables) -> Iterator[str]:
    """Settings that are not as by default, timeouts, marks by address, local addresses, and what services have of their own."""
    for name in tables.sysctl_names():
        value = " ".join(tables.sysctl(name).split())
        if value != " ".join(map(str, SYSCTLS[name].default)):
            yield shlex.join(["xlvs", "sysctl", f"{name}={value}"])
    if tables.timeouts() != Timeouts():
        yield f"ipvsadm --set {' '.join(map(str, tables.timeouts()))}"
    store = tables.present_store()
    if store is None:
        return
    from xlvs.ipvs import local_addresses, mark_ranges, policies
    from xlvs.ipvs.observed import service_view

    with store.reading():
        marks = mark_words.rows(mark_ranges.present(store))
        pools = laddr_words.rows(local_addresses.present(store))
        own = [(service_view(store, each).service.key, policies.read(store, each)) for each in store.live_services()]
    yield from (row.command() for row in marks)
    yield from (row.command() for row in pools)
    yield from (service_words.command(*row) for row in own if any(row[1]))
