# SPDX-License-Identifier: Apache-2.0
"""Names of the scheduler flags: some schedulers have names of their own for the three bits."""

from __future__ import annotations

from xlvs.model.errors import UsageError
from xlvs.model.service import SCHEDULER_FLAG_1, SCHEDULER_FLAG_2, SCHEDULER_FLAG_3

_GENERIC_NAMES = {"flag-1": SCHEDULER_FLAG_1, "flag-2": SCHEDULER_FLAG_2, "flag-3": SCHEDULER_FLAG_3}
_OWN_NAMES = {
    "sh": {"sh-fallback": SCHEDULER_FLAG_1, "sh-port": SCHEDULER_FLAG_2},
    "mh": {"mh-fallback": SCHEDULER_FLAG_1, "mh-port": SCHEDULER_FLAG_2},
}
_OWNER_OF = {name: scheduler for scheduler, names in _OWN_NAMES.items() for name in names}


def read_scheduler_flags(text: str, scheduler: str) -> int:
    """The bits of a comma-separated list; UsageError for a name that is unknown or another scheduler's."""
    flags = 0
    for name in text.split(","):
        if not name:
            continue
        owner = _OWNER_OF.get(name, scheduler)
        bit = _OWN_NAMES.get(owner, {}).get(name) or _GENERIC_NAMES.get(name)
        if bit is None:
            raise UsageError(f"invalid scheduler flag `{name}'")
        if owner != scheduler:
            raise UsageError(f"incompatible scheduler flag `{name}'")
        flags |= bit
    return flags


def format_scheduler_flags(flags: int, scheduler: str) -> str:
    """The names of the bits, comma-separated; a bit that the scheduler has no name for is not shown."""
    names = _OWN_NAMES.get(scheduler, _GENERIC_NAMES)
    return ",".join(name for name, bit in names.items() if flags & bit)
