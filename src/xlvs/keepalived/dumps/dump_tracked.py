# SPDX-License-Identifier: Apache-2.0
"""Which things a router tracks in the end, and with which weights, for the dumps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from xlvs.config.settings.vrrp import NO_WEIGHT, Instance

if TYPE_CHECKING:
    from xlvs.config.settings.config import KeepalivedConfig
    from xlvs.config.settings.vrrp import SyncGroup
    from xlvs.config.values import Weight

KINDS: Final = {
    "track_interface": "",
    "track_script": "scripts",
    "track_file": "files",
    "track_process": "processes",
    "track_bfd": "bfd_sessions",
}
"""The keyword, and where what it names is defined."""
_KEPT_IN_GROUPS: Final = "track_process"


class Tracked(NamedTuple):
    """Something by name, with the weight that counts."""

    name: str
    weight: Weight


def tracked(config: KeepalivedConfig, owner: Instance | SyncGroup, kind: str) -> list[Tracked]:
    """What an instance or a group tracks. Weights of members do not count in a group, unless it says that they do."""
    defined = getattr(config, KINDS[kind]) if KINDS[kind] else ()
    usual = {each.name: each.weight for each in defined}
    found = [Tracked(each.name, each.weight or usual.get(each.name, NO_WEIGHT)) for each in getattr(owner, kind)]
    if not isinstance(owner, Instance) or kind == _KEPT_IN_GROUPS:
        return found
    group = group_of(config, owner.name)
    if group is None or group.sync_group_tracking_weight:
        return found
    return [each for each in found if not each.weight.value]


def group_of(config: KeepalivedConfig, name: str) -> SyncGroup | None:
    """The group of an instance."""
    return next((each for each in config.sync_groups if name in each.group), None)


def users(config: KeepalivedConfig, kind: str, name: str) -> list[Tracked]:
    """The instances that track something: first those that do it themselves, then those whose group does."""
    found: dict[str, Weight] = {}
    for instance in config.instances:
        for each in tracked(config, instance, kind):
            if each.name == name:
                found[instance.name] = each.weight
    for group in config.sync_groups:
        for each in tracked(config, group, kind):
            if each.name == name:
                found |= {member: each.weight for member in group.group if member not in found}
    return [Tracked(*each) for each in found.items()]
