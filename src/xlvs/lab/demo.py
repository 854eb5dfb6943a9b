# SPDX-License-Identifier: Apache-2.0
"""Scenes from first to last: each builds its lab, plays, and removes it unless it is to be kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from xlvs.lab import build, play_checks, play_dr, play_keepalived, play_marks, play_nat, play_tunnel
from xlvs.lab.play import Scene
from xlvs.lab.scenes import SCENES
from xlvs.lab.terminal import heading, remark, wants_colour

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

NAME: Final = "demo"

_PLAYS: Final[dict[str, tuple[str, Callable[[Scene], None]]]] = {
    "nat": (play_nat.TITLE, play_nat.play),
    "dr": (play_dr.TITLE, play_dr.play),
    "tunnel": (play_tunnel.TITLE, play_tunnel.play),
    "marks": (play_marks.TITLE, play_marks.play),
    "keepalived": (play_keepalived.TITLE, play_keepalived.play),
    "checks": (play_checks.TITLE, play_checks.play),
}
# The main job, in less than a minute.
ALL: Final = ("nat", "dr", "tunnel", "marks", "keepalived")


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
    title, act = _PLAYS[name]
    colour = wants_colour()
    print(heading(title, colour=colour), flush=True)
    lab = build.up(SCENES[name](), lab_name, owned=not keep)
    scene = Scene(lab, colour, quick)
    try:
        act(scene)
    finally:
        if not keep:
            build.down(lab_name)
    print("\n" + remark("all as it should be", colour=colour) + "\n", flush=True)
