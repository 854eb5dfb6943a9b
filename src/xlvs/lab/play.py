# SPDX-License-Identifier: Apache-2.0
"""What every scene does: type a command in a node, show what it prints, expect something of it."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from xlvs.lab import state
from xlvs.lab.errors import LabError
from xlvs.lab.lab import environment
from xlvs.lab.terminal import prompt, remark

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from xlvs.lab.lab import Lab

# As in the kernel, counters and rates are taken every two seconds, and what is listed was taken last.
_PATIENCE_S: Final = 5.0
_PAUSE_S: Final = 0.25
_FINISH_S: Final = 30.0


@dataclass(frozen=True, slots=True)
class Scene:
    """Types commands in the nodes of a lab and shows what they print."""

    lab: Lab
    colour: bool
    quick: bool = False
    """Timers that are waited for are shortened."""
    begun: list[subprocess.Popen[str]] = field(default_factory=list)
    """What runs beside the commands that are typed."""

    def file(self, suffix: str) -> Path:
        """A file that the scene may write; it goes with the lab."""
        return state.DIRECTORY / f"{self.lab.name}.{suffix}"

    def type(self, command: str, node: str = "director") -> str:
        """Show and run a command; its output. LabError when it fails."""
        self.show_command(command, node)
        output = self.run(command, node)
        self.show(output)
        return output

    def type_until(
        self, command: str, right: Callable[[str], bool], node: str = "director", patience_s: float = _PATIENCE_S
    ) -> bool:
        """Show a command and its output once it is as it should be, or as it is when patience ends; which of the two."""
        self.show_command(command, node)
        deadline = time.monotonic() + patience_s
        while not right(output := self.run(command, node)) and time.monotonic() < deadline:
            time.sleep(_PAUSE_S)
        self.show(output)
        return right(output)

    def begin(self, command: str, node: str) -> subprocess.Popen[str]:
        """Show a command and run it beside the others, until `finish`."""
        self.show_command(f"{command} &", node)
        return self._beside(self.lab.command(node, command.split()))

    def finish(self, running: subprocess.Popen[str], node: str) -> str:
        """Interrupt what was begun; its output, which is shown. LabError when it fails."""
        self.show_command("kill -INT %1; wait", node)
        running.send_signal(signal.SIGINT)
        output, _ = running.communicate(timeout=_FINISH_S)
        self.show(output)
        expect(running.returncode == 0, f"what ran beside on {node} ended with exit code {running.returncode}")
        return output

    def type_in_vain(self, command: str, node: str = "director") -> str:
        """Show and run a command that has to fail; what it said."""
        self.show_command(command, node)
        done = self.lab.run(node, ["sh", "-c", command])
        self.show(done.stdout + done.stderr)
        expect(done.returncode != 0, f"`{command}` on {node} succeeded")
        return done.stdout + done.stderr

    def begin_on_host(self, ready: str, *arguments: str) -> subprocess.Popen[str]:
        """Show an ``xlvs`` command of the host itself and run it beside the others, once it has said that it is ready."""
        words = ["xlvs", *arguments]
        print(prompt("host", " ".join(words) + " &", colour=self.colour), flush=True)
        running = self._beside(words)
        said = running.stdout.readline() if running.stdout else ""
        self.show(said)
        expect(ready in said, f"`{' '.join(words)}` did not begin")
        return running

    def wait(self, running: subprocess.Popen[str]) -> str:
        """Until what was begun has ended by itself; its output, which is shown."""
        print(prompt("host", "wait", colour=self.colour), flush=True)
        output, _ = running.communicate(timeout=_FINISH_S)
        self.show(output)
        return output

    def host(self, *arguments: str) -> str:
        """Show and run an ``xlvs`` command of the host itself; its output."""
        words = ["xlvs", *arguments]
        print(prompt("host", " ".join(words), colour=self.colour), flush=True)
        done = subprocess.run(words, env=environment(), check=False, capture_output=True, text=True)
        self.show(done.stdout)
        expect(done.returncode == 0, done.stderr.strip())
        return done.stdout

    def end(self) -> None:
        """End what still runs beside, as when the scene was cut short."""
        for running in self.begun:
            if running.poll() is None:
                running.kill()
                running.communicate()

    def _beside(self, words: list[str]) -> subprocess.Popen[str]:
        running = subprocess.Popen(
            words, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        self.begun.append(running)
        return running

    def run(self, command: str, node: str = "director") -> str:
        """Run a command without showing it; LabError, with all that it said, when it fails."""
        done = self.lab.run(node, ["sh", "-c", command])
        if done.returncode:
            said = (done.stdout + done.stderr).strip() or "nothing was said"
            raise LabError(f"`{command}` on {node} ended with exit code {done.returncode}: {said}")
        return done.stdout + done.stderr

    def show_command(self, command: str, node: str = "director") -> None:
        """Print the prompt and the command, before it runs."""
        print(prompt(node, command, colour=self.colour), flush=True)

    def show(self, output: str) -> None:
        """Print what a command printed."""
        print(output, end="", flush=True)

    def say(self, text: str) -> None:
        """Print a heading."""
        print("\n" + remark(text, colour=self.colour), flush=True)


def expect(right: bool, complaint: str) -> None:  # noqa: FBT001 - reads as an assertion
    """Raise LabError, behind all that was printed, unless it is right."""
    if not right:
        sys.stdout.flush()
        raise LabError(complaint)


def alternates(pages: Sequence[str], servers: Sequence[str]) -> bool:
    """Whether each server answered, and each only in its turn."""
    turns = len(servers)
    return set(pages[:turns]) == set(servers) and all(page == pages[i % turns] for i, page in enumerate(pages))


def numbers(listing: str, service: str) -> list[int]:
    """The counters in the line of a service: ``TCP  192.168.20.129:80  6  36 ...``; empty when it is not listed."""
    for line in listing.splitlines():
        words = line.split()
        if words[1:2] == [service]:
            return [int(word) for word in words[2:] if word.isdigit()]
    return []
