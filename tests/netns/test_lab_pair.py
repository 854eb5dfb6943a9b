# SPDX-License-Identifier: Apache-2.0
"""The scenes with two directors play through; their machines are as good as apart."""

from __future__ import annotations

import re
import secrets
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.netns.topology import built
from xlvs.lab import build, state
from xlvs.lab.errors import LabError
from xlvs.lab.lab import environment
from xlvs.lab.scenes_pair import keepalived
from xlvs.linux import namespace

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def name() -> Iterator[str]:
    """A lab's name that nobody uses; the lab is removed afterwards."""
    chosen = f"t{secrets.token_hex(4)}"
    yield chosen
    build.down(chosen)


def test_checks_of_pages_with_a_sorry_server(name: str) -> None:
    """The text's three virtual servers: digests, a wrong page, nobody left, the backup's turn."""
    command = ["xlvs", "lab", "checks", "--quick", "--name", name]
    played = subprocess.run(command, env=environment(), capture_output=True, text=True, check=False, timeout=300)

    assert played.returncode == 0, played.stdout + played.stderr
    text = re.sub(r" +$", "", played.stdout, flags=re.MULTILINE)
    for part in (
        "error: lbKind is not a keyword; it is read as lvs_method",
        "error: HTTPᐈET is not a keyword; it is read as HTTP_GET",
        "HTTP_CHECK on service [192.168.200.5]:tcp:1358 failed",
        "TCP  192.168.200.100:443 rr persistent 50\n  -> 192.168.201.100:443          Masq    1 ",
        "TCP  10.10.10.2:1358 rr persistent 50\n  -> 192.168.200.200:1358         Masq    1 ",
        "Adding sorry server [192.168.200.200]:tcp:1358 to VS [10.10.10.2]:tcp:1358",
        "\nsorry\nsorry\nsorry\n",
        "Removing sorry server [192.168.200.200]:tcp:1358 from VS [10.10.10.2]:tcp:1358",
    ):
        assert part in text
    assert [entry for entry in namespace.names() if entry.startswith(f"xlvs-{name}-")] == []
    assert list(state.DIRECTORY.glob(f"{name}.*")) == []


def test_each_director_has_a_run_directory_and_tables_of_its_own() -> None:
    """PID files and pins of one are not seen by the other, nor by the host."""
    with built(keepalived()) as net:
        name = net.lab.name
        for node in ("director1", "director2"):
            assert net.must(node, "sh", "-c", "ls /run; echo here > /run/keepalived.pid") == "keepalived.conf\nxlvs\n"
        net.must("director1", "ipvsadm", "-A", "-t", "192.168.100.40:80")

        assert "192.168.100.40:80" not in net.must("director2", "ipvsadm", "-L", "-n")
        assert "192.168.100.40:80" in net.must("director1", "ipvsadm", "-L", "-n")
        assert (state.run_directory(name, "director1") / "keepalived.pid").read_text() == "here\n"
    assert list(state.DIRECTORY.glob(f"{name}.*")) == []


def test_web_servers_stop_and_start() -> None:
    """As those behind a check do."""
    with built(keepalived()) as net:
        url = "192.168.100.41:6443"
        assert net.client_get(url=url) == ["192.168.100.41"]
        build.stop_servers(net.lab, "server1")
        with pytest.raises(LabError, match=r"no page from .*Connection refused"):
            net.client_get(url=url)
        with pytest.raises(LabError, match="no web server runs on server1"):
            build.stop_servers(net.lab, "server1")
        build.start_servers(net.lab, "server1")
        assert net.client_get(url=url) == ["192.168.100.41"]
        with pytest.raises(LabError, match="is running"):
            build.start_servers(net.lab, "server1")
        with pytest.raises(LabError, match="client has no web server"):
            build.start_servers(net.lab, "client")
