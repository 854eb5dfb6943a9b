# SPDX-License-Identifier: Apache-2.0
"""TCP connection states where the director sees both directions (scene `tcp-states-nat`), and timeouts."""

from __future__ import annotations

FIN, SYN, RST, PSH, ACK, URG = 0x01, 0x02, 0x04, 0x08, 0x10, 0x20

UDP_STATE = "UDP"
ACTIVE_STATES = frozenset({"ESTABLISHED", "SYN_SENT", "SYN_RECV"})

# What --set does not change, in seconds; NONE is never seen by anybody.
FIXED_TIMEOUTS_S = {"NONE": 2, "SYN_SENT": 120, "SYN_RECV": 60, "TIME_WAIT": 120, "CLOSE": 10, "CLOSE_WAIT": 60}

_FROM_CLIENT = """
     NONE        ESTABLISHED SYN_SENT    SYN_RECV    FIN_WAIT    TIME_WAIT   CLOSE       CLOSE_WAIT
SYN  SYN_RECV    ESTABLISHED ESTABLISHED SYN_RECV    SYN_RECV    SYN_RECV    SYN_RECV    SYN_RECV
FIN  CLOSE       CLOSE_WAIT  SYN_SENT    TIME_WAIT   TIME_WAIT   TIME_WAIT   CLOSE       CLOSE_WAIT
ACK  ESTABLISHED ESTABLISHED SYN_SENT    ESTABLISHED FIN_WAIT    TIME_WAIT   CLOSE       CLOSE_WAIT
RST  CLOSE       CLOSE       CLOSE       SYN_RECV    CLOSE       CLOSE       CLOSE       CLOSE
"""

_FROM_SERVER = """
     NONE        ESTABLISHED SYN_SENT    SYN_RECV    FIN_WAIT    TIME_WAIT   CLOSE       CLOSE_WAIT
SYN  SYN_SENT    ESTABLISHED SYN_SENT    SYN_RECV    SYN_SENT    SYN_SENT    SYN_SENT    SYN_SENT
FIN  TIME_WAIT   FIN_WAIT    SYN_SENT    TIME_WAIT   FIN_WAIT    TIME_WAIT   CLOSE       TIME_WAIT
ACK  ESTABLISHED ESTABLISHED SYN_SENT    ESTABLISHED FIN_WAIT    TIME_WAIT   CLOSE       CLOSE_WAIT
RST  CLOSE       CLOSE       SYN_SENT    CLOSE       CLOSE       TIME_WAIT   CLOSE       CLOSE
"""


def _table(text: str) -> dict[tuple[str, str], str]:
    """(event, state) -> next state."""
    header, *rows = (line.split() for line in text.strip().splitlines())
    return {(row[0], state): successor for row in rows for state, successor in zip(header, row[1:], strict=True)}


_FROM_CLIENT_TABLE = _table(_FROM_CLIENT)
_FROM_SERVER_TABLE = _table(_FROM_SERVER)


def event_of(flags: int) -> str | None:
    """The one flag that counts in a packet, None if it has none of the four."""
    for name, bit in (("RST", RST), ("SYN", SYN), ("FIN", FIN), ("ACK", ACK)):
        if flags & bit:
            return name
    return None


def next_state(state: str, flags: int, *, from_server: bool) -> str:
    """State after a packet. One without any flag that counts closes the connection."""
    event = event_of(flags)
    if event is None:
        return "CLOSE"
    return (_FROM_SERVER_TABLE if from_server else _FROM_CLIENT_TABLE)[event, state]
