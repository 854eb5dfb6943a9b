# SPDX-License-Identifier: Apache-2.0
"""What a reload would change, as lines to read: `+` comes, `-` goes, `~` changes. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from xlvs.healthcheck.health import Health
from xlvs.model.address import Family
from xlvs.model.service import Protocol, ServiceKey

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from xlvs.healthcheck.settings import HealthSettings
    from xlvs.model.diff import ConfiguredService

    Blocks = Mapping[str, Mapping[str, Mapping[str, str | list[str]]]]

_ADDRESSES: Final = ("virtual_ipaddress", "virtual_ipaddress_excluded")
_TITLES: Final = {"global_defs": "global_defs", "vrrp_instance": "router", "vrrp_sync_group": "group"}


def block_changes(before: Blocks, after: Blocks, states: Mapping[str, str]) -> Iterator[str]:
    """Of everything but virtual servers. `states`: of the routers by name."""
    for block, wanted in after.items():
        old = before.get(block, {})
        title = _TITLES.get(block, block)
        for name in [*old, *(each for each in wanted if each not in old)]:
            head = f"{title} {name}".rstrip()
            state = states.get(name, "") if block == "vrrp_instance" else ""
            if name not in wanted:
                yield f"- {head}{_leaving(old[name], state)}"
            elif name not in old:
                yield f"+ {head}{_coming(wanted[name])}"
            else:
                yield from (f"~ {head}: {each}" for each in _keyword_changes(old[name], wanted[name], state))


def _leaving(words: Mapping[str, str | list[str]], state: str) -> str:
    if state != "MASTER":
        return f" ({state})" if state else ""
    return f" (MASTER: priority 0 is sent, {', '.join(_addresses(words)) or 'nothing'} goes)"


def _coming(words: Mapping[str, str | list[str]]) -> str:
    found = _addresses(words)
    return f" ({', '.join(found)})" if found else ""


def _addresses(words: Mapping[str, str | list[str]]) -> list[str]:
    return [each for name in _ADDRESSES for each in words.get(name, ())]


def _keyword_changes(
    before: Mapping[str, str | list[str]], after: Mapping[str, str | list[str]], state: str
) -> Iterator[str]:
    for keyword, new in after.items():
        old = before.get(keyword, "")
        if old == new:
            continue
        if isinstance(new, str) or isinstance(old, str):
            yield f"{keyword} {old or 'none'} -> {new or 'none'}"
            continue
        when = "" if keyword not in _ADDRESSES or state == "MASTER" else f" (when it is MASTER; now {state})"
        yield from (f"{keyword} - {each}{when}" for each in old if each not in new)
        yield from (f"{keyword} + {each}{when}" for each in new if each not in old)
        if sorted(old) == sorted(new):
            yield f"{keyword} in another order"


def desired_after(settings: HealthSettings, state: Mapping[str, Any]) -> list[ConfiguredService]:
    """What the tables would hold: the servers that are down now stay out, as a reload keeps verdicts."""
    known = {each["name"]: each for each in state.get("virtual_servers", ())}
    former = Health(settings)
    for server in former.virtual_servers:
        found = known.get(server.settings.name)
        if found is None:
            continue
        server.quorum_up = found["quorum_up"]
        down = {each["name"] for each in found["real_servers"] if not each["up"]}
        for real in server.servers:
            if real.settings.name in down:
                real.up = False
                for checker in real.checkers:
                    checker.failed = True
    return Health(settings, former).desired()


def services_of(state: Mapping[str, Any]) -> frozenset[ServiceKey]:
    """The services that the daemon has now."""
    return frozenset(
        ServiceKey(Protocol[protocol], Family[family], bytes.fromhex(address), port, mark)
        for server in state.get("virtual_servers", ())
        for protocol, family, address, port, mark in server["services"]
    )
