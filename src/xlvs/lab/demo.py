# SPDX-License-Identifier: Apache-2.0
"""Scenes from first to last: each builds its lab, plays, and removes it unless it is to be kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final, NamedTuple

from xlvs.lab import (
    build,
    play_checks,
    play_dr,
    play_fullnat,
    play_keepalived,
    play_marks,
    play_nat,
    play_rules,
    play_sync,
    play_tour,
    play_tunnel,
)
from xlvs.lab.play import Scene
from xlvs.lab.scenes import SCENES
from xlvs.lab.terminal import heading, remark, wants_colour

if TYPE_CHECKING:
    from collections.abc import Sequence

NAME: Final = "demo"


class _Play(NamedTuple):
    title: str
    act: Callable[[Scene], None]
    topology: str = ""
    """Whose network it has, if not that of its own name."""


_PLAYS: Final = {
    "nat": _Play(play_nat.TITLE, play_nat.play),
    "dr": _Play(play_dr.TITLE, play_dr.play),
    "tunnel": _Play(play_tunnel.TITLE, play_tunnel.play),
    "fullnat": _Play(play_fullnat.TITLE, play_fullnat.play),
    "marks": _Play(play_marks.TITLE, play_marks.play),
    "rules": _Play(play_rules.TITLE, play_rules.play, "tunnel"),
    "keepalived": _Play(play_keepalived.TITLE, play_keepalived.play),
    "sync": _Play(play_sync.TITLE, play_sync.play),
    "tour": _Play(play_tour.TITLE, play_tour.play, "fullnat"),
    "checks": _Play(play_checks.TITLE, play_checks.play),
}
# The main job, in less than a minute.
ALL: Final = ("nat", "dr", "tunnel", "marks", "keepalived", "tour")


def run(wanted: Sequence[str], name: str = NAME, *, keep: bool, quick: bool = False) -> list[str]:
    """Play these scenes, one after the other; the names of their labs. LabError says what did not come out right.

    `quick`: timers of configurations are shortened; of several scenes they always are.
    """
    # One lab at a time may bear the name; several that are kept need one each.
    labs = [name + scene if keep and len(wanted) > 1 else name for scene in wanted]
    for scene, lab in zip(wanted, labs, strict=True):
        _play(scene, lab, keep=keep, quick=quick or len(wanted) > 1)
    return labs


def _play(name: str, lab_name: str, *, keep: bool, quick: bool) -> None:
    play = _PLAYS[name]
    colour = wants_colour()
    print(heading(play.title, colour=colour), flush=True)
    lab = build.up(SCENES[play.topology or name](), lab_name, owned=not keep)
    scene = Scene(lab, colour, quick)
    try:
        play.act(scene)
    finally:
        scene.end()
        if not keep:
            build.down(lab_name)
    print("\n" + remark("all as it should be", colour=colour) + "\n", flush=True)
