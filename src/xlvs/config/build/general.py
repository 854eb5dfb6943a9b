# SPDX-License-Identifier: Apache-2.0
"""Global settings."""

from __future__ import annotations

from dataclasses import fields
from functools import cache
from typing import TYPE_CHECKING, Any

from xlvs.config.settings.general import GlobalSettings, ProcessSettings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from xlvs.config.build.collect import Given, Problems


@cache
def _names(kind: type) -> frozenset[str]:
    return frozenset(each.name for each in fields(kind))


def only(kind: type, values: Mapping[str, Any]) -> dict[str, Any]:
    """Those values that a class of settings has a field for; the others have no effect."""
    names = _names(kind)
    return {name: value for name, value in values.items() if name in names and value is not None}


def flat(given: Given, name: str) -> tuple[str, ...]:
    """The words of a list, whatever line they stand in."""
    return tuple(word for line in given.get(name, ()) for word in line)


def global_settings(given: Given, problems: Problems) -> GlobalSettings:
    """What global_defs say."""
    values = dict(given.values)
    if "notification_email" in values:
        values["notification_email"] = flat(given, "notification_email")
        if not values["notification_email"]:
            problems.say("notification_email names nobody", given.where["notification_email"], "notification_email")
    for name in ("vrrp_garp_master_repeat", "vrrp_garp_master_refresh_repeat"):
        if values.get(name) == 0:
            problems.say(f"{name} must be 1 at least: 1 is taken", given.where[name], name)
            values[name] = 1
    return GlobalSettings(**only(GlobalSettings, values))


def process_settings(given: Given) -> ProcessSettings:
    """What stands at the top level."""
    return ProcessSettings(**only(ProcessSettings, given.values))
