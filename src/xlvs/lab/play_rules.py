# SPDX-License-Identifier: Apache-2.0
"""The table itself: services and destinations added, edited, deleted, saved and restored, with no packet on its way."""

from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING, Final

from xlvs.lab import scenes
from xlvs.lab.errors import LabError
from xlvs.lab.play import expect

if TYPE_CHECKING:
    from xlvs.lab.play import Scene

TITLE: Final = "Rules: section 1.4 of «LVS/IPVS与Keepalived在云原生环境中的深度学习与实践», command by command"

_FIRST, _SECOND = f"{scenes.TUNNEL_VIP}:80", "192.168.8.15:80"
_WRITTEN: Final = ("192.168.8.16", "192.168.16", "192.168")
# What the text prints, blanks aside.
_THREE: Final = f"""
TCP {_FIRST} wlc
-> 192.0.0.168:80 Route 1 0 0
-> 192.168.0.16:80 Route 1 0 0
-> 192.168.8.16:80 Route 1 0 0
"""
_SIX: Final = f"""
TCP {_FIRST} wlc
-> 192.0.0.168:80 Route 1 0 0
-> 192.168.0.16:80 Route 1 0 0
-> 192.168.8.15:80 Route 1 0 0
-> 192.168.8.15:88 Masq 1 0 0
-> 192.168.8.15:89 Masq 3 0 0
-> 192.168.8.16:80 Route 1 0 0
"""
_SAVED: Final = """
-A -t {0} -s wlc
-a -t {0} -r 192.0.0.168:{1} -g -w 1
-a -t {0} -r 192.168.0.16:{1} -g -w 1
-a -t {0} -r 192.168.8.16:{1} -g -w 1
"""


def play(scene: Scene) -> None:
    """The text's order: clusters, their hosts, rules, marks."""
    _clusters(scene)
    _hosts(scene)
    _edit_hosts(scene)
    _rules(scene)
    _marks(scene)


def _clusters(scene: Scene) -> None:
    scene.say("1.4.1 clusters: two are added, edited, deleted")
    for service in (_FIRST, _SECOND):
        scene.type(f"ipvsadm -A -t {service}")
    _listed(scene, f"TCP {_FIRST} wlc\nTCP {_SECOND} wlc")
    scene.type(f"ipvsadm -E -t {_SECOND} -s lc")
    scene.type(f"ipvsadm -E -t {_FIRST} -p 30")
    _listed(scene, f"TCP {_FIRST} wlc persistent 30\nTCP {_SECOND} lc")
    for service in (_FIRST, _SECOND):
        scene.type(f"ipvsadm -D -t {service}")
    scene.type("ipvsadm -C")
    _listed(scene, "")


def _hosts(scene: Scene) -> None:
    scene.say("1.4.2 hosts: -r 192.168.16 is 192.168.0.16, -r 192.168 is 192.0.0.168")
    _add_three(scene)
    _listed(scene, _THREE)
    view = scene.type("xlvs proc read /proc/net/ip_vs")
    expect("TCP  C0A8080E:0050 wlc" in view, "the view lacks the service")
    scene.type("xlvs proc read /proc/net/ip_vs_conn")


def _edit_hosts(scene: Scene) -> None:
    scene.say("without -m a host keeps the port of its service, whatever is written: :88 is 80 first, then 88")
    for words in (":88", ":88 -m", ":89 -m -w 3"):
        scene.type(f"ipvsadm -a -t {_FIRST} -r 192.168.8.15{words}")
    _listed(scene, _SIX)
    for written in ("192.168.8.15:89", *_WRITTEN):
        scene.type(f"ipvsadm -d -t {_FIRST} -r {written}")
    scene.say("-e edits one that is there")
    scene.type(f"ipvsadm -e -t {_FIRST} -r 192.168.8.15:88 -m -w 2")
    _listed(scene, f"TCP {_FIRST} wlc\n-> 192.168.8.15:80 Route 1 0 0\n-> 192.168.8.15:88 Masq 2 0 0")


def _rules(scene: Scene) -> None:
    scene.say("1.4.3 rules: shown, saved with numbers and with names, cleared, restored")
    scene.type("ipvsadm -C")
    _add_three(scene)
    numbers, names = _SAVED.format(_FIRST, 80), _SAVED.format("lvs-server:http", "http")
    _printed(scene, "ipvsadm -Sn", numbers)
    for options, file, wanted in ((" -n", "n-ipvsadm", numbers), ("", "non-ipvsadm", names)):
        scene.type(f"ipvsadm-save{options} > {scene.file(file)}")
        _printed(scene, f"cat {scene.file(file)}", wanted)
    scene.type("ipvsadm -C")
    _listed(scene, "")
    scene.type(f"ipvsadm-restore < {scene.file('n-ipvsadm')}")
    _listed(scene, _THREE)
    scene.type(f"ipvsadm -D -t {_FIRST}")
    said = scene.type_in_vain(f"ipvsadm -D -t {_SECOND}")
    expect("No such service" in said, f"the second -D was refused for another reason: {said}")
    for service, host in ((_SECOND, "192.168.8.17"), (_FIRST, "192.168.8.18")):
        scene.type(f"ipvsadm -A -t {service}")
        scene.type(f"ipvsadm -a -t {service} -r {host}")


def _marks(scene: Scene) -> None:
    scene.say("1.4.4 marks: as printed the packets are rewritten, but nothing marks them; the scene `marks` does")
    scene.type("ipvsadm -C")
    if not shutil.which("iptables"):
        raise LabError("the scene needs the command `iptables`", "install the package iptables")
    for port in (80, 8080):
        scene.type(f"iptables -t nat -A PREROUTING -p tcp --dport {port} -j DNAT --to-destination {_FIRST}")
    scene.type("ipvsadm -A -f 1 -s wlc")
    scene.type("ipvsadm -a -f 1 -r 192.168.8.15 -g")
    _listed(scene, "FWM 1 wlc\n-> 192.168.8.15:0 Route 1 0 0")


def _add_three(scene: Scene) -> None:
    scene.type(f"ipvsadm -A -t {_FIRST}")
    for written in _WRITTEN:
        scene.type(f"ipvsadm -a -t {_FIRST} -r {written}")


def _listed(scene: Scene, wanted: str) -> None:
    """List the table; below its head there has to be what the text prints."""
    listing = _plain(scene.type("ipvsadm -Ln")).splitlines()[3:]
    expect(listing == wanted.strip().splitlines(), f"the listing is not that of the text: {wanted}")


def _printed(scene: Scene, command: str, wanted: str) -> None:
    expect(_plain(scene.type(command)).strip() == wanted.strip(), f"`{command}` does not print what the text does")


def _plain(text: str) -> str:
    """Without the blanks of its columns."""
    return "\n".join(re.sub(r" +", " ", line).strip() for line in text.splitlines())
