# SPDX-License-Identifier: Apache-2.0
"""Routes and policy rules of a router, in one call of ip(8) for each family: it knows all of their words."""

from __future__ import annotations

import subprocess
from contextlib import suppress
from ipaddress import ip_network
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

PROTOCOL: Final = 18
"""Keepalived's number among the protocols of routes (rt_protos of iproute2)."""
_PATIENCE_S: Final = 5.0
_IPV6: Final = "-6"
_IPV4: Final = "-4"

Words = tuple[str, ...]


def claim(routes: Sequence[Words], rules: Sequence[Words]) -> list[str]:
    """Add them; what went wrong, in words. One that is there already is made as told."""
    return _change(routes, rules, route="replace", rule="add")


def release(routes: Sequence[Words], rules: Sequence[Words]) -> list[str]:
    """Remove them; what is gone is no error."""
    _change(routes, rules, route="delete", rule="delete")
    return []


def _change(routes: Sequence[Words], rules: Sequence[Words], *, route: str, rule: str) -> list[str]:
    lines: dict[str, list[str]] = {_IPV4: [], _IPV6: []}
    for words in routes:
        lines[_family(words)].append(" ".join(("route", route, *(_marked(words) if route != "delete" else words))))
    for words in rules:
        if rule == "add":
            lines[_family(words)].append(" ".join(("rule", "delete", *words)))
        lines[_family(words)].append(" ".join(("rule", rule, *words)))
    return [error for family, commands in lines.items() if commands for error in _run(family, commands)]


def destination(words: Words) -> str:
    """Where a route leads, as a network; "" for words that say none."""
    family = _family(words)
    for word in words:
        if word == "default":
            return "::/0" if family == _IPV6 else "0.0.0.0/0"
        with suppress(ValueError):
            return str(ip_network(word, strict=False))
    return ""


def _marked(words: Words) -> Words:
    """With the number of the protocol that tells whose route it is."""
    if {"proto", "protocol"} & set(words):
        return words
    at = words.index("nexthop") if "nexthop" in words else len(words)
    return (*words[:at], "proto", str(PROTOCOL), *words[at:])


def _family(words: Words) -> str:
    return _IPV6 if any(":" in word for word in words) else _IPV4


def _run(family: str, commands: Sequence[str]) -> list[str]:
    try:
        done = subprocess.run(
            ["ip", family, "-force", "-batch", "-"],
            input="\n".join(commands) + "\n",
            capture_output=True,
            text=True,
            check=False,
            timeout=_PATIENCE_S,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return [f"cannot change routes and rules: {error}"]
    harmless = ("No such file or directory", "No such process", "Command failed")
    return [line for line in done.stderr.splitlines() if not line.startswith(harmless) and not line.endswith(harmless)]
