# SPDX-License-Identifier: Apache-2.0
"""The director in plain Python, written to be read: what every packet path is held against.

`Director` has the tables' configuring calls (`tables.py`) and one call per packet (`director.py`). Time is a tick number
that the caller passes in, and nothing else comes from outside, so that a run can be repeated exactly. What it does was
measured on the kernel's IPVS; each rule that is easily got wrong has a scene in `tests/oracle/scenes`.

Left to the caller: what a machine does with packets that are not the director's (PASS), how a packet comes by its mark,
what a tunnel's packet looks like, fragments, ICMP errors, MTU.
"""

from tests.reference.connections import Connection
from tests.reference.destinations import LiveDestination
from tests.reference.director import Director
from tests.reference.outcome import Outcome, Reason, Verdict

__all__ = ["Connection", "Director", "LiveDestination", "Outcome", "Reason", "Verdict"]
