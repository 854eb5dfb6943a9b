# SPDX-License-Identifier: Apache-2.0
"""``xlvs lab capture``: what stands in its files, read by a parser of its own and by tcpdump."""

from __future__ import annotations

import shutil
import signal
import socket
import struct
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import pytest

from tests.netns import modes
from tests.netns.topology import REAL_SERVERS, VIP, Net, built
from tests.netns.traffic import UPLOAD, bulk, transfer, udp_ask, udp_echo
from xlvs.cli.main import main
from xlvs.lab import build
from xlvs.lab.scenes import nat

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_XLVS = [sys.executable, "-c", "import sys; from xlvs.cli.main import main; sys.exit(main())"]
_INBOUND, _OUTBOUND = 1, 2


class Record(NamedTuple):
    """One packet of a file."""

    interface: str
    direction: int
    time_ns: int
    data: bytes
    length: int


def parse_pcapng(content: bytes) -> list[Record]:
    """The packets of a little-endian pcapng file of one section whose stamps are nanoseconds."""
    names, records, at = [], [], 0
    while at < len(content):
        kind, length = struct.unpack_from("<II", content, at)
        assert length % 4 == 0
        assert struct.unpack_from("<I", content, at + length - 4) == (length,)
        body = content[at + 8 : at + length - 4]
        if kind == 0x0A0D0D0A:
            assert struct.unpack_from("<IHH", body) == (0x1A2B3C4D, 1, 0)
        elif kind == 1:
            assert struct.unpack_from("<H", body) == (1,)
            found = options(body[8:])
            assert found[9] == b"\x09"
            names.append(found[2].decode())
        elif kind == 6:
            interface, high, low, kept, whole = struct.unpack_from("<IIIII", body)
            (flags,) = struct.unpack("<I", options(body[20 + (kept + 3) // 4 * 4 :])[2])
            records.append(Record(names[interface], flags & 3, high << 32 | low, body[20 : 20 + kept], whole))
        at += length
    return records


def options(body: bytes) -> dict[int, bytes]:
    """The options of a block by code."""
    found, at = {}, 0
    while at < len(body):
        code, length = struct.unpack_from("<HH", body, at)
        found[code] = body[at + 4 : at + 4 + length]
        at += 4 + (length + 3) // 4 * 4
    return found


@pytest.fixture
def net() -> Iterator[Net]:
    """A lab for one test."""
    with built(nat()) as lab:
        yield lab


@pytest.fixture(scope="module")
def shared() -> Iterator[Net]:
    """A lab for tests that leave it as it was."""
    with built(nat()) as lab:
        yield lab


def balance(net: Net) -> None:
    """Masquerading to both servers."""
    net.ipvsadm(f"-A -t {VIP}:80 -s rr")
    for server in REAL_SERVERS:
        net.ipvsadm(f"-a -t {VIP}:80 -r {server} -m")


@dataclass
class Capture:
    """The command in a process of its own. What it says is there when it has ended."""

    process: subprocess.Popen[bytes]
    output: bytes = b""
    complaint: bytes = b""

    def wait(self) -> None:
        """Until it ends."""
        self.output, self.complaint = self.process.communicate(timeout=10)


@contextmanager
def capturing(net: Net, *words: str) -> Iterator[Capture]:
    """The command, listening; interrupted at the end if it still runs."""
    words = ("lab", "capture", "--lab", net.lab.name, *words)
    with subprocess.Popen([*_XLVS, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        try:
            assert process.stderr
            assert process.stderr.readline().startswith(b"listening")
            capture = Capture(process)
            yield capture
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
                capture.wait()
        finally:
            process.kill()


def addresses(frame: bytes) -> tuple[str, str]:
    """Source and destination of an IPv4 frame."""
    return socket.inet_ntoa(frame[26:30]), socket.inet_ntoa(frame[30:34])


def test_a_request_is_seen_on_both_sides_of_the_director_with_directions_and_true_stamps(
    net: Net, tmp_path: Path
) -> None:
    """SYN in, translated SYN out, and the answers; with names, in one file."""
    balance(net)
    path = tmp_path / "all.pcapng"
    begun = time.time_ns()
    with capturing(net, "director", "-w", str(path), "tcp", "port", "80") as running:
        (page,) = net.client_get()
    ended = time.time_ns()

    records = parse_pcapng(path.read_bytes())
    assert f"{len(records)} packets in".encode() in running.complaint
    syns = [(each.interface, each.direction, *addresses(each.data)) for each in records if each.data[47] & 2]
    assert syns == [
        ("director:ens37", _INBOUND, "192.168.20.1", VIP),
        ("director:ens33", _OUTBOUND, "192.168.20.1", page),
        ("director:ens33", _INBOUND, page, "192.168.20.1"),
        ("director:ens37", _OUTBOUND, VIP, "192.168.20.1"),
    ]
    stamps = [each.time_ns for each in records]
    assert begun < min(stamps) <= max(stamps) < ended
    assert stamps == sorted(stamps)
    assert any(stamp % 1000 for stamp in stamps)


@pytest.mark.parametrize("suffix", ["pcap", "pcapng"])
def test_tcpdump_reads_the_file_and_finds_every_checksum_right(shared: Net, suffix: str, tmp_path: Path) -> None:
    """Checksums that the links leave open are completed, those of large packets too."""
    if not shutil.which("tcpdump"):
        pytest.skip("tcpdump is not installed")
    path = tmp_path / f"x.{suffix}"
    with capturing(shared, "client", "-w", str(path)):
        shared.client_get(3, REAL_SERVERS[0])
        with bulk(shared.lab, "server1", 9000), shared.lab.entered("client"):
            transfer((REAL_SERVERS[0], 9000), 1_000_001, UPLOAD)

    read = subprocess.run(["tcpdump", "-nnvr", str(path)], capture_output=True, text=True, check=True).stdout
    assert read.count("(correct)") > 30
    assert "incorrect" not in read
    assert any(each.length > 1514 for each in parse_pcapng(path.read_bytes())) if suffix == "pcapng" else True


def test_packets_that_xdp_takes_on_the_director_are_seen(net: Net, tmp_path: Path) -> None:
    """Its own interfaces show them to nobody."""
    balance(net)
    modes.attach(net, "xdp")
    net.client_get(2)
    path = tmp_path / "x"
    with capturing(net, "director", "-w", str(path), "tcp", "dst", "port", "80"):
        assert net.client_get() != []

    seen = [(each.interface, each.direction) for each in parse_pcapng(path.read_bytes())]
    assert seen.count(("director:ens37", _INBOUND)) == seen.count(("director:ens33", _OUTBOUND)) >= 4


def test_lines_on_the_screen_and_an_end_by_count(shared: Net) -> None:
    """One line a packet."""
    with capturing(shared, "client", "--count", "3", "tcp", "dst", "port", "80") as running:
        shared.client_get(url=REAL_SERVERS[0])
        running.wait()

    lines = running.output.decode().splitlines()
    assert [line.split()[1:4] for line in lines] == [["client:eth0", "out", "tcp"]] * 3
    assert lines[0].split(" ", 2)[2].strip().endswith("192.168.10.133:80 SYN, 0 bytes")
    assert b"3 packets in" in running.complaint
    assert running.process.returncode == 0


def test_a_switch_shows_each_packet_once(shared: Net, tmp_path: Path) -> None:
    """By the port it came in by."""
    path = tmp_path / "x"
    with capturing(shared, "inside", "-w", str(path), "tcp"):
        shared.client_get(url=REAL_SERVERS[0])

    syns = [each.interface for each in parse_pcapng(path.read_bytes()) if each.data[47] & 0x12 == 2]
    assert syns == ["inside:director"]


def test_a_capture_goes_to_a_pipe_and_keeps_beginnings(shared: Net) -> None:
    """As Wireshark reads it; the length of the whole is kept."""
    with capturing(shared, "client", "-w", "-", "--snaplen", "60", "--for", "1s", "tcp") as running:
        shared.client_get(url=REAL_SERVERS[0])
        running.wait()

    records = parse_pcapng(running.output)
    assert {len(each.data) for each in records} == {60}
    assert max(each.length for each in records) > 100


def test_a_reader_that_leaves_ends_it_quietly(shared: Net) -> None:
    """Wireshark was closed."""
    with capturing(shared, "client", "-w", "-") as running:
        assert running.process.stdout
        running.process.stdout.close()
        running.process.stdout = None
        shared.client_get(2, REAL_SERVERS[0])
        running.wait()

    assert b"Traceback" not in running.complaint
    assert b"rror" not in running.complaint


def test_a_node_sees_what_a_fault_leaves_of_what_it_gets_and_all_that_it_sends(net: Net, tmp_path: Path) -> None:
    """The fault is on the wire, beyond the node's own end; what it holds is seen once."""
    assert main(["lab", "fault", "link", "--lab", net.lab.name, "server1", "--delay", "5ms"]) == 0
    loss = ("server2", "--loss", "100%", "--direction", "in", "--filter", "udp")
    assert main(["lab", "fault", "link", "--lab", net.lab.name, *loss]) == 0
    path = tmp_path / "x"
    with (
        udp_echo(net.lab, "server1", 7, prefix=b""),
        capturing(net, "server1", "server2", "-w", str(path), "udp", "port", "7"),
        net.lab.entered("client"),
    ):
        for server in reversed(REAL_SERVERS):
            with suppress(TimeoutError):
                udp_ask((server, 7), b"x", timeout_s=1)

    assert [(each.interface, each.direction) for each in parse_pcapng(path.read_bytes())] == [
        ("server1:ens33", _INBOUND),
        ("server1:ens33", _OUTBOUND),
    ]


def test_it_ends_with_its_lab(net: Net, tmp_path: Path) -> None:
    """And keeps no network of the lab alive."""
    with capturing(net, "client", "-w", str(tmp_path / "x")) as running:
        build.down(net.lab.name)
        running.wait()

    assert running.process.returncode == 0
    assert b"the lab is gone" in running.complaint


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["nobody"], "there is no node nobody (nodes: client director server1 server2 inside)"),
        (["client:eth9"], "client has no interface eth9"),
        (["client", "tcp", "prot", "80"], "'prot' is no word of a filter"),
        (["client", "-w", "/nowhere/x"], "cannot write /nowhere/x: No such file or directory"),
    ],
)
def test_mistakes_are_explained(
    shared: Net, words: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """One sentence that says what there is."""
    assert main(["lab", "capture", "--lab", shared.lab.name, *words]) == 1

    assert complaint in capsys.readouterr().err
