# SPDX-License-Identifier: Apache-2.0
"""The story of a packet, from the facts. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from xlvs.explain import passing, tables, way
from xlvs.explain.handing_up import reason as handing_up
from xlvs.explain.verdicts import REMEDIES, WORDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xlvs.explain.facts import Facts, Place, Stack, Step

_DROPS: Final = "drop_"
_LEFT_ALONE: Final = ("pass", "back")


class Line(NamedTuple):
    """One line: what it is about, "" for the same as before, and the text."""

    label: str
    text: str


class Story(NamedTuple):
    """The lines for people, and the same for programs: values that JSON has."""

    lines: tuple[Line, ...]
    document: dict[str, Any]


def tell(facts: Facts) -> Story:
    """What became of the packet, step by step, and why."""
    lines = list(_beginning(facts))
    stacks = list(facts.stacks)
    told = []
    for step in facts.steps:
        stack = stacks.pop(0) if step.fate == "pass" and stacks and step.hook != "xdp" else None
        told.append(_document_step(step, facts))
        step_lines = [*_step(step, facts, told[-1]), *(_stack(stack) if stack else ())]
        lines += step_lines
    last = facts.last
    lines.append(Line("verdict", f"{last.verdict}: {WORDS[last.verdict]}"))
    if last.verdict in REMEDIES:
        lines.append(Line("", REMEDIES[last.verdict]))
    document = {
        "packet": _document_packet(facts),
        "verdict": last.verdict,
        "words": WORDS[last.verdict],
        "dropped": last.verdict.startswith(_DROPS),
        "steps": told,
        "stack": [_document_stack(stack) for stack in facts.stacks],
        "story": [f"{line.label}: {line.text}" if line.label else line.text for line in lines],
    }
    return Story(tuple(lines), document)


def _beginning(facts: Facts) -> Iterator[Line]:
    place = facts.place
    where = f"sent by this host, out of {place.interface}" if place.own else f"in by {place.interface}"
    guess = " (by where answers to it leave; --in says otherwise)" if place.guessed and not place.own else ""
    mark = f", mark {facts.asked.mark}" if facts.asked.mark else ""
    yield Line("packet", f"{facts.asked}{mark}, {where}{guess}")
    yield from (Line("", text) for text in _warnings(facts, place))


def _warnings(facts: Facts, place: Place) -> Iterator[str]:
    if not (place.egress if place.own else place.tc or place.xdp):
        yield f"! nothing is attached to {place.interface}: packets are not looked at there (`xlvs attach`). If they were:"
    if place.back and place.back != place.interface:
        yield f"! answers to it leave by {place.back}: it comes in by {place.interface} only if its sender's routes say so"
    if facts.outdated:
        yield "! the attached programs are of another version (`xlvs upgrade`): told is what this one would do"


def _step(step: Step, facts: Facts, document: dict[str, Any]) -> Iterator[Line]:
    """What a program did; `document` says the same."""
    label = f"{'XDP' if step.hook == 'xdp' else 'tc'} {step.interface}"
    if step.hook == "egress":
        label = f"tc out {step.interface}"
    if step.verdict == "hand_up":
        yield Line(label, f"handed up to tc because {handing_up(step)}")
        if step.met.begun is not None:  # tc finds the connection that XDP began, and chooses no more
            yield from (Line(*each) for each in tables.lines(step))
        return
    if step.verdict in _LEFT_ALONE:
        yield Line(label, f"{_whose(step, facts)}: {document['reason']}")
        yield from (Line("", f"near: {text}") for text in document["nearest"])
        return
    yield Line(label, WORDS[step.verdict])
    yield from (Line(*each) for each in tables.lines(step))
    yield from (Line(*each) for each in way.lines(step))


def _whose(step: Step, facts: Facts) -> str:
    if step.verdict == "back":
        return "the mark device: given back to the host's own stack"
    return "none of the director's" if facts.last.verdict in _LEFT_ALONE else "not yet the director's"


def _stack(stack: Stack) -> Iterator[Line]:
    route = stack.route
    if stack.detour:
        yield Line("stack", f"its rules lead the packet to {route.interface}, with the mark that netfilter gave it")
    elif route.kind == "local":
        yield Line("stack", "delivered on this host")
    elif route.kind == "refused":
        yield Line("stack", f"goes no further: {route.why}")
    else:
        from_text = f" by {way.address(route.gateway)}" if route.gateway else ""
        yield Line("stack", f"forwarded, out of {route.interface}{from_text}, if netfilter and forwarding let it")


def _document_packet(facts: Facts) -> dict[str, Any]:
    asked, place = facts.asked, facts.place
    return {
        "text": str(asked),
        "protocol": asked.protocol,
        "source": str(asked.source),
        "destination": str(asked.destination),
        "mark": asked.mark,
        "interface": place.interface,
        "own": place.own,
        "attached": {"tc": place.tc, "xdp": place.xdp, "egress": place.egress},
        "frame": facts.steps[0].before.hex(),
    }


def _document_stack(stack: Stack) -> dict[str, Any]:
    route = stack.route
    return {
        "kind": route.kind,
        "interface": route.interface or None,
        "gateway": way.address(route.gateway) if route.gateway else None,
        "why": route.why or None,
        "detour": stack.detour,
    }


def _document_step(step: Step, facts: Facts) -> dict[str, Any]:
    document: dict[str, Any] = {
        "hook": step.hook,
        "interface": step.interface,
        "verdict": step.verdict,
        "fate": step.fate,
        "reason": WORDS[step.verdict],
        **tables.document(step),
        **way.document(step),
    }
    if step.verdict == "hand_up":
        document["reason"] = handing_up(step)
    elif step.verdict in _LEFT_ALONE:
        document["reason"] = passing.reason(step)
        # Only the last program's word counts: another one may know the mark, for example.
        lacks = step is facts.last and passing.asks_for_service(step)
        document["nearest"] = passing.nearest(step, facts.asked.mark) if lacks else []
    return document
