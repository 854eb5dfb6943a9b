# SPDX-License-Identifier: Apache-2.0
"""What was written into a packet, and where it went. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xlvs.explain import frame
from xlvs.explain.handing_up import next_hop
from xlvs.explain.question import message_name
from xlvs.model.address import format_address

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xlvs.explain.facts import Step
    from xlvs.explain.frame import Seen

_ANSWERS = ("answered", "unreachable")
_NOBODY = bytes(6)


def address(packed: bytes) -> str:
    """A packed address as it is written."""
    return format_address(packed)


def lines(step: Step) -> Iterator[tuple[str, str]]:
    """Labels and texts: what changed, and the way out."""
    if step.fate in ("drop", "abort") or (step.fate == "consumed" and not step.work.copies):
        return
    yield from (("" if index else "rewritten", text) for index, text in enumerate(changes(step)))
    if step.verdict == "held":
        yield (
            "sent",
            f"its datagram is complete: {step.work.copies} fragments enter {step.interface} again, and are judged together",
        )
    elif step.verdict == "reset":
        first = "its sender gets a reset, and " if step.work.copies else ""
        yield "sent", f"{first}the other end one: out of {step.out}{_link(step)}"
    elif step.work.copies:
        yield "sent", f"out of {step.out}, in {step.work.copies} pieces: it does not fit the link in one"
    elif step.fate == "pass":
        yield "sent", f"to the host's own stack{_stack_reason(step)}"
    elif step.work.packet.inward:
        yield "sent", "into the host itself"
    else:
        yield "sent", f"out of {step.out}{_link(step)}"


def _stack_reason(step: Step) -> str:
    if step.reach is None or step.met.destination is None:
        return ""
    server = address(step.met.destination.end.address)
    if step.reach.kind == "local":
        return f": the destination {server} is an address of this host"
    if step.reach.kind == "refused":
        return f": there is no way to the destination {server} ({step.reach.why}; `ip route get {server}`)"
    return ""


def document(step: Step) -> dict[str, Any]:
    """The same for programs."""
    leaves = step.fate in ("redirect", "send back")
    return {
        "rewritten": list(changes(step)) if step.fate not in ("drop", "abort") else [],
        "out": step.out or None,
        "next_hop": (next_hop(step) or None) if leaves else None,
        "link_address": frame.mac(step.after[:6]) if leaves and _is_resolved(step) else None,
        "copies": step.work.copies,
        "frame": step.after.hex(),
    }


def changes(step: Step) -> Iterator[str]:
    """What differs between the packet before and after, a text each."""
    gue = step.met.destination.tunnel_port if step.met.destination else 0
    before, after = frame.read(step.before), frame.read(step.after, gue)
    if before is None or after is None:
        return
    if step.verdict in _ANSWERS:
        yield f"into {_error(after)}, from {after.source} to {after.destination}"
        return
    if after.inner is not None:
        yield f"wrapped in {after.kind}, from {after.source} to {after.destination}, {after.length} bytes"
        yield from _differences(before, after.inner)
        return
    yield from _differences(before, after)
    if before.quoted is not None and after.quoted is not None:
        for text in _differences(before.quoted, after.quoted):
            yield f"in what it is about: {text}"


def _error(after: Seen) -> str:
    kind = message_name(after.message, after.source.family) if after.message else "an error"
    return f"an ICMP error ({kind})"


def _differences(before: Seen, after: Seen) -> Iterator[str]:
    if before.source != after.source:
        yield f"source {before.source} -> {after.source}"
    if before.destination != after.destination:
        yield f"destination {before.destination} -> {after.destination}"
    if before.ttl != after.ttl:
        yield f"hops to live {before.ttl} -> {after.ttl}"


def _is_resolved(step: Step) -> bool:
    """Whether the program wrote the link-layer addresses itself: else the kernel looks for the neighbour."""
    return step.before[:12] != step.after[:12] and step.after[:6] != _NOBODY


def _link(step: Step) -> str:
    hop = next_hop(step)
    if _is_resolved(step):
        return f", to {frame.mac(step.after[:6])}{f' (next hop {hop})' if hop else ''}"
    return f", to {hop or 'a neighbour'}: the kernel resolves it, and keeps the packet meanwhile"
