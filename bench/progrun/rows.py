# SPDX-License-Identifier: Apache-2.0
"""Our programs, packet by packet, beside the least that any program could do and Katran's figures."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

from bench import director
from bench.netns import topology as net
from bench.objects import BenchError
from bench.progrun import cases
from bench.progrun.path import OURS, RUNS, Path, Samples, await_settled, column, connections
from bench.report import Figure, Section
from xlvs.linux import namespace

if TYPE_CHECKING:
    from bench.progrun.cases import Case, Group

KATRAN_COLUMN = "Katran XDP"
# Net ns per packet of Katran's XDP program, measured once on this kind of machine with the same method, beside the rows
# that do what it does. It tunnels one way with a per-CPU LRU table, which forgets connections when it is full.
KATRAN = {
    "not ours": 63,
    "TCP tunnel, 1": 140,
    "TCP tunnel, 1 k": 141,
    "TCP tunnel, 64 k": 252,
    "TCP tunnel, 512 k": 319,
    "UDP tunnel, 1": 188,
    "UDP tunnel, 1 k": 192,
    "UDP tunnel, 64 k": 313,
    "IPv6 TCP tunnel, 1": 139,
    "IPv6 TCP tunnel, 64 k": 249,
    "new TCP, DR, wlc": 798,
    "new UDP, NAT, rr": 885,
    "new TCP, table full": 1037,
}
COLUMNS = [
    "xlvs XDP",
    KATRAN_COLUMN,
    *(column(name, "XDP") for name in (cases.FLOOR, cases.ROUTED, cases.HASH)),
    "xlvs tc",
    *(column(name, "tc") for name in (cases.FLOOR, cases.ROUTED, cases.HASH)),
]


def expected(group: Group, row: str) -> int | None:
    """How many connections are in the table when a row of known ones is measured, None where nobody can say.

    Clients are told apart by their packets' source, and those of a later row with the same source are the same ones.
    """
    if group.connections:
        return None
    found: dict[tuple[bytes, str], int] = {}
    for name, case in group.cases.items():
        for packet, mask in case.known_by:
            source = (packet.data[26:42], packet.wrapper)
            found[source] = max(found.get(source, 0), mask + 1)
        if name == row:
            break
    entries = 2 if group.local_addresses else 1  # one of full NAT has a companion
    return entries * sum(found.values())


def _measure_known(group: Group, paths: list[Path], row: str, case: Case, samples: Samples) -> None:
    """The tc program makes them known: it finishes every packet."""
    if case.known_by:
        paths[-1].make_known(case)
        await_settled()
        there, wanted = connections(), expected(group, row)
        if wanted is not None and there != wanted:
            samples.missing.append((row, f"{there:,} connections are in the table, not {wanted:,}"))
            return
    for path in paths:
        path.fill_floor(case)
        path.measure(row, case, samples, range(RUNS))
        if case.known_by:
            path.check(group, case)


def _measure_new(paths: list[Path], rows: dict[str, Case], samples: Samples) -> None:
    """All of them in turn, run after run, so that the table is equally full for each."""
    for run in range(RUNS):
        for path in paths:
            for row, case in rows.items():
                path.measure(row, case, samples, range(run, run + 1))


def _measure_group(group: Group, paths: list[Path], samples: Samples) -> None:
    director.renew(group.rules, group.connections)
    if group.local_addresses:
        director.xlvs("laddr", "add", *group.local_addresses)
    with ExitStack() as stack:
        stack.enter_context(namespace.entered(net.DIRECTOR))
        for path in paths:
            path.begin(stack)
        for path in paths:
            path.await_routes(next(case for case in group.cases.values() if case.verdicts >= cases.SENT))
        for row, case in group.cases.items():
            if not case.is_new:
                _measure_known(group, paths, row, case, samples)
        _measure_new(paths, {row: case for row, case in group.cases.items() if case.is_new}, samples)


def one_round(samples: Samples, groups: list[Group]) -> None:
    """Every row once. A group that fails is missing, the others are not."""
    with net.network(), ExitStack() as stack:
        paths = [Path(name, stack) for name in OURS]
        for group in groups:
            try:
                _measure_group(group, paths, samples)
            except BenchError as problem:
                samples.missing.append((f"{next(iter(group.cases))} and what follows", str(problem)))


def section(rounds: int, groups: list[Group] | None = None) -> Section:
    """The whole table: medians and the least over the rounds."""
    chosen = cases.groups() if groups is None else groups
    found = Section(
        "Programs alone",
        list(COLUMNS),
        "ns per packet, in brackets the least; less is better",
        "BPF_PROG_TEST_RUN behind a wrapper that is subtracted; so many connections are in the table, and no others."
        " Floor: parse, one look-up in 1 Mi entries of 64 bytes, the least rewrite, send; «not ours»: return. Routed: with"
        " bpf_fib_lookup, which any router needs. Hash table: the look-up (new: the insertion) is one in a BPF hash table"
        " with entries of 64 bytes and as many connections, and the packet leaves in a tunnel. Shuffled: connections"
        " come in another order than they were made in. Katran's figures are fixed ones, measured with this method on a"
        " machine of this kind.",
        shows_best=True,
    )
    samples = Samples()
    for _ in range(rounds):
        one_round(samples, chosen)
    for row, case in [item for group in chosen for item in group.cases.items()]:
        if row in KATRAN:
            found.put(row, KATRAN_COLUMN, Figure(KATRAN[row], KATRAN[row]))
        _fill(found, row, case, samples)
    found.missing = list(dict.fromkeys(f"{what}: {why}" for what, why in samples.missing))
    return found


def _fill(found: Section, row: str, case: Case, samples: Samples) -> None:
    for path in OURS:
        for name in ("xlvs", *case.beside):
            # What passes a packet that is none of ours is the floor under that row.
            shown = column(cases.FLOOR if name == cases.BYSTANDER else name, path)
            found.put(row, shown, samples.figure(row, column(name, path)))
