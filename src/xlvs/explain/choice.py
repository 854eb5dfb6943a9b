# SPDX-License-Identifier: Apache-2.0
"""Why a scheduler took the destination that it took, from what it saw. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from xlvs.schedulers import maglev, source_hash

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from xlvs.explain.question import End
    from xlvs.explain.rows import DestinationRow, ServiceRow

_NO_CURSOR: Final = 0xFFFFFFFF
_ACTIVE_WEIGHT: Final = 256  # an active connection counts as so many inactive ones
_NO_SCHEDULER: Final = "the service has no scheduler, so it finds no destination"


class Candidate(NamedTuple):
    """A destination in the list of its service. `load`: what the scheduler compares, "" where nothing; `barred`: why not."""

    row: DestinationRow
    load: str
    barred: str
    chosen: bool


class Seen(NamedTuple):
    """What a scheduler sees: the service before and its cursor after, the list (newest first), the ends of the packet.

    `entry`: the destination in the table's entry that the packet's hash leads to (sh, dh, mh), 0 for none; `remembered`:
    destinations kept for the address (lblc, lblcr).
    """

    service: ServiceRow
    cursor_after: tuple[int, int]
    listed: Sequence[DestinationRow]
    client: End
    virtual: End
    entry: int = 0
    remembered: Sequence[int] | None = None


class Choice(NamedTuple):
    """What a scheduler chose and why, in words, and what of."""

    reason: str
    candidates: tuple[Candidate, ...]


def explain(seen: Seen, chosen: int) -> Choice:
    """Why the destination of this number was chosen, or (0) none."""
    name = seen.service.scheduler
    rows = tuple(
        Candidate(row, _load(name, row), _barred(name, row), chosen=row.number == chosen) for row in seen.listed
    )
    row = next((each.row for each in rows if each.chosen), None)
    if row is None:
        return Choice(_nobody(seen), rows)
    return Choice(_REASONS[name](seen, row) if name in _REASONS else _NO_SCHEDULER, rows)


def hashed_entry(service: ServiceRow, client: End, virtual: End) -> int | None:
    """Which entry of the service's table the packet's hash leads to; None for schedulers without."""
    if service.scheduler == "dh":
        return source_hash.bucket_of(virtual.address)
    port = client.port if {"sh-port", "mh-port"} & set(service.scheduler_flags) else 0
    if service.scheduler == "sh":
        return source_hash.bucket_of(client.address, port)
    return maglev.entry_of(client.address, port) if service.scheduler == "mh" else None


def _load(scheduler: str, row: DestinationRow) -> str:
    if scheduler == "lc":
        return f"load {_connections(row)}"
    if scheduler in ("wlc", "lblc", "lblcr", "twos") and row.weight:
        return f"load {_connections(row)}/{row.weight}"
    if scheduler in ("sed", "nq") and row.weight:
        return f"delay {row.active + 1}/{row.weight}"
    return ""


def _connections(row: DestinationRow) -> int:
    return row.active * _ACTIVE_WEIGHT + row.inactive


def _barred(scheduler: str, row: DestinationRow) -> str:
    """Why it gets no new connections, "" if it does."""
    if not row.weight:
        return "quiesced: weight 0"
    if row.overloaded:
        return f"overloaded: {row.active + row.inactive} connections, {_relief(row)}"
    if scheduler == "ovf" and row.active > row.weight:
        return f"full: {row.active} active connections, weight {row.weight}"
    return ""


def _relief(row: DestinationRow) -> str:
    if row.lower:
        return f"upper threshold {row.upper}, again below {row.lower}"
    return f"upper threshold {row.upper}, again below three quarters of it"


def _nobody(seen: Seen) -> str:
    if not seen.listed:
        return "the service has no destination"
    if not seen.service.scheduler:
        return _NO_SCHEDULER
    if seen.service.scheduler in ("sh", "dh", "mh") and any(row.usable for row in seen.listed):
        row = next((each for each in seen.listed if each.number == seen.entry), None)
        flag = {"sh": ", and sh-fallback is not set", "mh": ", and mh-fallback is not set"}
        return f"its hash leads to {row.end if row else 'nobody'}, which is not usable{flag.get(seen.service.scheduler, '')}"
    return "no destination is usable"


def _rr(seen: Seen, row: DestinationRow) -> str:
    del row
    place = seen.service.cursor[0]
    if place == _NO_CURSOR or place >= len(seen.listed):
        return "in turn: the first usable one of the list"
    return f"in turn: the next usable one after {seen.listed[place].end}"


def _wrr(seen: Seen, row: DestinationRow) -> str:
    top, current = seen.service.wrr[0], seen.cursor_after[1]
    return f"in turn by weight: the round from {top} down is at {current}, which its weight {row.weight} reaches"


def _lc(seen: Seen, row: DestinationRow) -> str:
    del seen
    return f"the least load ({_connections(row)}: an active connection counts {_ACTIVE_WEIGHT}, an inactive one 1)"


def _wlc(seen: Seen, row: DestinationRow) -> str:
    del seen
    load = f"{_connections(row)}/{row.weight}"
    return f"the least load per weight ({load}: an active connection counts {_ACTIVE_WEIGHT}, an inactive one 1)"


def _sed(seen: Seen, row: DestinationRow) -> str:
    del seen
    return f"the shortest expected delay (its active connections with this one, {row.active + 1}, by its weight {row.weight})"


def _nq(seen: Seen, row: DestinationRow) -> str:
    return "idle: the newest without an active connection" if not row.active else f"nobody is idle: {_sed(seen, row)}"


def _fo(seen: Seen, row: DestinationRow) -> str:
    del seen
    return f"failover: the highest weight of the usable ones ({row.weight})"


def _ovf(seen: Seen, row: DestinationRow) -> str:
    del seen
    return f"overflow: the highest weight of those that are not full ({row.active} active connections, weight {row.weight})"


def _lblc(seen: Seen, row: DestinationRow) -> str:
    address = seen.virtual._replace(port=0)
    if seen.remembered and row.number in seen.remembered:
        return f"by locality: remembered for {address}"
    return f"by locality: nobody usable was remembered for {address}, now it is, for {_wlc(seen, row)}"


def _sh(seen: Seen, row: DestinationRow) -> str:
    what = "address and port" if "sh-port" in seen.service.scheduler_flags else "address"
    return _by_hash(seen, row, f"the client's {what}", source_hash.BUCKETS, "sh-fallback")


def _dh(seen: Seen, row: DestinationRow) -> str:
    return _by_hash(seen, row, "the virtual address", source_hash.BUCKETS, "")


def _mh(seen: Seen, row: DestinationRow) -> str:
    what = "address and port" if "mh-port" in seen.service.scheduler_flags else "address"
    return _by_hash(seen, row, f"the client's {what}", maglev.TABLE_SIZE, "mh-fallback")


def _by_hash(seen: Seen, row: DestinationRow, what: str, size: int, fallback: str) -> str:
    place = hashed_entry(seen.service, seen.client, seen.virtual)
    led = f"by the hash of {what}, which leads to entry {place} of {size}"
    if row.number == seen.entry:
        return f"{led}: its own"
    other = next((each.end for each in seen.listed if each.number == seen.entry), "nobody")
    return f"{led}: {other}, which is not usable, so that {fallback} tries others"


def _twos(seen: Seen, row: DestinationRow) -> str:
    del seen, row
    return "two were drawn by weight, this one had less load per weight: the next packet may draw others"


_REASONS: Final[dict[str, Callable[[Seen, DestinationRow], str]]] = {
    "rr": _rr,
    "wrr": _wrr,
    "lc": _lc,
    "wlc": _wlc,
    "lblc": _lblc,
    "lblcr": _lblc,
    "dh": _dh,
    "sh": _sh,
    "sed": _sed,
    "nq": _nq,
    "fo": _fo,
    "ovf": _ovf,
    "mh": _mh,
    "twos": _twos,
}
