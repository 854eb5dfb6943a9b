# SPDX-License-Identifier: Apache-2.0
"""vrrp_strict and strict_mode: what an instance says that the RFCs do not allow is put right, as the original does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Protocol

if TYPE_CHECKING:
    from xlvs.config.build.collect import Given

OWNER: Final = 255
_WANTED: Final = {
    "preempt_delay": (0, "there is no preempt_delay"),
    "garp_lower_prio_repeat": (0, "a router of lower priority is not answered by announcements"),
    "lower_prio_no_advert": (True, "a router of lower priority is not answered"),
    "higher_prio_send_advert": (False, "no advertisement is sent to a router of higher priority"),
    "vmac_xmit_base": (False, "advertisements come from the virtual hardware address"),
}
"""What strict mode makes of a keyword, and why."""


class Say(Protocol):
    """Tells of a problem of the instance, at a keyword."""

    def __call__(self, message: str, field: str = "", remedy: str = "") -> None:
        """Tell it."""


def hold_to_the_rfc(given: Given, values: dict[str, Any], say: Say) -> None:
    """Change `values` of an instance in strict mode, and say what was changed."""
    for field, (value, why) in _WANTED.items():
        if given.has(field) and values.get(field) != value:
            say(f"strict mode: {why}; {field} is ignored", field, "remove it")
        values[field] = value
    if given.inner("authentication"):
        say("strict mode: there is no authentication; the block is ignored", "authentication", "remove it")
    owner = values["priority"] == OWNER
    if (values.get("state") == "MASTER") != owner:
        say("strict mode: state MASTER and priority 255 go together", "state", "state BACKUP")
        values["state"] = "MASTER" if owner else "BACKUP"
    if given.has("accept") and values["version"] == 2 and not owner:
        say("strict mode: version 2 has no accept; it is ignored", "accept", "version 3")
