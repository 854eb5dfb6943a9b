# SPDX-License-Identifier: Apache-2.0
"""The words of ``xlvs lab`` that begin with a topology: up, show, play; and log, which says whom a web server served."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from xlvs.lab import build, state
from xlvs.lab.errors import LabError
from xlvs.lab.hints import require_own_commands, require_root, tell_ways
from xlvs.lab.lab import find
from xlvs.lab.scenes import SCENES

if TYPE_CHECKING:
    import argparse

    from xlvs.lab.lab_file import LabFile
    from xlvs.lab.topology import Topology

_SUFFIX: Final = ".toml"


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the words."""
    up = commands.add_parser("up", help="build a lab, of those that there are or of a file's", allow_abbrev=False)
    up.add_argument(
        "scene", nargs="?", default="nat", metavar="NAME | FILE.toml", help=f"{', '.join(SCENES)} or a file"
    )
    up.add_argument("--name", help="what to call it (default: as the scene, or as the file says)")
    up.set_defaults(action=_up)

    show = commands.add_parser("show", help="write a topology as a file, to begin one's own from", allow_abbrev=False)
    show.add_argument("scene", nargs="?", metavar="NAME", help="which (default: say which there are)")
    show.set_defaults(action=_show)

    play = commands.add_parser("play", help="build a file's lab and type the commands of its play", allow_abbrev=False)
    play.add_argument("file", metavar="FILE.toml", help="see xlvs-lab(5)")
    play.add_argument("--name", help="what to call the lab (default: as the file says)")
    play.add_argument("--keep", action="store_true", help="leave the lab up afterwards")
    play.set_defaults(action=_play)

    log = commands.add_parser("log", help="what the web server of a node wrote down", allow_abbrev=False)
    log.add_argument("--lab", metavar="NAME", help="the lab, where several are up")
    log.add_argument("node", help="server1, server2 ...")
    log.set_defaults(action=_log)


def _up(options: argparse.Namespace) -> int:
    topology, directory = _wanted(options.scene)
    require_root("up")
    name = options.name or topology.name
    try:
        build.up(topology, name, directory=directory, tell=_tell)
    except ValueError as error:
        raise LabError(str(error)) from None
    print(f"{name}: {topology.summary}" if topology.summary else name)
    print("nodes: " + " ".join(topology.namespace_names()))
    for segment, ends in topology.segments().items():
        if len(ends) == 1:
            print(f"note:  {ends[0][0].name} is alone on the segment {segment}")
    tell_ways(name)
    return 0


def _show(options: argparse.Namespace) -> int:
    if options.scene is None:
        for name, make in SCENES.items():
            print(f"{name:<12} {make().summary}")
        return 0
    if options.scene not in SCENES:
        raise LabError(f"there is no topology {options.scene}{_near(options.scene)}", f"there are: {' '.join(SCENES)}")
    from xlvs.lab import lab_text

    print(lab_text.write(SCENES[options.scene]()), end="")
    return 0


def _play(options: argparse.Namespace) -> int:
    from xlvs.lab import play_file
    from xlvs.lab.terminal import wants_colour

    path = Path(options.file)
    found = _read(path)
    if not found.play:
        raise LabError(f"{path}: there is nothing to play", "write steps: [[play]], node, run and expect")
    require_root("play")
    require_own_commands()
    name = options.name or found.topology.name
    started = time.monotonic()
    try:
        play_file.run(found, name, path.parent, colour=wants_colour(), keep=options.keep)
    except ValueError as error:
        raise LabError(str(error)) from None
    print(f"took {time.monotonic() - started:.1f} s")
    if options.keep:
        tell_ways(name)
    return 0


def _log(options: argparse.Namespace) -> int:
    lab = find(options.lab)
    lab.namespace(options.node)
    if not any(server.node == options.node for server in lab.topology.servers):
        raise LabError(f"no web server stands on {options.node}")
    print(state.log(lab.name, options.node).read_text(encoding="utf-8"), end="")
    return 0


def _wanted(word: str) -> tuple[Topology, Path | None]:
    """What is to be built, and where its commands are run: the topology of this name, or of this file."""
    if word in SCENES:
        return SCENES[word](), None
    path = Path(word)
    if path.suffix == _SUFFIX or "/" in word:
        return _read(path).topology, path.parent
    raise LabError(
        f"there is no topology {word}{_near(word)}", f"there are: {' '.join(SCENES)}; or name a file, FILE{_SUFFIX}"
    )


def _read(path: Path) -> LabFile:
    from xlvs.lab import lab_file

    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise LabError(f"cannot read {path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise LabError(f"{path} is no text in UTF-8") from None
    plain = re.sub(r"[^a-z0-9]", "", path.stem.lower())
    return lab_file.read(text, str(path), plain if plain[:1].isalpha() else f"lab{plain}")


def _tell(node: str, command: str, output: str) -> None:
    from xlvs.lab.terminal import prompt, wants_colour

    print(prompt(node, command, colour=wants_colour()))
    print(output, end="", flush=True)


def _near(word: str) -> str:
    from difflib import get_close_matches  # heavy, and needed for mistakes only

    near = get_close_matches(word, SCENES, n=1)
    return f"; did you mean {near[0]}?" if near else ""
