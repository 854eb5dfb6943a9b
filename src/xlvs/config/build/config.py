# SPDX-License-Identifier: Apache-2.0
"""A whole configuration from its statements."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from xlvs.config.build import general, servers, tracks, vrrp
from xlvs.config.build.collect import Given, Problems, collect
from xlvs.config.build.static import static_groups, static_lines
from xlvs.config.files import Identity, Reader
from xlvs.config.problem import Problem
from xlvs.config.schema.blocks import GRAMMARS
from xlvs.config.schema.blocks import TOP as TOP_GRAMMAR
from xlvs.config.settings.config import KeepalivedConfig
from xlvs.config.tree import parse

if TYPE_CHECKING:
    from xlvs.config.files import Files
    from xlvs.config.tree import Statement


@dataclass(frozen=True, slots=True)
class Loaded:
    """A configuration, its statements as they were written, and everything that is wrong with it."""

    config: KeepalivedConfig
    statements: tuple[Statement, ...]
    problems: tuple[Problem, ...]


def load(path: str, files: Files, identity: Identity) -> Loaded:
    """Read a configuration. Raises Unreadable for the file itself; everything else is a problem."""
    reader = Reader(files, identity)
    statements, wrong = parse(reader.lines(path), TOP_GRAMMAR)
    problems = Problems()
    config = build(statements, problems)
    return Loaded(config, tuple(statements), tuple(by_place([*reader.problems, *wrong, *problems.found])))


def by_place(problems: list[Problem]) -> list[Problem]:
    """In the order of the lines; files stay together in the order of their first problem."""
    order: dict[str, int] = {}
    for problem in problems:
        order.setdefault(problem.origin.path, len(order))
    return sorted(problems, key=lambda problem: (order[problem.origin.path], problem.origin.number))


def build(statements: list[Statement], problems: Problems) -> KeepalivedConfig:
    """The values of a configuration."""
    ordinary = [each for each in statements if each.keyword != "virtual_server_group"]
    top = collect(ordinary, TOP_GRAMMAR, problems)
    everywhere = Given()
    for block in top.inner("global_defs"):
        collect(block.statements, GRAMMARS["global_defs"], problems, everywhere)
    settings = general.global_settings(everywhere, problems)
    scripts = tuple(tracks.scripts(top, problems))
    processes = tuple(tracks.processes(top, problems))
    files = tuple(tracks.files(top, problems))
    sessions = tuple(tracks.sessions(top, problems))
    names = {
        "track_script": frozenset(each.name for each in scripts),
        "track_process": frozenset(each.name for each in processes),
        "track_file": frozenset(each.name for each in files),
        "track_bfd": frozenset(each.name for each in sessions if each.vrrp),
        "BFD_CHECK": frozenset(each.name for each in sessions if each.checker),
    }
    tracked = vrrp.Tracked(names)
    instances = tuple(vrrp.instances(top, settings, tracked, problems))
    known = frozenset(each.name for each in instances)
    groups = tuple(servers.groups([each for each in statements if each.keyword == "virtual_server_group"], problems))
    static_lines(top, problems)
    groups_of_tracks = tuple(tracks.track_groups(top, problems))
    static_groups(top, frozenset(each.name for each in groups_of_tracks), problems)
    return KeepalivedConfig(
        settings=settings,
        process=general.process_settings(top),
        instances=instances,
        sync_groups=tuple(vrrp.sync_groups(top, known, settings, tracked, problems)),
        scripts=scripts,
        processes=processes,
        files=files,
        bfd_sessions=sessions,
        track_groups=groups_of_tracks,
        garp_groups=tuple(tracks.garp_groups(top, problems)),
        addresses=top.get("static_ipaddress", ()),
        routes=top.get("static_routes", ()),
        rules=top.get("static_rules", ()),
        delays=top.get("interface_up_down_delays", ()),
        server_groups=groups,
        virtual_servers=tuple(
            servers.virtual_servers(top, settings, names, {group.name: group for group in groups}, problems)
        ),
        tls=servers.tls_files(top, problems),
    )
