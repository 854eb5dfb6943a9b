# SPDX-License-Identifier: Apache-2.0
"""The scene of a first LVS lesson: NAT with two real servers, each command typed and checked."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from xlvs.lab import build, scenes, state
from xlvs.lab.errors import LabError
from xlvs.lab.terminal import prompt, remark, wants_colour

if TYPE_CHECKING:
    from pathlib import Path

    from xlvs.lab.lab import Lab

NAME: Final = "demo"

_REQUESTS: Final = 6
_BURST: Final = 100
_SERVICE: Final = f"{scenes.VIP}:80"
_GET: Final = f"xlvs lab get {scenes.VIP}"
# As in the kernel, counters and rates are taken every two seconds, and what is listed was taken last.
_PATIENCE_S: Final = 5.0
_PAUSE_S: Final = 0.25


@dataclass(frozen=True, slots=True)
class Scene:
    """Types commands in the nodes of a lab and shows what they print."""

    lab: Lab
    colour: bool

    @property
    def saved(self) -> Path:
        """The file that the scene saves its rules in."""
        return state.DIRECTORY / f"{self.lab.name}.rules"

    def type(self, command: str, node: str = "director") -> str:
        """Show and run a command; its output. LabError when it fails."""
        self.show_command(command, node)
        output = self.run(command, node)
        self.show(output)
        return output

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


def run(name: str = NAME, *, keep: bool) -> None:
    """Build the lab, play the scene, remove the lab unless `keep`. LabError says what did not come out right."""
    colour = wants_colour()
    print(remark("building client, director and two real servers in network namespaces", colour=colour), flush=True)
    lab = build.up(scenes.nat(), name, owned=not keep)
    scene = Scene(lab, colour)
    try:
        play(scene)
    finally:
        if not keep:
            build.down(name)


def play(scene: Scene) -> None:
    """The scene from the first look at the addresses to the restored rules."""
    _look_around(scene)
    _configure(scene)
    _balance(scene)
    _watch(scene)
    _clear_and_restore(scene)
    scene.say("all as it should be")


def _look_around(scene: Scene) -> None:
    scene.say("the director has an outer and an inner address; each real server has a page of its own")
    scene.type("ip -4 -brief address")
    for address in scenes.REAL_SERVERS:
        page = scene.type(f"xlvs lab get {address}")
        _expect(page == f"{address}\n", f"the real server {address} answered {page!r} when asked directly")


def _configure(scene: Scene) -> None:
    scene.say("one virtual service, scheduled round robin, with two destinations behind NAT")
    scene.type(f"ipvsadm -A -t {_SERVICE} -s rr")
    for address in scenes.REAL_SERVERS:
        scene.type(f"ipvsadm -a -t {_SERVICE} -r {address} -m")
    listing = scene.type("ipvsadm -L -n")
    for wanted in (f"TCP  {_SERVICE} rr", *(f"-> {address}:80" for address in scenes.REAL_SERVERS)):
        _expect(wanted in listing, f"the listing lacks {wanted!r}")
    scene.type(f"ipvsadm --save > {scene.saved}")
    saved = scene.type(f"cat {scene.saved}")
    _expect("-A -t k8s02:http -s rr" in saved, "the saved rules lack the virtual service")


def _balance(scene: Scene) -> None:
    scene.say("requests to the virtual service alternate between the real servers")
    pages = [scene.type(_GET, "client").strip() for _ in range(_REQUESTS)]
    _expect(alternates(pages, scenes.REAL_SERVERS), f"the requests did not alternate: {' '.join(pages)}")
    burst = scene.type(f"{_GET} --count {_BURST}", "client")
    _expect(
        all(f"{_BURST // 2} x {address}" in burst for address in scenes.REAL_SERVERS),
        f"{_BURST} requests were not shared evenly",
    )


def _watch(scene: Scene) -> None:
    scene.say("connections, then counters and rates, which are taken every two seconds")
    connections = scene.type("ipvsadm -L -n -c | head -n 8")
    _expect(f"{_SERVICE}" in connections, "the connection table shows no connection to the virtual service")
    total = _REQUESTS + _BURST
    counted = _type_until(scene, "ipvsadm -L -n --stats", lambda listing: numbers(listing, _SERVICE)[:1] == [total])
    _expect(counted, f"the service did not count {total} connections")
    rated = _type_until(scene, "ipvsadm -L -n --rate", lambda listing: numbers(listing, _SERVICE)[:1] > [0])
    _expect(rated, "the rates stayed at zero under traffic")
    scene.type("ipvsadm -Z")
    zeroed = scene.type("ipvsadm -L -n --stats")
    _expect(not any(numbers(zeroed, _SERVICE)), "the counters are not zero after -Z")


def _clear_and_restore(scene: Scene) -> None:
    scene.say("clearing the table, and bringing it back from the saved rules")
    scene.type("ipvsadm -C")
    _expect(_SERVICE not in scene.type("ipvsadm -L -n"), "the service is still there after -C")
    scene.type(f"ipvsadm --restore < {scene.saved}")
    _expect(_SERVICE in scene.type("ipvsadm -L -n"), "the service is not back after --restore")


def _type_until(scene: Scene, command: str, right: Callable[[str], bool]) -> bool:
    """Show a command and its output once it is as it should be, or as it is when patience ends; which of the two."""
    scene.show_command(command)
    deadline = time.monotonic() + _PATIENCE_S
    while not right(output := scene.run(command)) and time.monotonic() < deadline:
        time.sleep(_PAUSE_S)
    scene.show(output)
    return right(output)


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


def _expect(right: bool, complaint: str) -> None:  # noqa: FBT001 - reads as an assertion
    if not right:
        sys.stdout.flush()
        raise LabError(complaint)
