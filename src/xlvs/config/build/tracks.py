# SPDX-License-Identifier: Apache-2.0
"""What can be tracked: scripts, processes, files and BFD sessions; and groups of interfaces and routes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from xlvs.config.build.collect import Given, Problems, collect, head
from xlvs.config.build.general import flat, only
from xlvs.config.problem import Severity
from xlvs.config.schema.blocks import GRAMMARS
from xlvs.config.settings.vrrp import BfdSession, GarpGroup, TrackFile, TrackGroup, TrackProcess, TrackScript

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xlvs.config.line import Origin
    from xlvs.config.tree import Statement
    from xlvs.config.values import Address

ANY_HOPS = 255
"""max_hops that allows any distance."""
NAME_MAX = 31
"""Characters in the name of a BFD session."""


def named(kind: str, top: Given, problems: Problems) -> Iterator[tuple[str, Given, Statement]]:
    """Blocks of a kind with their names; a second one of the same name is left out."""
    seen: set[str] = set()
    grammar = GRAMMARS[kind]
    for statement in top.inner(kind):
        given = collect(statement.statements, grammar, problems)
        name = head(statement, grammar, problems)
        if name in seen:
            problems.say(f"{kind} {name} is defined already", statement.origin, name, "give it another name")
        elif name is not None:
            seen.add(name)
            yield name, given, statement


def scripts(top: Given, problems: Problems) -> Iterator[TrackScript]:
    """vrrp_script."""
    for name, given, statement in named("vrrp_script", top, problems):
        for field in ("interval", "timeout"):
            if given.get(field, 1) == 0:
                problems.say(f"{field} must be more than 0: 1 s is taken", given.where[field], field)
                given.values[field] = 1_000_000
        if given.has("script"):
            yield TrackScript(name, **only(TrackScript, given.values))
        else:
            problems.say(f"vrrp_script {name} has no script", statement.origin, name, 'script "COMMAND ARGUMENT..."')


def processes(top: Given, problems: Problems) -> Iterator[TrackProcess]:
    """vrrp_track_process."""
    for name, given, statement in named("vrrp_track_process", top, problems):
        if given.has("delay"):
            given.values.setdefault("terminate_delay", given.values["delay"])
            given.values.setdefault("fork_delay", given.values["delay"])
        quorum_max = given.get("quorum_max", None)
        if quorum_max is not None and quorum_max < given.get("quorum", 1) and given.has("quorum"):
            problems.say("quorum_max is less than quorum", given.where["quorum_max"], "quorum_max")
            del given.values["quorum_max"]
        if given.has("process"):
            yield TrackProcess(name, **only(TrackProcess, given.values))
        else:
            problems.say(f"vrrp_track_process {name} has no process", statement.origin, name, "process NAME")


def files(top: Given, problems: Problems) -> Iterator[TrackFile]:
    """track_file."""
    for name, given, statement in named("track_file", top, problems):
        if given.has("file"):
            yield TrackFile(name, **only(TrackFile, given.values))
        else:
            problems.say(f"track_file {name} has no file", statement.origin, name, "file PATH")


def sessions(top: Given, problems: Problems) -> Iterator[BfdSession]:
    """bfd_instance, each checked by itself and against those before it."""
    before: list[BfdSession] = []
    for session, where in _sessions(top, problems):
        if any(_same_ends(session, each) for each in before):
            text = f"bfd_instance {session.name}: another one has the neighbor {session.neighbor_ip} already"
            remedy = "give both a source_ip of their own, or remove one"
            problems.say(text, where, str(session.neighbor_ip), remedy)
            continue
        before.append(session)
        yield session


def _same_ends(one: BfdSession, other: BfdSession) -> bool:
    """Whether packets could be for either."""
    sources = {one.source_ip, other.source_ip}
    return one.neighbor_ip == other.neighbor_ip and (len(sources) == 1 or None in sources)


def _sessions(top: Given, problems: Problems) -> Iterator[tuple[BfdSession, Origin]]:
    for name, given, statement in named("bfd_instance", top, problems):
        if len(name) > NAME_MAX:
            problems.say(f"{name} is longer than {NAME_MAX} characters", statement.origin, name)
            continue
        one_sided = given.has("vrrp") != given.has("checker")
        if one_sided:
            given.values.setdefault("vrrp", False)
            given.values.setdefault("checker", False)
        source = given.get("source_ip", None)
        if not given.has("neighbor_ip"):
            if "neighbor_ip" not in {each.keyword.replace("bour", "bor") for each in statement.statements}:
                text = f"bfd_instance {name} has no neighbor_ip"
                problems.say(text, statement.origin, name, "neighbor_ip ADDRESS")
        elif source and source.version != given.values["neighbor_ip"].version:
            problems.say("source_ip and neighbor_ip are of different families", given.where["source_ip"], str(source))
        else:
            session = BfdSession(name, **only(BfdSession, given.values))
            _link_local(session.neighbor_ip, given, problems)
            yield _within_hops(session, given, problems), given.where["neighbor_ip"]


def _link_local(neighbor: Address, given: Given, problems: Problems) -> None:
    """Such an address is one only on its link."""
    if neighbor.version == 6 and neighbor.is_link_local and not getattr(neighbor, "scope_id", None):
        text = f"{neighbor} is link-local: nothing can be sent to it without its interface"
        remedy = f"neighbor_ip {neighbor}%INTERFACE"
        problems.say(text, given.where["neighbor_ip"], str(neighbor), remedy, Severity.NOTICE)


def _within_hops(session: BfdSession, given: Given, problems: Problems) -> BfdSession:
    """With max_hops that a packet can have lost."""
    if session.max_hops < 0:
        return replace(session, max_hops=ANY_HOPS)
    ttl = session.ttl
    if ttl is None or session.max_hops in {0, ANY_HOPS} or session.max_hops <= ttl:
        return session
    text = f"max_hops {session.max_hops} is more than the ttl, {ttl}, which is taken"
    problems.say(text, given.where["max_hops"], str(session.max_hops))
    return replace(session, max_hops=ttl)


def track_groups(top: Given, problems: Problems) -> Iterator[TrackGroup]:
    """track_group."""
    for name, given, _ in named("track_group", top, problems):
        members = flat(given, "group")
        if given.has("group") and not members:
            problems.say(f"track_group {name} has no members", given.where["group"], "group", "group { INSTANCE... }")
        yield TrackGroup(name, members)


def garp_groups(top: Given, problems: Problems) -> Iterator[GarpGroup]:
    """garp_group."""
    grammar = GRAMMARS["garp_group"]
    for statement in top.inner("garp_group"):
        given = collect(statement.statements, grammar, problems)
        head(statement, grammar, problems)
        interfaces = flat(given, "interfaces")
        if given.has("interfaces") and not interfaces:
            problems.say("interfaces names none", given.where["interfaces"], "interfaces", "interfaces { NAME... }")
        if given.has("interface"):
            interfaces = (given.values["interface"], *interfaces)
        if not given.has("garp_interval") and not given.has("gna_interval"):
            problems.say("garp_group sets no interval", statement.origin, "garp_group", "garp_interval SECONDS")
            continue
        yield GarpGroup(given.get("garp_interval", None), given.get("gna_interval", None), interfaces)
