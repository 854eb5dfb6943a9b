# SPDX-License-Identifier: Apache-2.0
"""The defences drop_entry, drop_packet and secure_tcp: a new mode has its effect at once, as in the kernel.

In mode 1 they follow the free memory. The packet path reads its amount once a second where the kernel keeps it
(`vm_zone_stat`, whose first counter is that of the free pages). Where the kernel does not tell the place of its variables
(KALLSYMS_ALL is off, or kptr_restrict hides them) the amount is that of the moment when a defence was set last.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from xlvs.ipvs import layout, running
from xlvs.linux.kernel_memory import address_of

if TYPE_CHECKING:
    from xlvs.ipvs.store import Store

_FREE_PAGES: Final = "vm_zone_stat"


def take_effect(store: Store) -> None:
    """After a mode was set."""
    place = layout.SETTINGS_FREE_PAGES_AT >> 3
    if not store.settings.longs[place]:
        store.settings.longs[place] = address_of(_FREE_PAGES)
    store.set_setting(layout.SETTINGS_FREE_PAGES, min(os.sysconf("SC_AVPHYS_PAGES"), 0x7FFFFFFF))
    running.defend(store.directory)
