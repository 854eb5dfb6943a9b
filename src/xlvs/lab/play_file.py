# SPDX-License-Identifier: Apache-2.0
"""The play of a file: its lab is built, its commands are typed, and each has to print what is expected of it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from xlvs.lab import build, typed
from xlvs.lab.errors import LabError
from xlvs.lab.terminal import heading, prompt, remark

if TYPE_CHECKING:
    from pathlib import Path

    from xlvs.lab.lab import Lab
    from xlvs.lab.lab_file import LabFile, Step

_PAUSE_S: Final = 0.25


def run(file: LabFile, name: str, directory: Path, *, colour: bool, keep: bool) -> None:
    """Play it from first to last; LabError says which step did not come out as expected."""

    def tell(node: str, command: str, output: str) -> None:
        print(prompt(node, command, colour=colour))
        print(output, end="", flush=True)

    print(heading(file.topology.summary or name, colour=colour), flush=True)
    lab = build.up(file.topology, name, owned=not keep, directory=directory, tell=tell)
    try:
        for number, step in enumerate(file.play, start=1):
            if step.say:
                print("\n" + remark(step.say, colour=colour), flush=True)
            print(prompt(step.node, step.run, colour=colour), flush=True)
            output, complaint = _until_right(lab, step, directory)
            print(output, end="", flush=True)
            if complaint:
                raise LabError(f"play[{number}]: `{step.run}` on {step.node} {complaint}")
    finally:
        if not keep:
            build.down(name)
    print("\n" + remark("all as it should be", colour=colour) + "\n", flush=True)


def _until_right(lab: Lab, step: Step, directory: Path) -> tuple[str, str]:
    """Run a step until it comes out as expected, or its time is up; its last output, and what is wrong with it."""
    deadline = time.monotonic() + step.within_s
    while True:
        code, output = typed.run(lab, step.node, step.run, directory)
        complaint = judge(step, code, output)
        if not complaint or time.monotonic() + _PAUSE_S > deadline:
            return output, complaint
        time.sleep(_PAUSE_S)


def judge(step: Step, code: int, output: str) -> str:
    """What is wrong with what a step printed, or with its exit code; empty when nothing is."""
    missing = [text for text in step.expect if text not in output]
    if code:
        return f"ended with exit code {code}"
    return f"did not print {missing[0]!r}" if missing else ""
