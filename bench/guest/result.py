# SPDX-License-Identifier: Apache-2.0
"""From samples to tables: what a packet costs, and what ours cost beside IPVS."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.guest.contestants import BARE_TC, BARE_XDP, GENERATOR, GENERATOR_TC, IPVS, ROUTER, TC, XDP
from bench.guest.flows import PLAIN
from bench.report import Figure, Section

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.guest.flows import Flow

#: Time per packet in ns, by contestant and flow.
Samples = dict[tuple[str, str], list[float]]
Costs = dict[tuple[str, str], Figure]

AIMS = {TC: 0.6, XDP: 0.3}
_PLAIN = (GENERATOR, GENERATOR_TC, BARE_TC, BARE_XDP, ROUTER)


def sections(samples: Samples, flows: Sequence[Flow]) -> list[Section]:
    """What a packet costs; the costs without balancing; ours as shares of IPVS's, with their aims."""
    costs = {key: Figure.of(values) for key, values in samples.items()}
    unit = "ns of a clock that counts instructions; less is better"
    whole, plain = Section("Whole way of a packet", [], unit), Section("The same without balancing", [], unit)
    for flow in flows:
        for name in (IPVS, TC, XDP):
            whole.put(flow.name, name, costs[name, flow.name])
    for without in PLAIN:
        for name in _PLAIN:
            plain.put(without.name, name, costs[name, without.name])
    return [whole, plain, _beside_ipvs(costs, flows)]


def _beside_ipvs(costs: Costs, flows: Sequence[Flow]) -> Section:
    shares = Section(
        "Beside the kernel's IPVS",
        [],
        "share of its cost; less is better",
        f"Director: the whole way less what source and sink cost by themselves («{GENERATOR}»). Least: the same of a"
        f" program that does nothing («{BARE_TC}», «{BARE_XDP}»). Added: what balancing adds to plain routing; XDP costs"
        " less than a router, and adds nothing. The emulator counts instructions: no cache misses, no slow branches.",
    )
    for flow in flows:
        for name, bare in ((TC, BARE_TC), (XDP, BARE_XDP)):
            aim = AIMS[name]
            shares.put(flow.name, f"{name}: director", _share(costs, flow, costs[name, flow.name], GENERATOR))
            shares.put(
                flow.name,
                f"least, {name.removeprefix('xlvs ')}",
                _share(costs, flow, costs[bare, flow.plain], GENERATOR),
            )
            if name == TC:
                shares.put(flow.name, f"{name}: added", _share(costs, flow, costs[name, flow.name], ROUTER))
            shares.put(flow.name, f"aim, {name.removeprefix('xlvs ')}", Figure(aim, aim))
    return shares


def _share(costs: Costs, flow: Flow, cost: Figure, without: str) -> Figure:
    """A cost as a share of IPVS's on the same flow, both less what a plain way costs."""
    less = costs[without, flow.plain]
    ours, theirs = cost.minus(less), costs[IPVS, flow.name].minus(less)
    return Figure(ours.median / theirs.median, ours.best / theirs.best)
