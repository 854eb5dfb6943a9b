# SPDX-License-Identifier: Apache-2.0
"""A configuration as keywords and words, to compare two of them."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any, Final

from xlvs.config.schema.lines import AddressLine
from xlvs.config.schema.routes import RouteLine, RuleLine
from xlvs.keepalived.dumps import dump_words

if TYPE_CHECKING:
    from xlvs.config.settings.config import KeepalivedConfig

    Words = dict[str, str | list[str]]

BLOCKS: Final = {
    "vrrp_instance": "instances",
    "vrrp_sync_group": "sync_groups",
    "vrrp_script": "scripts",
    "track_file": "files",
    "vrrp_track_process": "processes",
    "bfd_instance": "bfd_sessions",
}
"""Blocks with names, and where a configuration has them."""
_LISTS: Final = {"static_ipaddress": "addresses", "static_routes": "routes", "static_rules": "rules"}


def configured(config: KeepalivedConfig) -> dict[str, dict[str, Words]]:
    """By block and name what each keyword says. Virtual servers are not among it: the tables show what they come to."""
    found = {
        block: {each.name: _words(each, without="name") for each in getattr(config, place)}
        for block, place in BLOCKS.items()
    }
    everywhere: Words = {name: [_text(each) for each in getattr(config, place)] for name, place in _LISTS.items()}
    found["global_defs"] = {"": _words(config.settings) | everywhere}
    return found


def _words(value: Any, *, without: str = "") -> Words:
    return {
        each.name.replace("__", "-"): _value(getattr(value, each.name))
        for each in fields(value)
        if each.name != without
    }


def _value(value: Any) -> str | list[str]:
    return [_text(each) for each in value] if isinstance(value, tuple) else _text(value)


def _text(value: Any) -> str:
    match value:
        case None | "":
            return ""
        case bool():
            return "on" if value else "off"
        case tuple():
            return " ".join(map(_text, value))
        case AddressLine():
            device = f" dev {value.device}" if value.device else ""
            return f"{value}{device}{f' label {value.label}' if value.label else ''}"
        case RouteLine():
            return dump_words.route(value)
        case RuleLine():
            return dump_words.rule(value)
    if is_dataclass(value):
        parts = [(each.name, getattr(value, each.name)) for each in fields(value)]
        first, *rest = [(name, part) for name, part in parts if part not in (None, "", 0, (), False)] or parts[:1]
        return " ".join([_text(first[1]), *(f"{name} {_text(part)}" for name, part in rest)])
    return str(value)
