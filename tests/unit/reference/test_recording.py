# SPDX-License-Identifier: Apache-2.0
"""A long random run on the kernel, replayed by the reference director."""

from __future__ import annotations

from pathlib import Path

from tests.reference.scene import Scene

RECORDING = Path(__file__).parents[2] / "oracle" / "golden" / "traffic-random-tcp.out"


def play(scene: Scene, line: str) -> str:
    """Do what a line of the recording says, and give the line that the model would have written."""
    who, *words = line.split()
    if who.startswith("-"):
        scene.adm(line)
        return line
    if who == "states":
        connections = scene.director.connections()
        return " ".join(["states", *sorted(f"{c.client[1]}:{c.state}:{c.server[0][2]}" for c in connections)])
    if who == "loads":
        loads = scene.loads("-t 10.0.0.1:80").items()
        return " ".join(["loads", *(f"{server[2:]}:{active}:{inactive}" for server, (active, inactive) in loads)])
    port, flags = int(words[0]), words[1].strip("-")
    if who == "client":
        took = scene.tcp(flags, port)
        words[2] = took if took.startswith("rs") or took == "refused" else "other"
    else:
        words[2] = scene.answer(who, flags, port).partition(":")[0]
    return " ".join([who, *words])


def test_a_random_run_goes_as_on_the_kernel() -> None:
    """Scene traffic-random-tcp: every packet's way, and all states and loads in between."""
    scene = Scene(
        "-A -t 10.0.0.1:80 -s rr",
        *(f"-a -t 10.0.0.1:80 -r 10.2.{number}.100 -m" for number in (1, 2, 3)),
        "-A -t 10.0.0.2:80 -s rr",
    )
    recorded = RECORDING.read_text().splitlines()[1:]
    assert [play(scene, line) for line in recorded] == recorded
