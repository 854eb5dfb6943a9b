# SPDX-License-Identifier: Apache-2.0
"""Shows what a keyword changes: a small configuration with it and without it, as the daemon's plans."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import pytest

from tests.unit.config.texts import read
from xlvs.keepalived.checks.check_translate import translate
from xlvs.keepalived.routers.vrrp_translate import plan as vrrp_plan

if TYPE_CHECKING:
    from collections.abc import Iterable

    from xlvs.config.settings.config import KeepalivedConfig
    from xlvs.healthcheck.settings import CheckerSettings, RealServerSettings, VirtualServerSettings
    from xlvs.keepalived.checks.check_plan import CheckPlan
    from xlvs.keepalived.routers.vrrp_plan import Group, Instance, Plan

CHECKERS: Final = (
    *("TCP_CHECK", "HTTP_GET", "SSL_GET", "SMTP_CHECK", "DNS_CHECK", "UDP_CHECK", "PING_CHECK", "MISC_CHECK"),
    *("FILE_CHECK", "BFD_CHECK"),
)
HEADS: Final = {
    "global_defs": "",
    "vrrp_script": "S",
    "vrrp_track_process": "P",
    "track_file": "F",
    "bfd_instance": "B",
    "vrrp_instance": "V",
    "vrrp_sync_group": "G",
    "virtual_server": "10.0.0.1 80",
    "real_server": "10.0.0.2 80",
}
USUAL: Final = {
    "vrrp_script": ("script /bin/true",),
    "vrrp_track_process": ("process daemon",),
    "track_file": ("file /run/number",),
    "bfd_instance": ("neighbor_ip 10.0.0.9",),
    "vrrp_instance": ("interface vA", "virtual_router_id 1", "virtual_ipaddress {\n10.0.0.1/24\n}"),
    "vrrp_sync_group": ("group {\nV\nW\n}",),
    "virtual_server": ("lvs_sched rr", "lvs_method NAT", "protocol TCP"),
    "HTTP_GET": ("url {\npath /\n}",),
    "SSL_GET": ("url {\npath /\n}",),
    "url": ("path /",),
    "MISC_CHECK": ("misc_path /bin/true",),
    "BFD_CHECK": ("name B",),
}
"""What a block needs."""
SYNONYMS: Final = {"lb_algo": "lvs_sched", "lb_kind": "lvs_method"}
TOP: Final = ("global_defs", "vrrp_script", "vrrp_track_process", "track_file", "bfd_instance", "vrrp_sync_group")
OTHER: Final = "vrrp_instance W {\ninterface vA\nvirtual_router_id 2\nvirtual_ipaddress {\n10.0.0.3\n}\n}"


def text(block: str, lines: str, within: str = "") -> str:
    """A configuration in which `lines` stand in a block; `within` names the checker of a url or of common options."""
    written = {block: lines}
    if block == "url":
        within = within or "HTTP_GET"
        written = {within: _block("url", "", _body("url", lines))}
    elif block == "authentication":
        written = {"vrrp_instance": _block(block, "", lines)}
    elif block == "*_CHECK":
        within = within or "TCP_CHECK"
        written = {within: lines}
    checker = within or (block if block in CHECKERS else "")
    if checker:
        written = {"real_server": _block(checker, "", _body(checker, written[checker]))}
    real = _block("real_server", HEADS["real_server"], written.get("real_server", ""))
    parts = [written.get("", "")]
    parts += [_block(each, HEADS[each], _body(each, written.get(each, ""))) for each in TOP]
    parts.append(
        _block("vrrp_instance", HEADS["vrrp_instance"], _body("vrrp_instance", written.get("vrrp_instance", "")))
    )
    server = f"{_body('virtual_server', written.get('virtual_server', ''))}\n{real}"
    parts += [OTHER, _block("virtual_server", HEADS["virtual_server"], server)]
    return "\n".join(parts)


def _block(name: str, head: str, body: str) -> str:
    return f"{name} {head} {{\n{body}\n}}"


def _body(block: str, lines: str) -> str:
    """The lines, and what the block needs beside them."""
    said = {line.split()[0] for line in lines.split("\n") if line.split()}
    said |= {SYNONYMS[word] for word in said if word in SYNONYMS}
    kept = [part for part in USUAL.get(block, ()) if part.split()[0] not in said]
    return "\n".join((*kept, lines))


class Made:
    """What a configuration comes to."""

    def __init__(self, written: str) -> None:
        self.loaded = read(written)
        self.config: KeepalivedConfig = self.loaded.config

    @cached_property
    def plan(self) -> Plan:
        """Of VRRP."""
        return vrrp_plan(self.config)

    @cached_property
    def checks(self) -> CheckPlan:
        """Of the health checks."""
        return translate(self.config)

    @property
    def router(self) -> Instance:
        """The first virtual router."""
        return self.plan.instances[0]

    @property
    def group(self) -> Group:
        """The one sync group."""
        return self.plan.groups[0]

    @property
    def server(self) -> VirtualServerSettings:
        """The first virtual server."""
        return self.checks.health.servers[0]

    @property
    def real(self) -> RealServerSettings:
        """Its first real server."""
        return self.server.servers[0]

    @property
    def checker(self) -> CheckerSettings:
        """Its one checker."""
        (only,) = self.real.checkers
        return only

    @property
    def probe(self) -> Any:
        """What that asks."""
        return self.checker.probes[0]


@dataclass(frozen=True)
class Effect:
    """A keyword: what is written in its block, where its effect is seen, and what is seen there."""

    keyword: str
    lines: str
    see: Callable[[Any], object]
    value: object
    within: str = ""
    """The checker that a url or a common option stands in."""
    beside: str = ""
    """What stands in the block in both cases."""

    @property
    def block(self) -> str:
        """Its block."""
        return self.keyword.rpartition(".")[0]

    def made(self, lines: str) -> Made:
        """The configuration with these lines."""
        both = f"{self.beside}\n{lines}" if self.beside else lines
        return Made(text(self.block, both, self.within))


def seen(effect: Effect, lines: str) -> object:
    """What is seen with these lines; None where there is nothing to see."""
    try:
        return effect.see(effect.made(lines))
    except (AttributeError, IndexError, KeyError, StopIteration, ValueError):
        return None


def rows(effects: Iterable[Effect]) -> list[Any]:
    """Rows for parametrize."""
    return [pytest.param(each, id=f"{each.within}{each.keyword}:{each.lines.split()[-1]}") for each in effects]


def shows(effect: Effect) -> None:
    """With the keyword there is what it says, without it something else."""
    assert effect.see(effect.made(effect.lines)) == effect.value
    assert seen(effect, "") != effect.value
