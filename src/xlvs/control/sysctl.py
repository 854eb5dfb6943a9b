# SPDX-License-Identifier: Apache-2.0
"""``xlvs sysctl``: the settings that the kernel's IPVS has below net.ipv4.vs."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Final

from xlvs.model.errors import InvalidArgument, UsageError

if TYPE_CHECKING:
    from xlvs.ipvs.interface import IpvsTables

_PREFIX: Final = "net.ipv4.vs."


def main(argv: list[str]) -> int:
    """Run ``xlvs sysctl ARGV``. Several settings are all looked at before the first is set."""
    options = parser().parse_args(argv)
    from xlvs.ipvs.pinned import open_tables

    tables = open_tables()
    wanted = [_read(word, tables.sysctl_names()) for word in options.settings]
    _set(tables, [(name, value) for name, value in wanted if value is not None])
    shown = {name: tables.sysctl(name) for name in [name for name, _ in wanted] or tables.sysctl_names()}
    _print(shown, as_json=options.json)
    return 0


def check(argv: list[str]) -> None:
    """Refuse what `main` would by its words alone. Raises UsageError, and SystemExit as argparse does."""
    from xlvs.model.sysctl import SYSCTLS

    names = sorted(SYSCTLS)
    for name, value in [_read(word, names) for word in parser().parse_args(argv).settings]:
        if value is not None:
            _check_value(name, value)


def _read(word: str, names: list[str]) -> tuple[str, str | None]:
    """NAME or NAME=VALUE, with or without `net.ipv4.vs.` before it, dots or slashes between."""
    name, equals, value = word.partition("=")
    name = name.strip().replace("/", ".").removeprefix(_PREFIX)
    if name not in names:
        raise UsageError(f"there is no setting {name}{_suggestion(name, names)}")
    return name, value.strip() if equals else None


def _suggestion(name: str, names: list[str]) -> str:
    from difflib import get_close_matches

    near = get_close_matches(name, names, n=1)
    return f"; did you mean {near[0]}?" if near else " (`xlvs sysctl` lists them)"


def _set(tables: IpvsTables, values: list[tuple[str, str]]) -> None:
    for name, value in values:
        _check_value(name, value)
    for name, value in values:
        tables.set_sysctl(name, value)


def _check_value(name: str, value: str) -> None:
    from xlvs.model.sysctl import parse_values, sysctl_of

    try:
        parse_values(name, value, sysctl_of(name).default)
    except InvalidArgument:
        raise UsageError(f"{name} does not take {value!r}; nothing was changed") from None


def _print(shown: dict[str, str], *, as_json: bool) -> None:
    if as_json:
        import json

        print(json.dumps({name: _number(value) for name, value in shown.items()}, indent=2))
        return
    for name, value in shown.items():
        print(f"{_PREFIX}{name} = {value}")


def _number(value: str) -> int | list[int]:
    numbers = [int(each) for each in value.split()]
    return numbers[0] if len(numbers) == 1 else numbers


def parser() -> argparse.ArgumentParser:
    """The words that it takes."""
    parser = argparse.ArgumentParser(
        prog="xlvs sysctl",
        description="Show or set the settings of net.ipv4.vs (all of them when none is named).",
        allow_abbrev=False,
    )
    parser.add_argument("settings", nargs="*", metavar="NAME[=VALUE]", help="the name may begin with net.ipv4.vs.")
    parser.add_argument("--json", action="store_true", help="for programs")
    return parser
