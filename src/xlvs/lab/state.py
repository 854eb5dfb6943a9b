# SPDX-License-Identifier: Apache-2.0
"""What labs there are: one JSON file each under /run/xlvs-lab, written before the first thing is built.

A lab may belong to a process (a test, a demo). When that process is gone the lab is an orphan, and whoever builds or
removes a lab next removes it: nothing depends on a run ending well.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from xlvs.model.errors import PermissionDenied

DIRECTORY: Final = Path("/run/xlvs-lab")


@dataclass(frozen=True, slots=True)
class Owner:
    """A process that cannot be mistaken for a later one of the same pid: `started` is its start in clock ticks."""

    pid: int
    started: int


@dataclass(frozen=True, slots=True)
class LabState:
    """One lab on this host. `namespaces` are the names of its nodes, without the lab's prefix."""

    name: str
    scene: str
    namespaces: tuple[str, ...]
    owner: Owner | None = None


def encode(state: LabState) -> str:
    """The text of a state file."""
    return json.dumps(asdict(state), indent=1) + "\n"


def decode(text: str) -> LabState:
    """The inverse of encode; ValueError, KeyError or TypeError when the text is something else."""
    fields = json.loads(text)
    owner = fields["owner"]
    return LabState(
        str(fields["name"]),
        str(fields["scene"]),
        tuple(str(name) for name in fields["namespaces"]),
        Owner(int(owner["pid"]), int(owner["started"])) if owner else None,
    )


@contextlib.contextmanager
def locked() -> Iterator[None]:
    """Only one process at a time builds or removes labs; children that keep their descriptors share in the lock."""
    try:
        DIRECTORY.mkdir(mode=0o755, exist_ok=True)
        descriptor = os.open(DIRECTORY, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except PermissionError:
        raise PermissionDenied(f"writing to {DIRECTORY}") from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        os.set_inheritable(descriptor, True)  # noqa: FBT003 - the only argument it has
        yield
    finally:
        os.close(descriptor)


def save(state: LabState) -> None:
    """Write the state file in one step: a reader sees the old text or the new, never half of it."""
    path = _path(state.name)
    draft = path.with_suffix(".new")
    draft.write_text(encode(state))
    draft.rename(path)


def forget(name: str) -> None:
    """Remove what was written about a lab, the state file last of all."""
    for path in DIRECTORY.glob(f"{name}.*"):
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        elif path != _path(name):
            path.unlink(missing_ok=True)
    _path(name).unlink(missing_ok=True)


def run_directory(name: str, node: str) -> Path:
    """What a node with `own_run` sees as /run."""
    return DIRECTORY / f"{name}.{node}.run"


def log(name: str, node: str) -> Path:
    """What the web servers of a node write down: a line for each request."""
    return DIRECTORY / f"{name}.{node}.log"


def topology(name: str) -> Path:
    """The lab's network, as a file that `xlvs lab up` reads."""
    return DIRECTORY / f"{name}.toml"


def load_all() -> list[LabState]:
    """Every lab on this host, by name. A damaged file is left out: namespaces without a state are found by name."""
    states = []
    for path in sorted(DIRECTORY.glob("*.json")):
        with contextlib.suppress(ValueError, KeyError, TypeError, FileNotFoundError):
            states.append(decode(path.read_text()))
    return states


def this_process() -> Owner:
    """The calling process as an owner."""
    return Owner(os.getpid(), start_time(os.getpid()) or 0)


def is_orphan(state: LabState) -> bool:
    """Whether the lab belonged to a process that is gone."""
    return state.owner is not None and start_time(state.owner.pid) != state.owner.started


def start_time(pid: int) -> int | None:
    """When the process started, in clock ticks since boot; None when it is gone."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    # The second field is the command in parentheses and may hold anything, parentheses too (proc(5)).
    return int(text.rpartition(")")[2].split()[19])


def runs(pid: int, started: int) -> bool:
    """Whether the process of that start is there and has not ended; what its parent still has to take note of has."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return False
    return pid > 0 and fields[0] != "Z" and int(fields[19]) == started


def _path(name: str) -> Path:
    return DIRECTORY / f"{name}.json"
