# SPDX-License-Identifier: Apache-2.0
"""Our VRRP beside FRR's vrrpd on one wire."""

from __future__ import annotations

import subprocess
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from tests.netns.neighbours import OURS, Wire
from tests.netns.side_by_side import side_by_side

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_PROGRAMS: Final = Path("/usr/lib/frr")

pytestmark = pytest.mark.skipif(not (_PROGRAMS / "vrrpd").exists(), reason="the package frr is not installed")

_SCRIPT: Final = """
mount --make-rprivate /
mount -t tmpfs tmpfs /run
mkdir /run/frr
cp @FOLDER/vrrpd.conf /run/frr
: > /run/frr/zebra.conf
chown -R frr:frr /run/frr
common="-P 0 -z /run/frr/zserv --vty_socket /run/frr --log stdout"
@PROGRAMS/zebra -f /run/frr/zebra.conf -i /run/frr/zebra.pid $common & zebra=$!
while [ ! -S /run/frr/zserv ]; do sleep 0.05; done
@PROGRAMS/vrrpd -f /run/frr/vrrpd.conf -i /run/frr/vrrpd.pid $common & vrrpd=$!
trap 'kill $vrrpd; wait $vrrpd; kill $zebra' TERM
wait $vrrpd
wait
"""
_FRR: Final = """
interface vA
 vrrp 51 version @VERSION
 vrrp 51 priority 100
 vrrp 51 advertisement-interval @INTERVAL
 vrrp 51 ip 10.77.0.100
"""
_OURS: Final = """
vrrp_instance VI_1 {
 interface @V
 virtual_router_id 51
 priority @PRIORITY
 version @VERSION
 advert_int @SECONDS
 virtual_ipaddress {
  10.77.0.100
 }
}
"""
SECONDS: Final = {2: 1.0, 3: 0.2}


@contextmanager
def frr(net: Wire, version: int) -> Iterator[subprocess.Popen[bytes]]:
    """FRR on side A with priority 100; its virtual router needs a device of the right hardware address."""
    for words in (
        "link add vrrp4-51 link vA type macvlan mode bridge",
        "link set vrrp4-51 address 00:00:5e:00:01:33",
        "address add 10.77.0.100/24 dev vrrp4-51",
        "link set vrrp4-51 up",
    ):
        net.must("A", "ip", *words.split())
    text = _FRR.replace("@VERSION", str(version)).replace("@INTERVAL", str(int(SECONDS[version] * 1000)))
    (net.folder / "vrrpd.conf").write_text(text, encoding="utf-8")
    script = _SCRIPT.replace("@FOLDER", str(net.folder)).replace("@PROGRAMS", str(_PROGRAMS))
    with (net.folder / "frr.txt").open("wb") as log:
        process = subprocess.Popen(
            ["ip", "netns", "exec", net.netns("A"), "unshare", "--mount", "sh", "-c", script], stdout=log, stderr=log
        )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(10)


def ours(version: int, priority: int) -> str:
    """Our configuration."""
    text = _OURS.replace("@PRIORITY", str(priority)).replace("@VERSION", str(version))
    return text.replace("@SECONDS", f"{SECONDS[version]:g}")


def test_we_follow_frr_until_it_resigns_and_it_gives_way_to_us(tmp_path: Path) -> None:
    """Both versions. It has priority 100, we have 90 or 200."""
    side_by_side(tmp_path, play, [(scene, version) for scene in (follow, lead) for version in SECONDS])


def play(net: Wire, scene: Callable[[Wire, int], None], version: int) -> None:
    """One of the two."""
    scene(net, version)


def follow(net: Wire, version: int) -> None:
    """It has priority 100, we have 90."""
    with frr(net, version):
        net.wait(lambda: bool(net.adverts("A")), "FRR's adverts")
        daemon = net.start("B", OURS, ours(version, 90))
        heard = len(net.adverts("A"))
        net.wait(lambda: len(net.adverts("A")) > heard + 4, "more than a master-down interval of adverts")
        assert net.adverts("B") == []

    net.wait(lambda: net.has("B", "10.77.0.100"), "our takeover")
    assert "(VI_1) Backup received priority 0 advertisement" in daemon.log


def lead(net: Wire, version: int) -> None:
    """It has priority 100, we have 200."""
    with frr(net, version):
        net.wait(lambda: bool(net.adverts("A")), "FRR's adverts")
        net.start("B", OURS, ours(version, 200))
        net.wait(lambda: bool(net.adverts("B")), "our takeover")
        seen = len(net.adverts("B"))
        net.wait(lambda: len(net.adverts("B")) > seen + 3, "our adverts")

        first = net.adverts("B")[0].at

        assert [each for each in net.adverts("A") if each.at > first + SECONDS[version]] == []
