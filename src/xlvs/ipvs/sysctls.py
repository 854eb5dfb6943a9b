# SPDX-License-Identifier: Apache-2.0
"""The settings of net.ipv4.vs, where the packet path reads them: `enum sysctl` in types.h has their order."""

from __future__ import annotations

from struct import pack
from typing import TYPE_CHECKING

from xlvs.ipvs import layout
from xlvs.model.sysctl import SYSCTLS, Values, format_values, parse_values, sysctl_of

if TYPE_CHECKING:
    from xlvs.ipvs.store import Store


def defaults() -> bytes:
    """All values at first load."""
    values = [value for setting in SYSCTLS.values() for value in setting.default]
    return pack(f"<{len(values)}i", *values)


def read(store: Store | None, name: str) -> str:
    """A setting as its file shows it. Raises NoSuchSetting."""
    setting = sysctl_of(name)
    return format_values(setting.default if store is None else _values(store, name))


def write(store: Store, name: str, text: str) -> None:
    """Set a setting. Raises NoSuchSetting, InvalidArgument."""
    sysctl_of(name)
    values = parse_values(name, text, _values(store, name))
    start = _place(name)
    for index, value in enumerate(values):
        store.set_setting(start + index * 4, value & 0xFFFFFFFF)


def is_set(store: Store, name: str) -> bool:
    """Whether a switch is on: any value but 0."""
    return any(_values(store, name))


def is_defence(name: str) -> bool:
    """Whether the setting is the mode of a defence, which the packet path follows up."""
    return SYSCTLS[name].is_defence


def _place(name: str) -> int:
    before = 0
    for each, setting in SYSCTLS.items():
        if each == name:
            break
        before += len(setting.default)
    return layout.SETTINGS_SYSCTLS + before * 4


def _values(store: Store, name: str) -> Values:
    start = _place(name)
    raw = (store.setting(start + index * 4) for index in range(len(SYSCTLS[name].default)))
    return tuple(value - (1 << 32) if value >> 31 else value for value in raw)
