# SPDX-License-Identifier: Apache-2.0
"""SCTP: the chunk that counts in a packet, connection states and timeouts (scenes `traffic-sctp-states`, `-begin`)."""

from __future__ import annotations

from tests.reference.views import View

INIT, ABORT = 1, 6
_COOKIES = {10, 11}

# Seconds; all states that are not named have 61.
TIMEOUTS_S = {"NONE": 2, "INIT1": 4, "ESTABLISHED": 900, "REJECTED": 4}
OTHER_TIMEOUT_S = 61

_CHUNKS = {
    1: "INIT",
    2: "INIT_ACK",
    6: "ABORT",
    7: "SHUTDOWN",
    8: "SHUTDOWN_ACK",
    9: "ERROR",
    10: "COOKIE_ECHO",
    11: "COOKIE_ACK",
    14: "SHUTDOWN_COMPLETE",
}


# By view and chunk: next state, and from which states; from all others the state stays.
_Rules = dict[str, list[tuple[str, str]]]
_MOST = "NONE INIT1 INIT C-SENT C-REPLIED C-WAIT COOKIE C-ECHOED"
_ENDS = "S-SENT S-RECEIVED S-ACK-SENT"
_ALL = f"{_MOST} ESTABLISHED {_ENDS} REJECTED CLOSED"

_FROM_CLIENT: _Rules = {
    "DATA": [("ESTABLISHED", "NONE")],
    "INIT": [("INIT1", "NONE"), ("INIT", "INIT1 REJECTED CLOSED")],
    "INIT_ACK": [("C-WAIT", "NONE INIT1 INIT"), ("COOKIE", "C-WAIT")],
    "COOKIE_ECHO": [("C-REPLIED", "NONE C-SENT"), ("INIT", "INIT1")],
    "COOKIE_ACK": [("ESTABLISHED", "NONE C-ECHOED")],
    "SHUTDOWN": [("S-RECEIVED", "NONE ESTABLISHED")],
    "SHUTDOWN_ACK": [("CLOSED", "NONE S-SENT S-ACK-SENT"), ("INIT", "INIT1")],
    "SHUTDOWN_COMPLETE": [("CLOSED", "NONE INIT1 INIT S-ACK-SENT")],
    "ERROR": [("CLOSED", "NONE C-ECHOED")],
    "ABORT": [("REJECTED", "C-WAIT"), ("CLOSED", _ALL.replace("C-WAIT ", ""))],
}
_FROM_SERVER: _Rules = {
    "DATA": [("ESTABLISHED", "NONE")],
    "INIT": [("C-WAIT", f"{_MOST} {_ENDS} REJECTED CLOSED")],
    "INIT_ACK": [("C-SENT", "NONE INIT1 INIT")],
    "COOKIE_ECHO": [("C-ECHOED", _MOST)],
    "COOKIE_ACK": [("ESTABLISHED", _MOST)],
    "SHUTDOWN": [("S-SENT", f"{_MOST} ESTABLISHED")],
    "SHUTDOWN_ACK": [("S-ACK-SENT", "NONE INIT1 INIT C-SENT C-REPLIED S-SENT S-RECEIVED")],
    "SHUTDOWN_COMPLETE": [("CLOSED", "NONE")],
    "ERROR": [("CLOSED", "NONE INIT1 INIT C-SENT C-REPLIED")],
    "ABORT": [("REJECTED", "INIT1"), ("CLOSED", _ALL.replace("INIT1 ", ""))],
}
# Where answers go another way, the client's next step tells what the server must have said.
_CLIENT_ALONE: _Rules = _FROM_CLIENT | {
    "INIT_ACK": [("C-ECHOED", _MOST)],
    "COOKIE_ECHO": [("ESTABLISHED", "NONE INIT1 INIT C-SENT C-REPLIED C-WAIT COOKIE")],
    "COOKIE_ACK": [("ESTABLISHED", "NONE C-SENT C-REPLIED C-ECHOED")],
    "ERROR": [("CLOSED", "NONE")],
    "SHUTDOWN_ACK": [("CLOSED", "NONE ESTABLISHED S-SENT S-ACK-SENT"), ("INIT", "INIT1")],
    "SHUTDOWN_COMPLETE": [("CLOSED", "NONE INIT1 INIT S-SENT S-RECEIVED S-ACK-SENT")],
    "ABORT": [("CLOSED", _ALL)],
}


def _table(rules: _Rules) -> dict[tuple[str, str], str]:
    """(chunk, state) -> next state, of those that move."""
    return {
        (chunk, state): successor
        for chunk, moves in rules.items()
        for successor, states in moves
        for state in states.split()
    }


_TABLES = {
    View.CLIENT: _table(_FROM_CLIENT),
    View.SERVER: _table(_FROM_SERVER),
    View.CLIENT_ALONE: _table(_CLIENT_ALONE),
}


def first_chunk(chunks: bytes) -> int | None:
    """Type of the first chunk, None if there is no whole header of one. ABORT, where one stands right behind a cookie."""
    if len(chunks) < 4:
        return None
    length = int.from_bytes(chunks[2:4], "big")
    behind = length + -length % 4
    if chunks[0] in _COOKIES and length >= 4 and len(chunks) >= behind + 4 and chunks[behind] == ABORT:
        return ABORT
    return chunks[0]


def may_begin(chunks: bytes, *, sloppy: bool) -> bool:
    """Whether a packet may begin a connection: with an INIT; with sloppy_sctp with any chunk that is no ABORT."""
    if len(chunks) < 4 or chunks[0] == ABORT:
        return False
    return sloppy or chunks[0] == INIT


def next_state(state: str, chunks: bytes, view: View) -> str:
    """State after a packet. All chunks that are not named count as data; without any the state stays."""
    first = first_chunk(chunks)
    if first is None:
        return state
    return _TABLES[view].get((_CHUNKS.get(first, "DATA"), state), state)


def timeout_s(state: str) -> int:
    """Seconds that a connection lives in a state without packets."""
    return TIMEOUTS_S.get(state, OTHER_TIMEOUT_S)
