# SPDX-License-Identifier: Apache-2.0
"""Mistakes that people make: each is found at its place, with what helps."""

import pytest

from tests.unit.config.texts import OTHER, ROUTER, framed, read
from xlvs.config.problem import Severity

GROUP = f"{ROUTER}}}\n{OTHER}vrrp_sync_group G {{\n group {{\n V\n W\n Z\n }}\n}}\n"
ROWS = [
    (framed("G", "router_id"), 2, 1, "router_id: TEXT is missing", "router_id TEXT"),
    (
        framed("G", "smtp_conect_timeout 3"),
        2,
        1,
        "unknown keyword smtp_conect_timeout",
        "did you mean smtp_connect_timeout",
    ),
    (framed("G", "lvs_timeouts tcp"), 2, 1, "lvs_timeouts: lvs_timeouts needs", "lvs_timeouts [tcp"),
    (
        "global_defs {\n router_id A\nvrrp_script c {\n script x\n}\n",
        3,
        1,
        "unknown keyword vrrp_script",
        "is a } missing, of global_defs",
    ),
    (framed("T", "priority 5"), 1, 1, "unknown keyword priority", "it belongs into vrrp_instance"),
    (framed("V", "state master"), 7, 7, "state: master is not one of MASTER|BACKUP", "did you mean MASTER?"),
    (framed("V", "priority 5abc"), 7, 10, "priority: 5abc is not a number", "1 to 255"),
    (framed("V", "priority -+5"), 7, 10, "priority: -+5 is not a number", "1 to 255"),
    (framed("V", "virtual_router_id 256"), 7, 19, "virtual_router_id: 256 is out of range", "1 to 255"),
    (
        framed("V", "advert_int 1 ; nopreempt"),
        7,
        14,
        "advert_int takes one word: ; nopreempt is ignored",
        "one keyword",
    ),
    (framed("V", "nopreempt yes"), 7, 11, "nopreempt takes no value: yes is ignored", "one keyword"),
    (
        framed("V", "virtual_ipaddress_excluded {\n 10.0.0.9 lable x\n }"),
        8,
        11,
        "unknown option lable",
        "did you mean label?",
    ),
    (framed("V", "virtual_ipaddress {\n 10.0.0.9 scope \u00b2\n }"), 8, 17, "unknown scope \u00b2", "link"),
    (framed("V", "virtual_ipaddress {\n 10.0.0.300\n }"), 8, 2, "10.0.0.300 is not an IP address", ""),
    (framed("V", "track_script {\n nginx\n }"), 8, 2, "V: there is no vrrp_script nginx", "vrrp_script nginx { ... }"),
    (framed("V", "authentication {\n auth_type MD5\n }"), 8, 12, "auth_type: MD5 is not one of PASS|AH", ""),
    (GROUP, 19, 2, "G: there is no vrrp_instance Z", "remove it from the group"),
    (framed("S", "lb_algo RR"), 8, 9, "lb_algo: RR is not one of rr|", "did you mean rr?"),
    (
        framed("S", "persistance_timeout 5"),
        8,
        1,
        "unknown keyword persistance_timeout",
        "did you mean persistence_timeout",
    ),
    (framed("S", "real_server 10.0.0.5 80 {\n weight one\n }"), 9, 9, "weight: one is not a number", "0 to 2147483647"),
    (
        framed("S", "real_server 10.0.0.5 80 {\n TCP_CHECK\n }"),
        9,
        2,
        "TCP_CHECK begins a block: a { is missing",
        "TCP_CHECK {",
    ),
    (
        framed("S", "sorry_server 10.0.0.9/24 80"),
        8,
        14,
        "sorry_server: the length of the prefix is ignored",
        "write 10.0.0.9",
    ),
    (
        framed("S", "quorum_up /a\nquorum_up /b"),
        9,
        1,
        "quorum_up was set in line 8: /b is ignored",
        "remove one of them",
    ),
    ("virtual_server 10.0.0.1 80 {\n", 1, 1, "the block of virtual_server is not closed", "a } is missing"),
    (framed("T", "}"), 1, 1, "a } without its {", "remove it"),
]


@pytest.mark.parametrize(("text", "line", "column", "message", "remedy"), ROWS)
def test_mistake_is_found_at_its_place(text: str, line: int, column: int, message: str, remedy: str) -> None:
    """File, line, column, the line with a caret below, and what to write instead."""
    found = [each for each in read(text).problems if each.message.startswith(message)]
    assert [(each.origin.number, each.column) for each in found] == [(line, column)]
    assert remedy in found[0].remedy
    place, shown, caret, *_ = found[0].report().split("\n")
    assert place.endswith(f"keepalived.conf:{line}:{column}: {found[0].message}")
    assert shown[caret.index("^")] == text.split("\n")[line - 1][column - 1]


def test_all_mistakes_are_named_at_once_in_the_order_of_the_lines() -> None:
    """One does not hide the next."""
    text = "".join(text for text, *_ in ROWS[:19])
    numbers = [each.origin.number for each in read(text).problems if each.severity is not Severity.NOTICE]
    assert len(numbers) >= 16
    assert numbers == sorted(numbers)
