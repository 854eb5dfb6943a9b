# SPDX-License-Identifier: Apache-2.0
"""BFD sessions in what people and programs look at: keepalived.data, `status`, mails."""

from __future__ import annotations

import pytest

from tests.unit.keepalived.effects import Made
from tests.unit.keepalived.test_status_report import NOW, PART, facts
from xlvs.keepalived.dumps import session_dump
from xlvs.keepalived.routers.session_tracking import TrackedSessions
from xlvs.keepalived.status_report import is_well, report

TRACKING = """
bfd_instance p {
 neighbor_ip 10.77.0.2
 weight 10 reverse
}
bfd_instance q {
 neighbor_ip 10.77.0.3
}
vrrp_instance VI_1 {
 interface vA
 virtual_router_id 51
 virtual_ipaddress {
  10.77.0.100
 }
 track_bfd {
  p
  q weight 0 reverse
 }
}
vrrp_instance VI_2 {
 interface vA
 virtual_router_id 52
 virtual_ipaddress {
  10.77.0.102
 }
}
vrrp_instance VI_3 {
 interface vA
 virtual_router_id 53
 virtual_ipaddress {
  10.77.0.103
 }
}
vrrp_sync_group G {
 group {
  VI_2
  VI_3
 }
 track_bfd {
  p weight 3
  q
 }
}
"""
# What Keepalived 2.2.7 writes about these, p being up.
SECTION = """\
------< VRRP Track BFDs >------
 VRRP Track BFD = p
   Weight = 10 reverse
   Bfd is up
   Tracking VRRP instances :
   Tracking instances :
     VI_1, weight 10 reverse
     VI_2, weight 3 reverse
     VI_3, weight 3 reverse
 VRRP Track BFD = q
   Weight = 0
   Bfd is down
   Tracking VRRP instances :
   Tracking instances :
     VI_1, weight 0 reverse
     VI_2, weight 0
     VI_3, weight 0"""


def test_dump_shows_what_is_tracked_by_whom() -> None:
    """In the original's layout."""
    plan = Made(TRACKING).plan
    sessions = TrackedSessions(plan.sessions, {"p": True})
    assert "\n".join(session_dump.section(plan, sessions)) == SECTION
    assert session_dump.tracked(plan.instances[0].tracks.sessions, sessions) == [
        "   Tracked BFDs :",
        "     p: weight 10 reverse",
        "     q: weight 0 reverse",
    ]
    assert session_dump.tracked(plan.instances[1].tracks.sessions, sessions) == []


SESSION = {
    "name": "peer",
    "neighbor": "192.0.2.7",
    "up": True,
    "state": "Up",
    "since": NOW - 65,
    "diagnostic": "No Diagnostic",
    "detection_ms": 150.0,
}
DOWN = {"up": False, "state": "Down", "diagnostic": "Control Detection Time Expired"}


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({}, "  peer  Up for 1 min 5 s, neighbor 192.0.2.7, lost after 150 ms of silence"),
        (DOWN, "  peer  Down for 1 min 5 s, neighbor 192.0.2.7: Control Detection Time Expired"),
        ({"up": False, "state": "Init"}, "  peer  Init for 1 min 5 s, neighbor 192.0.2.7"),
    ],
)
def test_status_shows_sessions_and_counts_them(change: dict[str, object], line: str) -> None:
    """One that is not up is not well."""
    found = facts()
    found["parts"]["bfd"] = dict(PART)
    found["bfd"] = {"sessions": [SESSION | change]}
    assert line in list(report(found, NOW, colour=False))
    assert is_well(found) == (not change)
