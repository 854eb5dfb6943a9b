# SPDX-License-Identifier: Apache-2.0
"""keepalived.data, .stats and .json of the same configurations: ours, and the real Keepalived's in the same minute.

Masked are times, descriptors, interface numbers, what only its build has, and how often was sent until the signal came.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.netns.neighbours import KEEPALIVED, OURS, REAL, Wire, wire

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.skipif(not Path(KEEPALIVED).exists(), reason="the package keepalived is not installed")

NAMES = ("keepalived.data", "keepalived.stats", "keepalived.json", "keepalived_parent.data")
QUICK = "version 3\nadvert_int 0.1\n"
MASKS = (
    (re.compile(r"\d{10}\.\d{1,6}( \([^)]*\))?"), "TIME"),
    (re.compile(r"fd_(in|out)( =)? -?\d+"), r"fd_\1 N"),
    (re.compile(r"(Sent|advert_sent\"): ?\d+"), r"\1 N"),
    (re.compile(r"   index = \d+"), "   index = N"),
    (re.compile(r"MAC = (?!00:00:5e)[0-9a-f:]{17}"), "MAC = M"),
    (re.compile(r"^ (libnftnl|nftables [tbd]).*\n", re.MULTILINE), ""),
    (re.compile(r"^   (Not IPv6 forwarding|Reset|Original|rp_filter).*\n", re.MULTILINE), ""),
    (re.compile(r" nftable_set"), ""),
)

PLAIN = f"""
vrrp_instance V {{
 interface vA
 virtual_router_id 51
 priority 150
 {QUICK}
 virtual_ipaddress {{
  10.77.0.100/24 brd 10.77.0.255 label vA:v
  10.77.0.101 scope link no_track
 }}
 virtual_ipaddress_excluded {{
  10.77.0.102/32
  fd00::5/64 preferred_lft 0
 }}
 virtual_routes {{
  10.98.0.0/24 via 10.77.0.9 dev vA src 10.77.0.100
  blackhole 10.97.0.0/24
 }}
 notify_master "/bin/true m" root
 notify_backup "/bin/true b"
 notify_fault "/bin/true f"
 notify_stop "/bin/true s"
 notify "/bin/true 'any thing'"
 notify_master_rx_lower_pri /bin/true
 notify_deleted
 smtp_alert
 garp_master_delay 3
 garp_master_refresh 60
 garp_lower_prio_repeat 2
}}
"""
TRACKS = f"""
global_defs {{
 router_id R
 notification_email {{
  a@example.org
 }}
 notification_email_from k@example.org
 smtp_server 10.77.0.9 26
 smtp_helo_name helo
 smtp_alert
 enable_script_security
 script_user root
 vrrp_notify_priority_changes
 log_unknown_vrids
}}
vrrp_script chk {{
 script "/bin/true a 'b c'"
 interval 1
 weight 10
 rise 2
 fall 3
}}
vrrp_script bad {{
 script /bin/false
 interval 1
 weight -3 reverse
}}
track_file tf {{
 file /run/place/tf
 weight 2
 init_file 3
}}
vrrp_sync_group G {{
 group {{
  A
  B
 }}
 notify_master "/bin/true m"
 track_script {{
  chk weight 7
 }}
}}
vrrp_instance A {{
 interface vA
 virtual_router_id 52
 {QUICK}
 nopreempt
 virtual_ipaddress {{
  10.77.0.110
 }}
 track_script {{
  chk
 }}
}}
vrrp_instance B {{
 interface vA
 virtual_router_id 53
 {QUICK}
 dont_track_primary
 skip_check_adv_addr
 unicast_src_ip 10.77.0.1
 unicast_peer {{
  10.77.0.2
  10.77.0.3 min_ttl 250 max_ttl 254
 }}
 virtual_ipaddress {{
  10.77.0.111
 }}
}}
vrrp_instance C {{
 interface vA
 virtual_router_id 54
 {QUICK}
 virtual_ipaddress {{
  10.77.0.112
 }}
 track_interface {{
  lo weight 3 reverse
 }}
 track_script {{
  chk
  bad
 }}
 track_file {{
  tf weight 3
 }}
}}
"""
KINDS = f"""
vrrp_instance V6 {{
 interface vA
 virtual_router_id 6
 state MASTER
 priority 255
 advert_int 0.25
 virtual_ipaddress {{
  fe80::66
  fd00::66/64
 }}
}}
vrrp_instance M {{
 interface vA
 virtual_router_id 7
 {QUICK}
 preempt_delay 10
 use_vmac
 virtual_ipaddress {{
  10.77.0.120/24
 }}
}}
vrrp_instance F {{
 interface vA
 virtual_router_id 8
 priority 99
 higher_prio_send_advert
 lower_prio_no_advert
 virtual_ipaddress {{
  10.77.0.130
 }}
 track_interface {{
  down0
 }}
}}
vrrp_instance P {{
 interface vA
 virtual_router_id 9
 state MASTER
 priority 255
 version 2
 down_timer_adverts 5
 authentication {{
  auth_type PASS
  auth_pass secret
 }}
 virtual_ipaddress {{
  10.77.0.131
 }}
}}
vrrp_instance S {{
 interface vA
 virtual_router_id 10
 {QUICK}
 strict_mode on
 virtual_ipaddress {{
  10.77.0.132
 }}
}}
"""
_PROJECT = Path(__file__).resolve().parents[2]
_RUN = "import sys; from xlvs.cli.main import main; sys.exit(main())"
_LIFE = """
mount --make-rprivate /
mount -t tmpfs tmpfs /run
mkdir /run/place
mount --bind $dir /run/place
exec 9<$project
mount -t tmpfs tmpfs /tmp
case $project in /tmp/*) mkdir -p $project; mount --no-canonicalize --bind /proc/self/fd/9 $project ;; esac
exec 9<&-
dir=/run/place
trap 'kill $daemon; wait $daemon' EXIT
"$@" -n -l -D -G -P -f $dir/conf >$dir/log 2>&1 & daemon=$!
await() { for i in $(seq 600); do eval "$1" && return; sleep 0.05; done; cat $dir/log; exit 1; }
await '[ "$(grep -c "setting VIPs" $dir/log)" -ge $masters ]'
await 'grep -q "Startup complete" $dir/log'
sleep 1.2
kill -USR1 $daemon
kill -USR2 $daemon
kill -36 $daemon
await '[ -s /tmp/keepalived.data ] && [ -s /tmp/keepalived.stats ] && [ -s /tmp/keepalived.json ] &&
  [ -s /tmp/keepalived_parent.data ]'
sleep 0.1
cp /tmp/keepalived* $dir
"""


@pytest.fixture
def net(tmp_path: Path) -> Iterator[Wire]:
    """Two hosts."""
    with wire(tmp_path) as made:
        made.must("A", "ip", "link", "add", "down0", "type", "veth", "peer", "name", "down1")
        yield made


def dumps(net: Wire, kind: str, text: str, masters: int) -> dict[str, list[str]]:
    """What a daemon of a kind writes a second after so many routers are masters, masked."""
    folder = net.folder / kind
    folder.mkdir()
    (folder / "conf").write_text(text)
    program = [KEEPALIVED] if kind == REAL else [sys.executable, "-c", _RUN, "keepalived"]
    script = f"dir={folder} masters={masters} project={_PROJECT}\n{_LIFE}"
    command = ["ip", "netns", "exec", net.netns("A"), "unshare", "--mount", "sh", "-c", script, "sh", *program]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode in {0, 143}, done.stdout + done.stderr
    return {name: masked((folder / name).read_text()) for name in NAMES}


def masked(text: str) -> list[str]:
    """Lines without what cannot be the same; JSON a member a line."""
    text = text.replace(',"', ',\n"')
    for pattern, instead in MASKS:
        text = pattern.sub(instead, text)
    return text.splitlines()


@pytest.mark.parametrize(("text", "masters"), [(PLAIN, 1), (TRACKS, 3), (KINDS, 4)], ids=["plain", "tracks", "kinds"])
def test_dumps_are_the_originals(net: Wire, text: str, masters: int) -> None:
    """Line by line."""
    real, ours = (dumps(net, kind, text, masters) for kind in (REAL, OURS))
    for name in NAMES:
        assert ours[name] == real[name], name
