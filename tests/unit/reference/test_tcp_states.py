# SPDX-License-Identifier: Apache-2.0
"""The reference director's TCP states, against the kernel's."""

from __future__ import annotations

import pytest

from tests.reference.scene import ESTABLISH, PATHS, Scene

# From each state, after one packet: `i` from the client, `o` from the server (scene tcp-states-nat).
TRANSITIONS = """
SYN_RECV -> SYN_RECV 01:00
SYN_RECV iS -> SYN_RECV 01:00
SYN_RECV iFA -> TIME_WAIT 02:00
SYN_RECV iA -> ESTABLISHED 15:00
SYN_RECV iR -> SYN_RECV 01:00
SYN_RECV iPA -> ESTABLISHED 15:00
SYN_RECV iSF -> SYN_RECV 01:00
SYN_RECV i -> CLOSE 00:10
SYN_RECV oS -> SYN_RECV 01:00
SYN_RECV oSA -> SYN_RECV 01:00
SYN_RECV oFA -> TIME_WAIT 02:00
SYN_RECV oA -> ESTABLISHED 15:00
SYN_RECV oR -> CLOSE 00:10
ESTABLISHED -> ESTABLISHED 15:00
ESTABLISHED iS -> ESTABLISHED 15:00
ESTABLISHED iFA -> CLOSE_WAIT 01:00
ESTABLISHED iA -> ESTABLISHED 15:00
ESTABLISHED iR -> CLOSE 00:10
ESTABLISHED iPA -> ESTABLISHED 15:00
ESTABLISHED iSF -> ESTABLISHED 15:00
ESTABLISHED i -> CLOSE 00:10
ESTABLISHED oS -> ESTABLISHED 15:00
ESTABLISHED oSA -> ESTABLISHED 15:00
ESTABLISHED oFA -> FIN_WAIT 02:00
ESTABLISHED oA -> ESTABLISHED 15:00
ESTABLISHED oR -> CLOSE 00:10
FIN_WAIT -> FIN_WAIT 02:00
FIN_WAIT iS -> SYN_RECV 01:00
FIN_WAIT iFA -> TIME_WAIT 02:00
FIN_WAIT iA -> FIN_WAIT 02:00
FIN_WAIT iR -> CLOSE 00:10
FIN_WAIT iPA -> FIN_WAIT 02:00
FIN_WAIT iSF -> SYN_RECV 01:00
FIN_WAIT i -> CLOSE 00:10
FIN_WAIT oS -> SYN_SENT 02:00
FIN_WAIT oSA -> SYN_SENT 02:00
FIN_WAIT oFA -> FIN_WAIT 02:00
FIN_WAIT oA -> FIN_WAIT 02:00
FIN_WAIT oR -> CLOSE 00:10
CLOSE_WAIT -> CLOSE_WAIT 01:00
CLOSE_WAIT iS -> SYN_RECV 01:00
CLOSE_WAIT iFA -> CLOSE_WAIT 01:00
CLOSE_WAIT iA -> CLOSE_WAIT 01:00
CLOSE_WAIT iR -> CLOSE 00:10
CLOSE_WAIT iPA -> CLOSE_WAIT 01:00
CLOSE_WAIT iSF -> SYN_RECV 01:00
CLOSE_WAIT i -> CLOSE 00:10
CLOSE_WAIT oS -> SYN_SENT 02:00
CLOSE_WAIT oSA -> SYN_SENT 02:00
CLOSE_WAIT oFA -> TIME_WAIT 02:00
CLOSE_WAIT oA -> CLOSE_WAIT 01:00
CLOSE_WAIT oR -> CLOSE 00:10
TIME_WAIT -> TIME_WAIT 02:00
TIME_WAIT iS -> SYN_RECV 01:00
TIME_WAIT iFA -> TIME_WAIT 02:00
TIME_WAIT iA -> TIME_WAIT 02:00
TIME_WAIT iR -> CLOSE 00:10
TIME_WAIT iPA -> TIME_WAIT 02:00
TIME_WAIT iSF -> SYN_RECV 01:00
TIME_WAIT i -> CLOSE 00:10
TIME_WAIT oS -> SYN_SENT 02:00
TIME_WAIT oSA -> SYN_SENT 02:00
TIME_WAIT oFA -> TIME_WAIT 02:00
TIME_WAIT oA -> TIME_WAIT 02:00
TIME_WAIT oR -> TIME_WAIT 02:00
CLOSE -> CLOSE 00:10
CLOSE iS -> SYN_RECV 01:00
CLOSE iFA -> CLOSE 00:10
CLOSE iA -> CLOSE 00:10
CLOSE iR -> CLOSE 00:10
CLOSE iPA -> CLOSE 00:10
CLOSE iSF -> SYN_RECV 01:00
CLOSE i -> CLOSE 00:10
CLOSE oS -> SYN_SENT 02:00
CLOSE oSA -> SYN_SENT 02:00
CLOSE oFA -> CLOSE 00:10
CLOSE oA -> CLOSE 00:10
CLOSE oR -> CLOSE 00:10
SYN_SENT -> SYN_SENT 02:00
SYN_SENT iS -> ESTABLISHED 15:00
SYN_SENT iFA -> SYN_SENT 02:00
SYN_SENT iA -> SYN_SENT 02:00
SYN_SENT iR -> CLOSE 00:10
SYN_SENT iPA -> SYN_SENT 02:00
SYN_SENT iSF -> ESTABLISHED 15:00
SYN_SENT i -> CLOSE 00:10
SYN_SENT oS -> SYN_SENT 02:00
SYN_SENT oSA -> SYN_SENT 02:00
SYN_SENT oFA -> SYN_SENT 02:00
SYN_SENT oA -> SYN_SENT 02:00
SYN_SENT oR -> SYN_SENT 02:00
"""

# Whole lives (scene traffic-tcp-lives).
LIVES = {
    "half open, SYN repeated": (["iS", "iS", "iS"], "SYN_RECV"),
    "half open, answered": (["iS", "oSA", "oSA"], "SYN_RECV"),
    "refused": (["iS", "oRA"], "CLOSE"),
    "refused, tried again": (["iS", "oRA", "iS"], "SYN_RECV"),
    "client gives up": (["iS", "iR"], "SYN_RECV"),
    "client gives up after the answer": (["iS", "oSA", "iR"], "SYN_RECV"),
    "server closes": ([*ESTABLISH, "oFA", "iA", "iFA", "oA"], "TIME_WAIT"),
    "client closes": ([*ESTABLISH, "iFA", "oA", "oFA", "iA"], "TIME_WAIT"),
    "simultaneous close, client first": ([*ESTABLISH, "iFA", "oFA", "iA", "oA"], "TIME_WAIT"),
    "simultaneous close, server first": ([*ESTABLISH, "oFA", "iFA", "iA", "oA"], "TIME_WAIT"),
    "FIN before the ACK": (["iS", "oSA", "iFA", "oFA", "oA", "iA"], "TIME_WAIT"),
    "server FIN before the ACK": (["iS", "oSA", "oFA", "iA", "iFA"], "TIME_WAIT"),
    "reset in FIN_WAIT": ([*ESTABLISH, "oFA", "iR"], "CLOSE"),
    "server reset after client FIN": ([*ESTABLISH, "iFA", "oR"], "CLOSE"),
    "reset in TIME_WAIT by the server": ([*ESTABLISH, "oFA", "iFA", "oR"], "TIME_WAIT"),
    "data after a reset": ([*ESTABLISH, "iR", "iPA", "oPA"], "CLOSE"),
    "half closed by the client, data on": ([*ESTABLISH, "iFA", "oPA", "oPA", "iA"], "CLOSE_WAIT"),
    "half closed by the server, data on": ([*ESTABLISH, "oFA", "iPA", "iA"], "FIN_WAIT"),
    "no flags at all": ([*ESTABLISH, "i", "iA"], "CLOSE"),
    "Christmas tree": ([*ESTABLISH, "iFPU"], "CLOSE_WAIT"),
    "simultaneous open": (["iS", "oS", "iSA", "oSA", "iA"], "ESTABLISHED"),
    "SYN in the middle": ([*ESTABLISH, "iS", "oA", "iA"], "ESTABLISHED"),
    "closed and reopened by the server": ([*ESTABLISH, "oFA", "iFA", "oS", "iSA", "oA"], "ESTABLISHED"),
}


def one_server() -> Scene:
    """One service with one server."""
    return Scene("-A -t 10.0.0.1:80 -s rr", "-a -t 10.0.0.1:80 -r 10.2.1.100 -m")


@pytest.mark.parametrize("line", TRANSITIONS.strip().splitlines())
def test_one_packet_moves_the_state_and_sets_the_timer(line: str) -> None:
    """Scene tcp-states-nat: state, packet, next state and its timeout."""
    before, _, after = line.partition(" -> ")
    state, *packet = before.split()
    scene = one_server()
    scene.walk([*PATHS[state], *packet], 1001)
    successor, timeout = after.split()
    (connection,) = scene.director.connections()
    minutes, seconds = timeout.split(":")
    assert connection.state == successor
    assert connection.expires - scene.director.now == (int(minutes) * 60 + int(seconds)) * 1000


def test_active_and_inactive_add_up() -> None:
    """Scene tcp-states-nat: 44 active and 47 inactive after all of it."""
    scene = one_server()
    for port, line in enumerate(TRANSITIONS.strip().splitlines(), 1001):
        state, *packet = line.partition(" -> ")[0].split()
        scene.walk([*PATHS[state], *packet], port)
    assert scene.loads("-t 10.0.0.1:80") == {"rs1": (44, 47)}


@pytest.mark.parametrize("name", LIVES)
def test_a_connection_ends_in_the_kernels_state(name: str) -> None:
    """Scene traffic-tcp-lives: half open, refused, reset, closed from both sides at once."""
    steps, state = LIVES[name]
    scene = one_server()
    scene.walk(steps, 3000)
    assert scene.states() == {3000: state}


@pytest.mark.parametrize(
    ("flags", "starts"),
    [
        *((flags, True) for flags in ("S", "SA", "SF", "SFA", "SPU")),
        *((flags, False) for flags in ("SR", "SRA", "A", "F", "FA", "R", "RA", "P", "U", "PA", "", "FPU")),
    ],
)
def test_what_starts_a_connection(flags: str, starts: bool) -> None:
    """Scene traffic-tcp-opening: any SYN that is no reset; the rest is left to the host."""
    scene = one_server()
    assert scene.tcp(flags, 1001) == ("rs1" if starts else "pass")
    assert scene.states() == ({1001: "SYN_RECV"} if starts else {})


@pytest.mark.parametrize(
    ("flags", "state"),
    [
        ("S", "SYN_RECV"),
        ("A", "ESTABLISHED"),
        ("F", "CLOSE"),
        ("FA", "CLOSE"),
        ("P", "CLOSE"),
        ("", "CLOSE"),
        ("R", None),
        ("RA", None),
        ("SR", None),
    ],
)
def test_sloppy_tcp_starts_with_anything_but_a_reset(flags: str, state: str | None) -> None:
    """Scene traffic-settings: sloppy_tcp=1."""
    scene = one_server()
    scene.director.settings.sloppy_tcp = 1
    scene.tcp(flags, 1001)
    assert scene.states() == ({1001: state} if state else {})


def test_port_20_never_starts_a_connection() -> None:
    """Scene traffic-tcp-opening: neither with TCP nor with UDP; port 0 does."""
    scene = Scene(
        "-A -t 10.0.0.1:80 -s rr",
        "-a -t 10.0.0.1:80 -r 10.2.1.100 -m",
        "-A -u 10.0.0.1:53 -s rr",
        "-a -u 10.0.0.1:53 -r 10.2.1.100 -m",
    )
    assert [scene.tcp("S", 20), scene.udp(20), scene.tcp("S", 0), scene.udp(0)] == ["pass", "pass", "rs1", "rs1"]
