# SPDX-License-Identifier: Apache-2.0
"""TCP connection states, by what the director sees of a connection, and timeouts.

Scenes `tcp-states-nat` (both directions), `traffic-dr-answers` (the client alone, then both), `traffic-secure-tcp`.
"""

from __future__ import annotations

from tests.reference.views import View

FIN, SYN, RST, PSH, ACK, URG = 0x01, 0x02, 0x04, 0x08, 0x10, 0x20

ACTIVE_STATES = frozenset({"ESTABLISHED", "SYN_SENT", "SYN_RECV", "SYNACK"})

# What --set does not change, in seconds; NONE is never seen by anybody.
FIXED_TIMEOUTS_S = {
    "NONE": 2,
    "SYN_SENT": 120,
    "SYN_RECV": 60,
    "TIME_WAIT": 120,
    "CLOSE": 10,
    "CLOSE_WAIT": 60,
    "SYNACK": 120,
}

_STATES = """
     NONE        ESTABLISHED SYN_SENT    SYN_RECV    FIN_WAIT    TIME_WAIT   CLOSE       CLOSE_WAIT  SYNACK
"""

_FROM_CLIENT = """
SYN  SYN_RECV    ESTABLISHED ESTABLISHED SYN_RECV    SYN_RECV    SYN_RECV    SYN_RECV    SYN_RECV    SYN_RECV
FIN  CLOSE       CLOSE_WAIT  SYN_SENT    TIME_WAIT   TIME_WAIT   TIME_WAIT   CLOSE       CLOSE_WAIT  TIME_WAIT
ACK  ESTABLISHED ESTABLISHED SYN_SENT    ESTABLISHED FIN_WAIT    TIME_WAIT   CLOSE       CLOSE_WAIT  ESTABLISHED
RST  CLOSE       CLOSE       CLOSE       SYN_RECV    CLOSE       CLOSE       CLOSE       CLOSE       SYN_RECV
"""

_FROM_SERVER = """
SYN  SYN_SENT    ESTABLISHED SYN_SENT    SYN_RECV    SYN_SENT    SYN_SENT    SYN_SENT    SYN_SENT    SYN_RECV
FIN  TIME_WAIT   FIN_WAIT    SYN_SENT    TIME_WAIT   FIN_WAIT    TIME_WAIT   CLOSE       TIME_WAIT   TIME_WAIT
ACK  ESTABLISHED ESTABLISHED SYN_SENT    ESTABLISHED FIN_WAIT    TIME_WAIT   CLOSE       CLOSE_WAIT  ESTABLISHED
RST  CLOSE       CLOSE       SYN_SENT    CLOSE       CLOSE       TIME_WAIT   CLOSE       CLOSE       CLOSE
"""

_Table = dict[tuple[str, str], str]


def _table(text: str) -> _Table:
    """(event, state) -> next state."""
    rows = (line.split() for line in text.strip().splitlines())
    return {
        (row[0], state): successor for row in rows for state, successor in zip(_STATES.split(), row[1:], strict=True)
    }


# Where answers go another way a FIN is the only sign of the end, and a connection that the client closed is over.
_CLIENT_ALONE = {("FIN", "ESTABLISHED"): "FIN_WAIT", ("FIN", "FIN_WAIT"): "FIN_WAIT", ("RST", "SYNACK"): "CLOSE"}

# With secure_tcp the client's word alone brings nobody into ESTABLISHED, where the server is heard as well; where it is
# not, a SYN that begins a connection anew is not believed.
_SECURE_CLIENT = {
    ("SYN", "SYNACK"): "SYNACK",
    ("FIN", "SYNACK"): "SYNACK",
    ("ACK", "SYN_RECV"): "SYN_RECV",
    ("ACK", "SYNACK"): "SYNACK",
    ("RST", "SYNACK"): "CLOSE",
}
_SECURE_SERVER = {("SYN", "SYN_RECV"): "SYNACK", ("SYN", "SYNACK"): "SYNACK"}
_SECURE_CLIENT_ALONE = {
    ("SYN", state): "SYNACK" for state in ("NONE", "FIN_WAIT", "TIME_WAIT", "CLOSE", "CLOSE_WAIT", "SYNACK")
}

_CLIENT_TABLE, _SERVER_TABLE = _table(_FROM_CLIENT), _table(_FROM_SERVER)
_CLIENT_ALONE_TABLE = _CLIENT_TABLE | _CLIENT_ALONE
_TABLES: dict[tuple[View, bool], _Table] = {
    (View.CLIENT, False): _CLIENT_TABLE,
    (View.SERVER, False): _SERVER_TABLE,
    (View.CLIENT_ALONE, False): _CLIENT_ALONE_TABLE,
    (View.CLIENT, True): _CLIENT_TABLE | _SECURE_CLIENT,
    (View.SERVER, True): _SERVER_TABLE | _SECURE_SERVER,
    (View.CLIENT_ALONE, True): _CLIENT_ALONE_TABLE | _SECURE_CLIENT_ALONE,
}


def event_of(flags: int) -> str | None:
    """The one flag that counts in a packet, None if it has none of the four."""
    for name, bit in (("RST", RST), ("SYN", SYN), ("FIN", FIN), ("ACK", ACK)):
        if flags & bit:
            return name
    return None


def next_state(state: str, flags: int, view: View, *, secure: bool = False) -> str:
    """State after a packet. One without any flag that counts closes the connection."""
    event = event_of(flags)
    return "CLOSE" if event is None else _TABLES[view, secure][event, state]
