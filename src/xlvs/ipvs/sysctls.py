# SPDX-License-Identifier: Apache-2.0
"""The settings of net.ipv4.vs in the ledger, and those of them that the packet path reads in its settings."""

from __future__ import annotations

from struct import pack
from typing import TYPE_CHECKING, Final

from xlvs.ipvs import layout
from xlvs.model.sysctl import SYSCTLS, Values, format_values, parse_values, sysctl_of

if TYPE_CHECKING:
    from xlvs.ipvs.store import Store

_PACKET_PATH: Final = {
    "conn_reuse_mode": layout.SETTINGS_CONN_REUSE_MODE,
    "expire_nodest_conn": layout.SETTINGS_EXPIRE_NODEST_CONN,
    "sloppy_tcp": layout.SETTINGS_SLOPPY_TCP,
    "nat_icmp_send": layout.SETTINGS_NAT_ICMP_SEND,
}


def defaults() -> bytes:
    """The ledger's values at first load."""
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
        store.keep(start + index * 4, value & 0xFFFFFFFF)
    if name in _PACKET_PATH:
        store.set_setting(_PACKET_PATH[name], values[0] & 0xFFFFFFFF)


def _place(name: str) -> int:
    before = 0
    for each, setting in SYSCTLS.items():
        if each == name:
            break
        before += len(setting.default)
    return layout.LEDGER_SYSCTLS + before * 4


def _values(store: Store, name: str) -> Values:
    start = _place(name)
    raw = (store.kept(start + index * 4) for index in range(len(SYSCTLS[name].default)))
    return tuple(value - (1 << 32) if value >> 31 else value for value in raw)
